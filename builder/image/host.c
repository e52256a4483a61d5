/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why libguestfs does not start.  Its own message is mostly "supermin exited with error status 1",
 * so the usual causes are looked for here: it builds its appliance from the host's kernel
 * (supermin(1), guestfs(3) "APPLIANCE"). */
#include "image/appliance.h"

#include "base/error.h"
#include "base/spawn.h"
#include "base/text.h"
#include "vm/vm.h"

#include <glob.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define APPLIANCE_ROOM (512ull << 20) /* bytes: root, kernel and initrd, unpacked, and some air */

static gboolean has_program(const char *path, const char *name)
{
    g_auto(GStrv) folders = g_strsplit(path ? path : "", ":", -1);
    for (char **folder = folders; *folder; folder++) {
        g_autofree char *file = g_build_filename(*folder, name, NULL);
        if (g_file_test(file, G_FILE_TEST_IS_EXECUTABLE))
            return TRUE;
    }
    return FALSE;
}

static char **kernels_in(const char *boot_dir)
{
    g_autofree char *pattern = g_build_filename(boot_dir, "vmlinuz-*", NULL);
    glob_t found = {0};
    char **list =
        glob(pattern, 0, NULL, &found) == 0 ? g_strdupv(found.gl_pathv) : g_new0(char *, 1);
    globfree(&found);
    return list;
}

static gboolean host_has_modules(const char *modules_dir, const char *kernel)
{
    const char *version = strstr(kernel, "vmlinuz-") + strlen("vmlinuz-");
    g_autofree char *modules = g_build_filename(modules_dir, version, NULL);
    return g_file_test(modules, G_FILE_TEST_IS_DIR);
}

static char *kernel_problem(const char *boot_dir, const char *modules_dir, char **remedy)
{
    g_auto(GStrv) kernels = kernels_in(boot_dir);
    const char *closed = NULL, *bare = NULL;
    for (char **kernel = kernels; *kernel; kernel++) {
        gboolean readable = access(*kernel, R_OK) == 0,
                 modules = host_has_modules(modules_dir, *kernel);
        if (readable && modules)
            return NULL;
        closed = readable ? closed : *kernel;
        bare = readable ? *kernel : bare;
    }
    if (closed) {
        *remedy = g_strdup_printf("make it readable: sudo dpkg-statoverride --update --add root "
                                  "root 0644 %s (on hosts without dpkg: sudo chmod 0644), or run "
                                  "this as root",
                                  closed);
        return g_strdup_printf("the kernel %s is not readable by this user", closed);
    }
    *remedy = g_strdup("install a kernel package (it need not be the running kernel): "
                       "linux-image-cloud-amd64 on Debian, linux-image-kvm on Ubuntu, kernel-core "
                       "on Fedora");
    return bare ? g_strdup_printf("the kernel %s has no modules in %s", bare, modules_dir)
                : g_strdup_printf("there is no kernel in %s", boot_dir);
}

char *host_problem_in(const char *boot_dir, const char *modules_dir, const char *program_path,
                      char **remedy)
{
    if (!has_program(program_path, "supermin")) {
        *remedy = g_strdup("install the package supermin");
        return g_strdup("the program supermin is not installed");
    }
    return kernel_problem(boot_dir, modules_dir, remedy);
}

char *guest_host_problem(char **remedy)
{
    return host_problem_in("/boot", "/lib/modules", g_getenv("PATH"), remedy);
}

static char *host_space_problem(const char *folder, char **remedy)
{
    struct statvfs info;
    if (statvfs(folder, &info) != 0 || (guint64)info.f_bavail * info.f_frsize >= APPLIANCE_ROOM)
        return NULL;
    *remedy = g_strdup("free some space there, or set LIBGUESTFS_CACHEDIR to another folder");
    g_autofree char *need = text_size(APPLIANCE_ROOM);
    return g_strdup_printf("%s has less than %s free", folder, need);
}

static char *find_problem(guest *g, char **remedy)
{
    g_autofree char *cache = guestfs_get_cachedir(g->appliance->h);
    g_autofree char *qemu = guestfs_get_hv(g->appliance->h);
    if (qemu && access(qemu, X_OK) != 0) {
        *remedy = g_strdup("install the package qemu-system-x86, or set LIBGUESTFS_HV");
        return g_strdup_printf("%s is missing", qemu);
    }
    char *problem = guest_host_problem(remedy);
    return problem ? problem : host_space_problem(cache ? cache : "/var/tmp", remedy);
}

/* QEMU refuses an image only after the appliance is made, and libguestfs does not pass on why. */
static gboolean image_is_bad(guest *g, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(g->appliance->disk, NULL);
    const char *const argv[] = {"qemu-img", "info", "-U", "-f", VM_DISK_FORMAT, path, NULL};
    const struct spawn_options options = {.cancel = g->cancel};
    g_autoptr(GError) local = NULL;
    if (spawn_run(argv, &options, NULL, &local) ||
        !g_error_matches(local, INGOT_ERROR, INGOT_EXIT_HOST) ||
        !has_program(g_getenv("PATH"), *argv))
        return FALSE;
    g_autofree char *said = ingot_error_text(local);
    ingot_set_error(error, INGOT_EXIT_SEAL, "give a qcow2 image; qemu-img convert makes one",
                    "QEMU cannot open %s as " VM_DISK_FORMAT ": %s", g->name, said);
    return TRUE;
}

void appliance_explain_launch(guest *g, const char *said, GError **error)
{
    g_autofree char *last =
        text_printable(g->appliance->messages->str, (gssize)g->appliance->messages->len);
    progress_detail(g->p, "libguestfs's last message: %s", g_strstrip(last));
    if (image_is_bad(g, error))
        return;
    g_autofree char *remedy = NULL;
    g_autofree char *problem = find_problem(g, &remedy);
    g_autofree char *clean = text_printable(said ? said : "", -1);
    if (problem)
        ingot_set_error(error, INGOT_EXIT_HOST, remedy, "libguestfs cannot start: %s", problem);
    else
        ingot_set_error(error, INGOT_EXIT_HOST,
                        "run this again with -v and LIBGUESTFS_DEBUG=1 in the environment, or run "
                        "libguestfs-test-tool, to see the appliance's messages",
                        "libguestfs cannot start: %s", clean);
}
