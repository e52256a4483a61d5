/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "base/spawn.h"

#include <gio/gio.h>
#include <string.h>

/* A stranger's image that names a file of this host, given to each command that opens images. */

#define PRECIOUS "precious, and not an image\n"

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-untrusted");
}

static void make_images(void)
{
    static const char *const images[][6] = {
        {"fs.qcow2", "64M"},
        {"-o", "data_file=victim,backing_file=fs.qcow2,backing_fmt=qcow2", "evil.qcow2", "64M"},
        {"-o", "backing_file=victim,backing_fmt=raw", "leak.qcow2"}};
    const struct spawn_options options = {.directory = folder};
    g_autofree char *victim = g_build_filename(folder, "victim", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(images); i++) {
        g_autoptr(GError) error = NULL;
        const char *argv[12] = {"qemu-img", "create", "-q", "-f", "qcow2"};
        memcpy(argv + 5, images[i], sizeof images[i]);
        assert_true(spawn_run(argv, &options, NULL, &error));
        assert_no_error(error);
        /* qemu-img has made the file; what matters to its owner is what an attack would change. */
        assert_true(g_file_set_contents(victim, PRECIOUS, -1, NULL));
    }
}

static void assert_refused(const char *const *args, const char *says)
{
    g_autofree char *err = NULL, *text = NULL;
    g_autofree char *victim = g_build_filename(folder, "victim", NULL);
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    const char *argv[8] = {g_getenv("INGOT_TEST_PROGRAM")};
    for (gsize i = 0; args[i]; i++)
        argv[i + 1] = args[i];
    g_subprocess_launcher_set_cwd(launcher, folder);
    g_subprocess_launcher_setenv(launcher, "INGOT_CACHE", folder, TRUE);
    g_autoptr(GSubprocess) child = g_subprocess_launcher_spawnv(launcher, argv, NULL);
    assert_non_null(child);
    assert_true(g_subprocess_communicate_utf8(child, NULL, NULL, NULL, &err, NULL));
    if (g_subprocess_get_exit_status(child) != INGOT_EXIT_SEAL || !strstr(err, says))
        fail_msg("%s: ended with %d:\n%s", args[0], g_subprocess_get_exit_status(child), err);
    assert_true(g_file_get_contents(victim, &text, NULL, NULL));
    assert_string_equal(text, PRECIOUS);
}

#define REFUSED(says, ...) assert_refused((const char *const[]){__VA_ARGS__, NULL}, says)

static void refused(void **state)
{
    static const char *const commands[] = {"sysprep", "inspect", "verify"};
    (void)state;
    make_images();
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        REFUSED("backing file victim", commands[i], "leak.qcow2");
        REFUSED("keeps its data in another file, victim", commands[i], "evil.qcow2");
        REFUSED("keeps its data in another file", commands[i], "--trust-chain", "evil.qcow2");
    }
    REFUSED("backing file", "sysprep", "--dry-run", "leak.qcow2");
    REFUSED("backing file", "sysprep", "--copy", "out.qcow2", "leak.qcow2");
    REFUSED("backing file", "diff", "leak.qcow2", "fs.qcow2");
    REFUSED("another file", "diff", "fs.qcow2", "evil.qcow2");
    g_autofree char *out = g_build_filename(folder, "out.qcow2", NULL);
    assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
}

static void put(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* A guest writes what it likes into its raw disk: here, a header that names a file of this host.
 * Neither a name nor a manifest has it opened as what it has made of itself. */
static void raw_disk_of_a_guest(void **state)
{
    static const char *const commands[] = {"sysprep", "inspect", "verify"};
    static const char manifest[] =
        "{\"outputs\": [{\"format\": \"raw\", \"files\": [{\"file\": \"guest.raw\"}]}]}";
    const struct spawn_options options = {.directory = folder};
    const char *const copy[] = {"cp", "leak.qcow2", "guest.raw", NULL};
    (void)state;
    make_images();
    assert_true(spawn_run(copy, &options, NULL, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        REFUSED("only its name says", commands[i], "guest.raw");
    put("guest.json", manifest);
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        REFUSED("begins as a qcow2 image", commands[i], "guest.raw");
    REFUSED("begins as a qcow2 image", "diff", "guest.raw", "guest.raw");
    REFUSED("backing file victim", "inspect", "--image-format", "qcow2", "guest.raw");
    put("plain.raw", "a raw disk\n");
    REFUSED("is not a qcow2 image", "diff", "fs.qcow2", "--image-format", "qcow2", "plain.raw");
    REFUSED("keeps its data", "diff", "--image-format", "raw,qcow2", "plain.raw", "evil.qcow2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(refused),
                                       cmocka_unit_test(raw_disk_of_a_guest)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
