/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the seal does to guests of other families: all disks are made in one launch, sealed one
 * after another, and looked at in one launch. */
#include "../unit/test.h"

#include "base/error.h"
#include "base/files.h"
#include "families.h"
#include "sysprep/sysprep.h"

#include <gio/gio.h>
#include <string.h>

#define MAX_FAMILIES  8
#define GRUBENV_BYTES 1024

struct fixture {
    char *folder;
    char *images[MAX_FAMILIES + 1]; /* in the order of families */
    guestfs_h *h;                   /* all of them, sealed */
};

/* GRUB's block is filled up to its size. */
static char *content(const struct family_file *file, const char *text)
{
    g_autoptr(GString) all = g_string_new(text);
    while (g_str_has_suffix(file->path, "/grubenv") && all->len < GRUBENV_BYTES)
        g_string_append_c(all, '#');
    return g_strdup(all->str);
}

static void fill(guestfs_h *h, const struct family *family, const char *disk)
{
    g_autoptr(GArray) entries = g_array_new(TRUE, TRUE, sizeof(struct phony_entry));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (const struct family_file *file = family->files; file->path; file++) {
        if (!file->before)
            continue;
        g_ptr_array_add(texts, content(file, file->before));
        struct phony_entry entry = {file->path, 0640, g_ptr_array_index(texts, texts->len - 1)};
        g_array_append_val(entries, entry);
    }
    phony_system(h, disk, (const struct phony_entry *)(gconstpointer)entries->data);
}

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    guint n = 0;
    f->folder = g_dir_make_tmp("ingot-families-XXXXXX", NULL);
    for (; families[n].name; n++)
        f->images[n] = g_strdup_printf("%s/%s.qcow2", f->folder, families[n].name);
    guestfs_h *h = phony_appliance(f->images, TRUE);
    for (guint i = 0; i < n; i++) {
        g_autofree char *disk = g_strdup_printf("/dev/sd%c", 'a' + (int)i);
        fill(h, &families[i], disk);
    }
    phony_appliance_end(h);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    if (f->h)
        phony_appliance_end(f->h);
    files_remove_tree(f->folder);
    g_free(f->folder);
    for (char **image = f->images; *image; image++)
        g_free(*image);
    g_free(f);
    return 0;
}

static gboolean has_run(const guest_facts *facts, const char *operation)
{
    for (guint i = 0; i < facts->operations->len; i++)
        if (strcmp(g_ptr_array_index(facts->operations, i), operation) == 0)
            return TRUE;
    return FALSE;
}

static void all_are_sealed(void **state)
{
    struct fixture *f = *state;
    for (guint i = 0; families[i].name; i++) {
        g_autoptr(image_file) own = image_own(f->images[i]);
        const struct sysprep_spec spec = {
            .open.image = own, .open.force_tcg = TRUE, .no_policy = TRUE, .no_trim = TRUE};
        g_autoptr(GError) error = NULL;
        g_autoptr(guest_facts) facts = NULL;
        if (!sysprep_image(&spec, NULL, NULL, &facts, &error))
            fail_msg("%s: %s", families[i].name, error->message);
        assert_string_equal(facts->distro, families[i].distro);
        assert_int_equal(has_run(facts, "rpm-db"), strcmp(families[i].format, "rpm") == 0);
        assert_int_equal(has_run(facts, "net-hostname"), has_run(facts, "rpm-db"));
    }
}

static guint check_file(guestfs_h *h, const struct family *family, const struct family_file *file)
{
    g_autofree char *path = g_strconcat("/", file->path, NULL);
    g_autofree char *expected = file->after ? content(file, file->after) : NULL;
    g_autofree char *found = guestfs_exists(h, path) == 1 ? guestfs_cat(h, path) : NULL;
    if (g_strcmp0(expected, found) == 0)
        return 0;
    print_error("%s: %s: %s has '%s', not '%s'\n", family->name,
                file->operation ? file->operation : "base", path, found ? found : "(nothing)",
                expected ? expected : "(nothing)");
    return 1;
}

/* Everything that differs is told before the test fails. */
static void each_file_is_as_it_should_be(void **state)
{
    struct fixture *f = *state;
    guint wrong = 0;
    f->h = phony_appliance(f->images, FALSE);
    for (guint i = 0; families[i].name; i++) {
        g_autofree char *device = g_strdup_printf("/dev/sd%c1", 'a' + (int)i);
        assert_int_equal(guestfs_mount_ro(f->h, device, "/"), 0);
        for (const struct family_file *file = families[i].files; file->path; file++)
            wrong += check_file(f->h, &families[i], file);
        assert_int_equal(guestfs_umount_all(f->h), 0);
    }
    assert_int_equal(wrong, 0);
}

/* Found out before anything boots, and not by waiting for a probe that nobody starts. */
static void clones_need_systemd(void **state)
{
    const struct fixture *f = *state;
    guint i = 0;
    while (families[i].name && strcmp(families[i].name, "alpine") != 0)
        i++;
    assert_non_null(families[i].name);
    g_autofree char *err = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_subprocess_launcher_setenv(launcher, "INGOT_CACHE", f->folder, TRUE);
    g_autoptr(GSubprocess) child = g_subprocess_launcher_spawn(
        launcher, &error, g_getenv("INGOT_TEST_PROGRAM"), "verify", f->images[i], NULL);
    assert_no_error(error);
    assert_true(g_subprocess_communicate_utf8(child, NULL, NULL, NULL, &err, &error));
    assert_int_equal(g_subprocess_get_exit_status(child), INGOT_EXIT_VERIFY);
    assert_non_null(strstr(err, "has no systemd"));
}

/* The names in the tables are those of records. */
static void operations_are_known(void **state)
{
    (void)state;
    for (const struct family *family = families; family->name; family++)
        for (const struct family_file *file = family->files; file->path; file++)
            if (file->operation && !sysprep_operation_find(file->operation))
                fail_msg("%s: there is no operation %s", family->name, file->operation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_known), cmocka_unit_test(all_are_sealed),
        cmocka_unit_test(clones_need_systemd), cmocka_unit_test(each_file_is_as_it_should_be)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
