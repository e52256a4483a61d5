/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seal of a tree: no libguestfs.  tests/image/test_backends.c compares it with that of an
 * image. */
#include "../folder.h"
#include "../rootfs/tree_support.h"

#include "base/gpt.h"
#include "rootfs/layout.h"
#include "sysprep/sysprep.h"

#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#define UUID   "5f0c0de0-1111-4222-8333-444455556666"
#define SECRET "correct-horse-battery"

static const struct {
    const char *path, *text;
} system_files[] = {
    {"/etc/os-release", "PRETTY_NAME=\"Debian 13\"\nID=debian\nVERSION_ID=\"13\"\n"},
    {"/etc/debian_version", "13.1\n"},
    {"/etc/hostname", "golden\n"},
    {"/etc/fstab", "UUID=" UUID " / ext4 errors=remount-ro 0 1\n"},
    {"/etc/shadow", "root:!:20000:0:99999:7:::\n"},
    {"/etc/machine-id", "0123456789abcdef0123456789abcdef\n"},
    {"/etc/ssh/ssh_host_rsa_key", "PRIVATE\n"},
    {"/usr/lib/systemd/systemd", ""},
    {"/usr/sbin/sshd", ""},
    {"/var/log/syslog", "x\n"},
    {"/var/log/syslog.1", "x\n"},
    {"/var/lib/dpkg/status",
     "Package: vim\nStatus: install ok installed\nArchitecture: amd64\nVersion: 9\n\n"
     "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.22\n\n"},
};

struct sealed {
    tree *files;
    struct rootfs_layout layout;
    struct guest_tree_spec in;
    struct sysprep_spec spec;
};

static void sealed_clear(struct sealed *s)
{
    tree_close(s->files);
}
#define SEALED __attribute__((cleanup(sealed_clear))) struct sealed

static void put_text(tree *t, const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *directory = g_path_get_dirname(path);
    assert_true(tree_mkdirs(t, directory, &error));
    tree_text(t, path, text);
}

static void begin(struct sealed *s)
{
    *s = (struct sealed){.layout = {.size = 1 << 30, .uuid = UUID}};
    s->files = tree_new();
    s->in = (struct guest_tree_spec){s->files, "the tree", folder, &s->layout};
    for (gsize i = 0; i < G_N_ELEMENTS(system_files); i++)
        put_text(s->files, system_files[i].path, system_files[i].text);
}

/* Owned by the caller; *error gets the failure. */
static guest_facts *seal(struct sealed *s, progress *p, GError **error)
{
    guest_facts *facts = NULL;
    gboolean good = sysprep_tree(&s->spec, &s->in, p, NULL, &facts, error);
    assert_int_equal(good, facts != NULL);
    return facts;
}

static void seals(void **state)
{
    SEALED s;
    g_autoptr(GError) error = NULL;
    (void)state;
    begin(&s);
    g_autoptr(guest_facts) facts = seal(&s, NULL, &error);
    assert_no_error(error);
    assert_string_equal(facts->product, "Debian 13");
    assert_string_equal(facts->arch, "x86_64");
    assert_string_equal(facts->root_device, "/dev/sda1");
    assert_string_equal(facts->root_filesystem, "ext4");
    assert_int_equal(facts->disk_size, 1 << 30);
    assert_true(facts->root_used > 0 && facts->root_used < 1 << 20);
    assert_int_equal(facts->packages->len, 2);
    assert_true(facts->systemd);
    assert_true(facts->changes->len > 4);
    assert_tree_text(s.files, "/etc/machine-id", "");
    assert_tree_text(s.files, "/var/log/syslog", "");
    assert_int_equal(tree_look(s.files, "/var/log/syslog.1").mode, 0);
    assert_int_equal(tree_look(s.files, "/etc/ssh/ssh_host_rsa_key").mode, 0);
    assert_string_equal(s.layout.uuid, UUID);
}

/* Those of an image, but for the launch. */
static void phases(void **state)
{
    SEALED s;
    static const char *const wanted[] = {"inspect", "operations", "policy", "trim"};
    g_autoptr(timeline) t = timeline_new(NULL, NULL);
    g_autoptr(progress) p = progress_new(PROGRESS_TEXT, PROGRESS_SILENT, stderr, NULL);
    (void)state;
    begin(&s);
    progress_follow(p, t);
    progress_stage(p, "seal");
    g_autoptr(guest_facts) facts = seal(&s, p, NULL);
    assert_non_null(facts);
    progress_stage_end(p, TRUE, FALSE);
    json_t *all = timeline_to_json(t), *seen = json_object_get(all, "phases");
    assert_int_equal(json_array_size(seen), G_N_ELEMENTS(wanted));
    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(seen, i), "phase")),
                            wanted[i]);
    json_decref(all);
    progress_follow(p, NULL);
}

static void policy_fails(void **state)
{
    static const char *const texts[] = {SECRET, NULL}, *const packages[] = {"emacs", NULL};
    SEALED s;
    g_autoptr(GError) error = NULL;
    (void)state;
    begin(&s);
    put_text(s.files, "/etc/left.conf", "pw=" SECRET "\n");
    s.spec.wanted = (struct inspect_spec){.forbidden_texts = texts, .required_packages = packages};
    g_autoptr(guest_facts) facts = seal(&s, NULL, &error);
    assert_error_says(error, INGOT_EXIT_POLICY, "the tree breaks the policy");
    assert_error_says(error, INGOT_EXIT_POLICY, "/etc/left.conf");
    assert_error_says(error, INGOT_EXIT_POLICY, "emacs");
    assert_null(strstr(error->message, SECRET));
}

