/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include "base/spawn.h"

#include <glib/gstdio.h>
#include <string.h>

/* What `ingot render --into` writes, from a medium that is a directory of this host. */

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-byhand");
}

static char *put(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static const os_installer *packageless(void)
{
    const os_installer *const *i = os_installers();
    while ((*i)->packages)
        i++;
    return *i;
}

static plan whole_plan(const char *medium)
{
    plan p = sample_plan();
    struct os_file *f = g_new0(struct os_file, 1);
    p.installer = packageless();
    p.media = (struct media_spec){.kind = MEDIA_LOCAL,
                                  .path = (char *)medium,
                                  .kernel_glob = (char *)"vmlinuz",
                                  .initrd_glob = (char *)"initrd.gz"};
    p.vm.name = p.name;
    p.vm.accel.option = (char *)"tcg";
    p.vm.accel.cpu = (char *)"max";
    p.vm.memory = 1 << 30;
    p.disk_size = 64 << 20;
    f->path = (char *)"etc/answers.cfg";
    f->mode = 0644;
    f->data = g_bytes_new_static("d-i", 3);
    p.files = g_ptr_array_new();
    g_ptr_array_add(p.files, f);
    return p;
}

static void plan_done(plan *p)
{
    struct os_file *f = g_ptr_array_index(p->files, 0);
    g_bytes_unref(f->data);
    g_free(f);
    g_ptr_array_unref(p->files);
}

static char *read_in(const char *dir, const char *name, gsize *length)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    return files_read(path, 1 << 20, length, NULL);
}

static void writes_everything(void **state)
{
    (void)state;
    gsize length = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *medium = g_build_filename(folder, "medium", NULL);
    g_autofree char *dir = g_build_filename(folder, "machine", NULL);
    assert_int_equal(g_mkdir(medium, 0700), 0);
    g_autofree char *kernel = put("medium/vmlinuz", "a kernel");
    g_autofree char *initrd = put("medium/initrd.gz", "an initrd");
    plan p = whole_plan(medium);
    gboolean good = build_write_by_hand(&p, dir, NULL, NULL, &error);
    assert_no_error(error);
    assert_true(good);
    g_autofree char *booted = read_in(dir, "kernel", NULL);
    g_autofree char *first = read_in(dir, "initrd", &length);
    g_autofree char *answers = read_in(dir, "etc_answers.cfg", NULL);
    g_autofree char *disk = read_in(dir, "web.qcow2", NULL);
    g_autofree char *script = read_in(dir, "qemu.sh", NULL);
    g_autofree char *same = build_script_by_hand(&p);
    assert_string_equal(booted, "a kernel");
    assert_true(length > strlen("an initrd"));
    assert_memory_equal(first, "an initrd", strlen("an initrd"));
    assert_string_equal(answers, "d-i");
    assert_true(g_str_has_prefix(disk, "QFI\xfb"));
    assert_string_equal(script, same);
    g_autofree char *path = g_build_filename(dir, "qemu.sh", NULL);
    const char *const argv[] = {"sh", "-n", path, NULL};
    assert_true(spawn_run(argv, NULL, NULL, NULL));
    plan_done(&p);
}

/* Without media nothing is begun. */
static void without_media(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_build_filename(folder, "nothing", NULL);
    plan p = whole_plan("/no/such/medium");
    assert_false(build_write_by_hand(&p, dir, NULL, NULL, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "/no/such/medium");
    assert_false(g_file_test(dir, G_FILE_TEST_EXISTS));
    plan_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(writes_everything),
                                       cmocka_unit_test(without_media)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
