/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

gboolean image_check(const char *path, GError **error)
{
    static const char magic[] = {'Q', 'F', 'I', '\xfb'}; /* qcow2.txt, "Header" */
    char begin[sizeof magic] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    gboolean is_one = fd >= 0 && read(fd, begin, sizeof begin) == sizeof begin &&
                      memcmp(begin, magic, sizeof magic) == 0;
    if (fd < 0)
        ingot_set_error(error, INGOT_EXIT_SEAL, "check the path, and that this user may read it",
                        "cannot open the image %s: %s", path, g_strerror(errno));
    else if (!is_one)
        ingot_set_error(error, INGOT_EXIT_SEAL, "give a qcow2 image; qemu-img convert makes one",
                        "%s is no qcow2 image", path);
    if (fd >= 0)
        close(fd);
    return is_one;
}

gboolean image_named(const struct call *c, GError **error)
{
    if (!c->args[0])
        ingot_set_error(error, INGOT_EXIT_USAGE, "--help says more", "there is no IMAGE");
    return c->args[0] != NULL;
}

gboolean image_probe(struct call *c, gboolean *force_tcg, GError **error)
{
    struct vm_accel accel = {0};
    struct utsname host;
    g_autofree char *cache = call_cache_dir(c);
    uname(&host);
    if (!vm_accel_probe(host.machine, cache, FALSE, c->cancel, &accel, error))
        return FALSE;
    *force_tcg = !accel.kvm;
    vm_accel_clear(&accel);
    return TRUE;
}