/* The UUID that the file system will have is what /etc/fstab must name. */
static void policy_knows_the_uuid(void **state)
{
    SEALED s;
    g_autoptr(GError) error = NULL;
    (void)state;
    begin(&s);
    s.layout.uuid[0] = '6';
    g_autoptr(guest_facts) facts = seal(&s, NULL, &error);
    assert_error_says(error, INGOT_EXIT_POLICY, "fstab");
}

static void renews_the_uuid(void **state)
{
    static const char *const names[] = {"fs-uuids", "lvm-uuids", NULL};
    SEALED s;
    g_autoptr(GError) error = NULL;
    (void)state;
    begin(&s);
    s.spec.operations = names;
    s.spec.no_policy = TRUE;
    g_autoptr(guest_facts) facts = seal(&s, NULL, &error);
    assert_no_error(error);
    assert_string_not_equal(s.layout.uuid, UUID);
    g_autofree char *fstab =
        g_strdup_printf("UUID=%s / ext4 errors=remount-ro 0 1\n", s.layout.uuid);
    assert_tree_text(s.files, "/etc/fstab", fstab);
    assert_int_equal(facts->operations->len, 2);
    assert_int_equal(facts->changes->len, 2);
}

static void describes_the_disk(void **state)
{
    SEALED s;
    g_autoptr(GError) error = NULL;
    (void)state;
    begin(&s);
    s.layout.efi = TRUE;
    g_autoptr(guest) g = guest_open_tree(&s.in, NULL, NULL);
    assert_true(guest_inspect(g, &error));
    g_autofree char *table = guest_partition_table(g), *esp = guest_filesystem_type(g, "/dev/sda1");
    g_autofree char *uuid = guest_filesystem_uuid(g, "/dev/sda2"),
                    *none = guest_filesystem_type(g, "/dev/sda3");
    g_autoptr(GPtrArray) partitions = guest_partitions(g, &error);
    assert_string_equal(table, "gpt");
    assert_string_equal(esp, "vfat");
    assert_string_equal(uuid, UUID);
    assert_null(none);
    assert_string_equal(g->facts->root_device, "/dev/sda2");
    assert_int_equal(partitions->len, 2);
    const struct guest_partition *first = g_ptr_array_index(partitions, 0);
    assert_string_equal(first->gpt_type, GPT_ESP);
    assert_int_equal(first->mbr_type, -1);
}

static void only_debian(void **state)
{
    SEALED s;
    g_autoptr(GError) error = NULL;
    (void)state;
    begin(&s);
    assert_true(tree_unlink(s.files, "/etc/debian_version", FALSE, &error));
    g_autoptr(guest_facts) facts = seal(&s, NULL, &error);
    assert_error_says(error, INGOT_EXIT_SEAL, "there is no Debian in the tree");
}

static void runs_no_programs(void **state)
{
    static const char *const packages[] = {"vim", NULL};
    static const struct sysprep_customise customise = {.packages = packages};
    SEALED s;
    g_autoptr(GError) error = NULL;
    (void)state;
    begin(&s);
    s.spec.customise = &customise;
    g_autoptr(guest_facts) facts = seal(&s, NULL, &error);
    assert_error_says(error, INGOT_EXIT_SEAL, "programs of it cannot be run");
}

static void names_what_failed(void **state)
{
    static const struct guest_file files[] = {{"/etc/hostname/x", 0644, "x"}, {NULL, 0, NULL}};
    SEALED s;
    g_autoptr(GError) error = NULL;
    (void)state;
    begin(&s);
    s.spec.files = files;
    g_autoptr(guest_facts) facts = seal(&s, NULL, &error);
    assert_error_says(error, INGOT_EXIT_SEAL,
                      "cannot make space for /etc/hostname/x in the guest: Not a directory");
}

static void is_cancelled(void **state)
{
    SEALED s;
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    guest_facts *facts = NULL;
    (void)state;
    begin(&s);
    g_cancellable_cancel(cancel);
    assert_false(sysprep_tree(&s.spec, &s.in, NULL, cancel, &facts, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

static gboolean read_nothing(int fd, gpointer data, GError **error)
{
    (void)fd;
    (void)data;
    ingot_set_error(error, INGOT_EXIT_SEAL, NULL, "that is enough");
    return FALSE;
}

/* There may be terabytes: the stream ends when nobody reads it, and the tree goes on serving. */
static void a_reader_that_stops(void **state)
{
    SEALED s;
    g_autoptr(GError) error = NULL;
    (void)state;
    begin(&s);
    g_autofree char *large = g_strnfill(4 << 20, 'x');
    put_text(s.files, "/srv/large", large);
    g_autoptr(guest) g = guest_open_tree(&s.in, NULL, NULL);
    assert_false(guest_stream_tar(g, "/srv", NULL, read_nothing, NULL, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "that is enough");
    assert_int_equal(strcmp(error->message, "that is enough"), 0);
    assert_tree_text(s.files, "/etc/hostname", "golden\n");
}

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-seal") || trees_begin("ingot-seal-trees");
}

static int teardown(void **state)
{
    return trees_end(state) || folder_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seals),
        cmocka_unit_test(phases),
        cmocka_unit_test(policy_fails),
        cmocka_unit_test(policy_knows_the_uuid),
        cmocka_unit_test(renews_the_uuid),
        cmocka_unit_test(describes_the_disk),
        cmocka_unit_test(only_debian),
        cmocka_unit_test(runs_no_programs),
        cmocka_unit_test(names_what_failed),
        cmocka_unit_test(is_cancelled),
        cmocka_unit_test(a_reader_that_stops),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
