/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/appliance.h"
#include "image/guest.h"
#include "vm/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* spoil IMAGE KEY: puts into an image of a Debian what no golden image may have, a thing for each
 * of five assertions of the verify stage.  KEY: a private host key, with KEY.pub beside it. */

#define SWAP_BYTES (1 << 20)

static const char failing_unit[] = "[Unit]\nDescription=Fails\n[Service]\nType=oneshot\n"
                                   "ExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n";

static void must(gboolean good, const char *what, const GError *error)
{
    if (good)
        return;
    fprintf(stderr, "spoil: cannot %s: %s\n", what, error ? error->message : "");
    exit(1);
}

static char *read_text(const char *path)
{
    char *text = NULL;
    must(g_file_get_contents(path, &text, NULL, NULL), path, NULL);
    return text;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    must(argc == 3, "go on: usage: spoil IMAGE KEY", NULL);
    g_autofree char *public_path = g_strconcat(argv[2], ".pub", NULL);
    g_autofree char *key = read_text(argv[2]), *public_key = read_text(public_path);
    g_autofree char *rule = g_strdup_printf("# ATTR{address}==\"%s\"\n", vm_macs()[0]);
    const struct guest_file files[] = {
        {"/etc/machine-id", 0444, "0123456789abcdef0123456789abcdef\n"},
        {"/etc/ssh/ssh_host_ed25519_key", 0600, key},
        {"/etc/ssh/ssh_host_ed25519_key.pub", 0644, public_key},
        {"/etc/udev/rules.d/70-persistent-net.rules", 0644, rule},
        {"/etc/systemd/system/fails.service", 0644, failing_unit},
        {"/etc/systemd/system/multi-user.target.wants/fails.service", S_IFLNK,
         "/etc/systemd/system/fails.service"},
        {"/etc/systemd/system/swapfile.swap", 0644, "[Swap]\nWhat=/swapfile\n"},
        {"/etc/systemd/system/swap.target.wants/swapfile.swap", S_IFLNK,
         "/etc/systemd/system/swapfile.swap"},
        {NULL, 0, NULL}};
    g_autoptr(image_file) own = image_own(argv[1]);
    const struct guest_spec spec = {.image = own, .force_tcg = TRUE};
    g_autoptr(guest) g = guest_open(&spec, NULL, NULL, &error);
    must(g != NULL, "open the image", error);
    must(guest_inspect(g, &error), "inspect the image", error);
    must(guest_put_files(g, files, &error), "write", error);
    must(guestfs_fallocate64(g->appliance->h, "/swapfile", SWAP_BYTES) == 0 &&
             guestfs_chmod(g->appliance->h, 0600, "/swapfile") == 0 &&
             guestfs_mkswap_file(g->appliance->h, "/swapfile") == 0,
         "make a swap file", NULL);
    must(guest_shutdown(g, &error), "close the image", error);
    return 0;
}
