/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Appliances that do not come back: a host without room, an appliance that hangs, no time left. */
#include "../unit/test.h"

#include "base/error.h"
#include "base/files.h"
#include "sysprep/sysprep.h"
#include "phony.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define PAYLOAD (30u << 20)

static const struct phony_entry system_entries[] = {
    {"etc/os-release", 0644, "PRETTY_NAME=\"Debian 13\"\nID=debian\nVERSION_ID=\"13\"\n"},
    {"etc/debian_version", 0644, "13.1\n"},
    {"etc/fstab", 0644, "UUID=1 / ext4 x 0 1\n"},
    {"etc/passwd", 0644, "root:x:0:0::/root:/bin/sh\n"},
    {"bin", 0755, NULL},
    {"root", 0700, NULL},
    {"tmp", 01777, NULL},
    {"var/lib/dpkg/status", 0644,
     "Package: base-files\nStatus: install ok installed\nArchitecture: amd64\nVersion: 13\n\n"},
    {NULL, 0, NULL}};

struct fixture {
    char *folder, *image, *work;
};

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->folder = g_dir_make_tmp("ingot-limits-XXXXXX", NULL);
    f->image = g_build_filename(f->folder, "image.qcow2", NULL);
    f->work = g_build_filename(f->folder, "cache", "work", NULL);
    g_autofree char *cache = g_path_get_dirname(f->work);
    g_setenv("INGOT_CACHE", cache, TRUE);
    char *images[] = {f->image, NULL};
    guestfs_h *h = phony_appliance(images, TRUE);
    phony_system(h, "/dev/sda", system_entries);
    phony_appliance_end(h);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    files_remove_tree(f->folder);
    g_free(f->folder);
    g_free(f->image);
    g_free(f->work);
    g_free(f);
    return 0;
}

static guint entries(const char *path)
{
    guint n = 0;
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    while (dir && g_dir_read_name(dir))
        n++;
    return n;
}

/* ---- a host without room ---- */

static char *payload(const struct fixture *f, const char *name)
{
    char *path = g_build_filename(f->folder, name, NULL);
    g_autofree char *bytes = g_malloc(PAYLOAD);
    for (gsize i = 0; i < PAYLOAD; i++) /* that nothing takes for a hole */
        bytes[i] = (char)(i * 2654435761u >> 13 | 1);
    assert_true(g_file_set_contents(path, bytes, PAYLOAD, NULL));
    return path;
}

static gboolean mount_small(const struct fixture *f, char **small)
{
    *small = g_build_filename(f->folder, "small", NULL);
    assert_int_equal(g_mkdir(*small, 0700), 0);
    if (mount("tmpfs", *small, "tmpfs", 0, "size=42m") == 0)
        return TRUE;
    print_message("# SKIP a small file system needs root: %s\n", g_strerror(errno));
    return FALSE;
}

static char *put_image(const struct fixture *f, const char *folder)
{
    g_autofree char *data = NULL;
    gsize length = 0;
    char *path = g_build_filename(folder, "image.qcow2", NULL);
    assert_true(g_file_get_contents(f->image, &data, &length, NULL));
    assert_true(g_file_set_contents(path, data, (gssize)length, NULL));
    return path;
}

/* With the cache in the small file system, where all changes go first: it ends within seconds, and
 * what was made for it goes. */
static void sysprep_host_full(void **state)
{
    struct fixture *f = *state;
    g_autofree char *small = NULL;
    if (!mount_small(f, &small))
        skip();
    g_autofree char *image = put_image(f, small);
    g_autofree char *one = payload(f, "one");
    g_autofree char *other = payload(f, "other");
    g_autofree char *first = g_strconcat(one, ":/root", NULL);
    g_autofree char *second = g_strconcat(other, ":/root", NULL);
    const char *const argv[] = {g_getenv("INGOT_TEST_PROGRAM"),
                                "sysprep",
                                "--copy-in",
                                first,
                                "--copy-in",
                                second,
                                image,
                                NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *cache = g_build_filename(small, "cache", NULL);
    g_autofree char *scratch = g_build_filename(cache, "work", NULL);
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_subprocess_launcher_setenv(launcher, "INGOT_CACHE", cache, TRUE);
    g_autoptr(GSubprocess) child = g_subprocess_launcher_spawnv(launcher, argv, &error);
    g_autofree char *said = NULL;
    gint64 began = g_get_monotonic_time();
    assert_no_error(error);
    assert_true(g_subprocess_communicate_utf8(child, NULL, NULL, NULL, &said, NULL));
    gint64 seconds = (g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    if (g_subprocess_get_exit_status(child) != INGOT_EXIT_HOST ||
        !strstr(said, "the host's disk is full: the file system of") || !strstr(said, small))
        fail_msg("ended with %d: %s", g_subprocess_get_exit_status(child), said);
    print_message("# ended after %d s\n", (int)seconds);
    assert_true(seconds < 120);
    assert_int_equal(entries(small), 2);
    assert_int_equal(entries(scratch), 0);
    assert_int_equal(umount2(small, MNT_DETACH), 0);
}

/* ---- an appliance that hangs, or that takes too long ---- */

static double stop_appliance(const char *stage, const char *phase, gpointer user)
{
    const char *when = user;
    (void)stage;
    g_auto(GStrv) children = watch_children(gettid());
    for (char **pid = children; phase && strcmp(phase, when) == 0 && *pid; pid++)
        kill((pid_t)g_ascii_strtoll(*pid, NULL, 10), SIGSTOP);
    return -1;
}

static void seal(const struct fixture *f, struct watch_limits limits, const char *stop_in,
                 GError **error)
{
    g_autoptr(image_file) own = image_own(f->image);
    const struct sysprep_spec spec = {
        .open.image = own, .open.force_tcg = TRUE, .open.read_only = TRUE, .open.limits = limits};
    g_autoptr(timeline) t = timeline_new(stop_appliance, (gpointer)stop_in);
    g_autoptr(progress) p = progress_new(PROGRESS_TEXT, PROGRESS_QUIET, stderr, NULL);
    guest_facts *facts = NULL;
    progress_follow(p, t);
    progress_stage(p, "seal");
    assert_false(sysprep_image(&spec, p, NULL, &facts, error));
}

static void stopped(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    gint64 began = g_get_monotonic_time();
    /* Not so little that a launch on a busy host could be meant. */
    seal(f, (struct watch_limits){.still = 10}, "operations", &error);
    assert_error_says(error, INGOT_EXIT_SEAL, "it made no progress for 10.0 s");
    assert_error_says(error, INGOT_EXIT_SEAL, f->image);
    assert_error_says(error, INGOT_EXIT_SEAL, "installer-leavings: the appliance was stopped in ");
    assert_true(g_get_monotonic_time() - began < 120 * G_USEC_PER_SEC);
    assert_int_equal(entries(f->work), 0);
}

static void late(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    seal(f, (struct watch_limits){.total = 0.5}, "none", &error);
    assert_error_says(error, INGOT_EXIT_SEAL, "stopped in launch of ");
    assert_error_says(error, INGOT_EXIT_SEAL, "it exceeded its limit of 0.5 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sysprep_host_full),
                                       cmocka_unit_test(stopped), cmocka_unit_test(late)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
