/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One phony machine as an image in an appliance and as a tree: whatever is asked of the one and of
 * the other, or done to them, comes out the same. */
#include "../unit/folder.h"
#include "../unit/rootfs/tree_support.h"

#include "inspect/policy.h"
#include "inspect/snapshot.h"
#include "phony.h"
#include "rootfs/layout.h"
#include "sysprep/customise.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a hostile or a strange guest has where files are expected. */
static const struct phony_entry strange[] = {
    {"etc/netplan/pipe.yaml", 0644, "|"},
    {"etc/netplan/dir.yaml", 0755, NULL},
    {"etc/netplan/loop.yaml", 0777, "-> loop.yaml"},
    {"etc/netplan/out.yaml", 0777, "-> ../../../../../../etc/netplan/50-cloud-init.yaml"},
    {"etc/netplan/nowhere.yaml", 0777, "-> /no/such/file"},
    {"etc/netplan/empty.yaml", 0644, ""},
    {"etc/netplan/braces{a,b}.yaml", 0644, "macaddress: '" PHONY_MAC "'\n"},
    {"etc/initramfs-tools/conf.d/null", 0777, "-> /dev/null"},
    {"etc/ssh/ssh_host_dir_key", 0755, NULL},
    {"etc/ssh/ssh_host_dir_key/inside", 0644, "x"},
    {"etc/ssh/ssh_host_link_key", 0777, "-> /etc/passwd"},
    {"etc/localtime", 0777, "-> /usr/share/zoneinfo/Europe/Zurich"},
    {"etc/subuid", 0755, NULL},
    {"var/log/pipe", 0600, "|"},
    {"var/log/link.log", 0777, "-> /etc/shadow"},
    {"var/log/away", 0777, "-> /etc"},
    {"var/log/dir.1", 0755, NULL},
    {"var/log/dir.1/kept.log", 0644, "x\n"},
    {"var/log/deep/a/b/c/d.log", 0644, "x\n"},
    {"var/log/new\nline.log", 0644, "x\n"},
    {"var/log/\xff\xfe.log", 0644, "x\n"},
    {"var/lib/dhclient", 0777, "-> /srv/leases"},
    {"srv/leases/dhclient.leases", 0644, "lease { hardware " PHONY_MAC "; }\n"},
    {"var/crash", 0777, "-> /srv/crash"},
    {"srv/crash/dir/core", 0600, "x\n"},
    {"srv/set", 04755, "x\n"},
    {"srv/[a]*?", 0666, "x\n"},
    {"tmp/{a,b}", 0644, "x\n"},
    {"tmp/\xff", 0644, "x\n"},
    {"var/tmp/up", 0777, "-> ../../.."},
    {"var/lib/pipe", 0600, "|"},
    {"home/admin/.ash_history", 0755, NULL},
    {"home/admin/.ash_history/kept", 0600, "x\n"},
    {"swapfile", 0600, "x\n"},
    {"etc/systemd/system/swapfile.swap", 0644, "[Swap]\nWhat=/swapfile\n"},
    {"boot/grub/grub.cfg", 0644, "linux /boot/vmlinuz root=UUID=" PHONY_UUID " resume=/dev/sda5\n"},
    {NULL, 0, NULL},
};

struct side {
    guest *g;
    GPtrArray *changes;
};

static struct {
    char *image;
    image_file *own;
    struct guest_spec spec;
    struct guest_tree_spec tree_spec;
    struct rootfs_layout layout;
    tree *files;
    struct side image_side, tree_side;
} both;

static void change_free(gpointer data)
{
    struct guest_change *change = data;
    g_free(change->path);
    g_free(change);
}

static void side_begin(struct side *side, guest *g)
{
    g_autoptr(GError) error = NULL;
    assert_non_null(g);
    side->g = g;
    side->changes = g_ptr_array_new_with_free_func(change_free);
    g->changes = side->changes;
    if (!guest_inspect(g, &error))
        fail_msg("%s", error->message);
}

static void side_end(struct side *side)
{
    guest_close(side->g);
    if (side->changes)
        g_ptr_array_unref(side->changes);
}

static void open_image(int archive)
{
    g_autoptr(GError) error = NULL;
    both.image = g_build_filename(folder, "phony.qcow2", NULL);
    char *images[] = {both.image, NULL};
    guestfs_h *h = phony_appliance(images, TRUE);
    phony_system_of(h, "/dev/sda", archive);
    phony_appliance_end(h);
    both.own = image_own(both.image);
    both.spec = (struct guest_spec){.image = both.own, .force_tcg = TRUE};
    side_begin(&both.image_side, guest_open(&both.spec, NULL, NULL, &error));
    assert_no_error(error);
}

static void open_files(int archive)
{
    g_autoptr(GError) error = NULL;
    both.files = tree_new();
    assert_true(tree_receive(both.files, "/", archive, &error));
    assert_no_error(error);
    both.layout = (struct rootfs_layout){.size = PHONY_SIZE, .uuid = PHONY_UUID};
    both.tree_spec = (struct guest_tree_spec){both.files, "the tree", folder, &both.layout};
    side_begin(&both.tree_side, guest_open_tree(&both.tree_spec, NULL, NULL));
}

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-backends") || trees_begin("ingot-backends");
}

static int teardown(void **state)
{
    side_end(&both.image_side);
    side_end(&both.tree_side);
    tree_close(both.files);
    image_close(both.own);
    g_free(both.image);
    return folder_remove(state) || trees_end(state);
}

static void opens_both(void **state)
{
    (void)state;
    int archive = phony_archive(strange);
    open_files(dup(archive));
    assert_int_equal(lseek(archive, 0, SEEK_SET), 0);
    open_image(archive);
    close(archive);
}

/* A host without a sandbox has no trees; opens_both says why. */
static void need_both(void)
{
    if (!both.image_side.g || !both.tree_side.g)
        skip();
}

/* ---- what is compared: lines of text ---- */

typedef void (*describe)(struct side *side, GPtrArray *lines);

static void add_line(GPtrArray *lines, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_line(GPtrArray *lines, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *raw = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(lines, g_strescape(raw, "\""));
}

static gint backends_by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean contains(const GPtrArray *lines, const char *line)
{
    for (guint i = 0; i < lines->len; i++)
        if (strcmp(g_ptr_array_index(lines, i), line) == 0)
            return TRUE;
    return FALSE;
}

static void show_missing(const GPtrArray *lines, const GPtrArray *other, const char *whose)
{
    for (guint i = 0; i < lines->len; i++)
        if (!contains(other, g_ptr_array_index(lines, i)))
            print_message("only %s: %s\n", whose, (char *)g_ptr_array_index(lines, i));
}

static void assert_same_lines(GPtrArray *image, GPtrArray *files, guint least, const char *what)
{
    g_ptr_array_sort(image, backends_by_text);
    g_ptr_array_sort(files, backends_by_text);
    show_missing(image, files, "the image");
    show_missing(files, image, "the tree");
    assert_int_equal(image->len, files->len);
    for (guint i = 0; i < image->len; i++)
        assert_string_equal(g_ptr_array_index(image, i), g_ptr_array_index(files, i));
    if (image->len < least)
        fail_msg("%s: only %u lines", what, image->len);
}

static void assert_same(describe how, guint least, const char *what)
{
    g_autoptr(GPtrArray) image = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    how(&both.image_side, image);
    how(&both.tree_side, files);
    assert_same_lines(image, files, least, what);
}

/* ---- files: what an archive of them says ---- */

struct listing {
    GPtrArray *lines;
    char *uuid; /* the root's: one that fs-uuids has made is another on either side */
};

static char *without_uuid(const struct listing *l, const char *text)
{
    GString *all = g_string_new(text);
    g_string_replace(all, l->uuid, "(the root's UUID)", 0);
    return g_string_free(all, FALSE);
}

static void list_entry(struct listing *l, struct archive *a, struct archive_entry *e)
{
    char text[4096] = "";
    const char *path = archive_entry_pathname(e), *target = archive_entry_symlink(e);
    if (archive_entry_filetype(e) == AE_IFREG)
        assert_true(archive_read_data(a, text, sizeof text - 1) >= 0);
    g_autofree char *clean = without_uuid(l, text);
    g_autofree char *bare = g_strdup(path);
    if (g_str_has_suffix(bare, "/"))
        bare[strlen(bare) - 1] = '\0';
    if (strcmp(bare, "./lost+found") == 0) /* of ext4 */
        return;
    add_line(l->lines, "%s %o %d:%d %s %s", bare, (unsigned)archive_entry_mode(e),
             (int)archive_entry_uid(e), (int)archive_entry_gid(e), target ? target : "", clean);
}

static gboolean read_listing(int fd, gpointer data, GError **error)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    int result;
    (void)error;
    archive_read_support_format_tar(a);
    (void)archive_read_set_options(a, "hdrcharset=BINARY");
    (void)archive_read_open_fd(a, fd, 65536);
    while ((result = archive_read_next_header(a, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN)
        list_entry(data, a, entry);
    archive_read_free(a);
    return result == ARCHIVE_EOF;
}

static void describe_files(struct side *side, GPtrArray *lines)
{
    static char *const excludes[] = {(char *)"./proc", (char *)"./sys", (char *)"./dev", NULL};
    g_autofree char *uuid = guest_filesystem_uuid(side->g, side->g->facts->root_device);
    struct listing l = {lines, uuid};
    g_autoptr(GError) error = NULL;
    assert_non_null(uuid);
    assert_true(guest_stream_tar(side->g, "/", excludes, read_listing, &l, &error));
    assert_no_error(error);
}

static void describe_walk(struct side *side, GPtrArray *lines)
{
    g_autoptr(GError) error = NULL;
    const struct guest_walk *walk = guest_walk(side->g, &error);
    assert_no_error(error);
    GPtrArray *const lists[] = {walk->writable, walk->set_id, walk->logs, walk->large};
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint n = 0; n < lists[i]->len; n++)
            add_line(lines, "%zu %s", i, (char *)g_ptr_array_index(lists[i], n));
}

static void same_files_before(void **state)
{
    (void)state;
    need_both();
    assert_same(describe_files, 150, "files");
    assert_same(describe_walk, 10, "modes and sizes");
}

/* ---- facts and findings ---- */

static void describe_facts(struct side *side, GPtrArray *lines)
{
    g_autoptr(GError) error = NULL;
    const guest_facts *f = side->g->facts;
    assert_true(guest_measure(side->g, &error));
    add_line(lines, "%s %s %s %s %d.%d %d %s %s %s %" G_GUINT64_FORMAT " %s", f->type, f->distro,
             f->product, f->arch, f->major, f->minor, f->systemd, f->hostname, f->root_device,
             f->root_filesystem, f->disk_size, side->g->format);
    assert_true(f->root_used > 0 && f->root_used < f->disk_size);
    for (guint i = 0; i < f->packages->len; i++) {
        const struct guest_package *p = g_ptr_array_index(f->packages, i);
        add_line(lines, "%s %s %s", p->name, p->version, p->arch);
    }
}

static void describe_findings(struct side *side, GPtrArray *lines)
{
    g_autoptr(GPtrArray) found = inspect_findings_new();
    g_autoptr(GError) error = NULL;
    if (!inspect_check_all(side->g, found, &error))
        fail_msg("%s", error->message);
    for (guint i = 0; i < found->len; i++) {
        const struct inspect_finding *f = g_ptr_array_index(found, i);
        add_line(lines, "%s %s %s", f->rule->name, f->path ? f->path : "-", f->text);
    }
}

static void describe_snapshot(struct side *side, GPtrArray *lines)
{
    g_autoptr(snapshot) s = snapshot_new();
    g_autoptr(GError) error = NULL;
    if (!snapshot_take(side->g, s, &error))
        fail_msg("%s", error->message);
    for (guint section = 0; section < SNAPSHOT_SECTIONS; section++) {
        const GPtrArray *facts = snapshot_facts(s, section);
        for (guint i = 0; i < facts->len; i++) {
            const struct snapshot_fact *f = g_ptr_array_index(facts, i);
            /* It has the root's UUID, which fs-uuids makes at random; describe_files compares it.
             */
            gboolean random = strcmp(f->key, "/etc/fstab") == 0;
            add_line(lines, "%u %s %s %s", section, f->key, f->value, random ? "" : f->digest);
        }
    }
}

static void same_facts_before(void **state)
{
    (void)state;
    need_both();
    assert_same(describe_facts, 4, "facts");
    assert_same(describe_findings, 20, "findings");
    assert_same(describe_snapshot, 50, "the snapshot");
}

/* ---- calls ---- */

static const char *const asked[] = {"/etc/netplan/*",
                                    "/etc/{ssh,netplan}/{*link*,*out*,dir*}",
                                    "/var/log/*",
                                    "/var/log/away/*",
                                    "/var/tmp/up/etc/host*",
                                    "/tmp/*",
                                    "/tmp/{.*,*}",
                                    "/no/such/*",
                                    "/{srv,srv2}/[[]*",
                                    "/{etc,srv,var/log}/*/",
                                    "/etc/hostname/*",
                                    "/etc/netplan/loop.yaml",
                                    "/etc/netplan/nowhere.yaml",
                                    "/srv/\\[a]\\*\\?",
                                    "/etc/{",
                                    "/etc/[",
                                    "/{a,{b,etc}}/passwd",
                                    NULL};

static void describe_globs(struct side *side, GPtrArray *lines)
{
    for (const char *const *pattern = asked; *pattern; pattern++) {
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) paths = guest_glob(side->g, *pattern, &error);
        g_autofree char *all = paths ? g_strjoinv(" ", paths) : g_strdup("(error)");
        add_line(lines, "%s: %s", *pattern, all);
    }
}

static const char *const places[] = {"/",
                                     "/etc",
                                     "/etc/hostname",
                                     "/etc/hostname/below",
                                     "/etc/netplan/pipe.yaml",
                                     "/etc/netplan/dir.yaml",
                                     "/etc/netplan/loop.yaml",
                                     "/etc/netplan/out.yaml",
                                     "/etc/netplan/nowhere.yaml",
                                     "/etc/netplan/empty.yaml",
                                     "/etc/netplan/absent.yaml",
                                     "/etc/netplan/braces{a,b}.yaml",
                                     "/var/log/away",
                                     "/var/log/away/hostname",
                                     "/var/log/link.log",
                                     "/var/tmp/up",
                                     "/var/tmp/up/etc/hostname",
                                     "/etc/subuid",
                                     "/no/such/file",
                                     NULL};

/* What an error says differs; which code it has does not. */
static const char *error_word(const GError *error)
{
    return !error ? "no error" : error->code == INGOT_EXIT_SEAL ? "seal" : error->message;
}

static void describe_looks(struct side *side, GPtrArray *lines)
{
    for (const char *const *path = places; *path; path++) {
        g_autoptr(GError) stat_error = NULL, read_error = NULL, link_error = NULL;
        g_autofree char *text = NULL, *target = NULL, *clean = NULL;
        struct guest_stat info = {0};
        gboolean directory = FALSE;
        gboolean good = guest_stat(side->g, *path, &info, &stat_error);
        good &= guest_is_directory(side->g, *path, &directory, NULL);
        gboolean read = guest_read(side->g, *path, &text, &read_error);
        gboolean link = guest_readlink(side->g, *path, &target, &link_error);
        gint64 size = S_ISREG((mode_t)info.mode) ? info.size : 0; /* of a directory: its blocks */
        add_line(lines, "%s: %d %o %u:%u %" G_GINT64_FORMAT " %d %s, %d %s %s, %d %s %s", *path,
                 good, info.mode, info.uid, info.gid, size, directory, error_word(stat_error), read,
                 text, error_word(read_error), link, target, error_word(link_error));
    }
}

static void describe_lists(struct side *side, GPtrArray *lines)
{
    for (const char *const *path = places; *path; path++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GArray) entries = guest_list(side->g, *path, &error);
        add_line(lines, "%s: %s", *path, error_word(error));
        for (guint i = 0; entries && i < entries->len; i++) {
            const struct guest_entry *e = &g_array_index(entries, struct guest_entry, i);
            if (strcmp(e->name, "lost+found") != 0)
                add_line(lines, "%s %s %o", *path, e->name, e->info.mode);
        }
    }
}

static void same_answers(void **state)
{
    (void)state;
    need_both();
    assert_same(describe_globs, G_N_ELEMENTS(asked) - 1, "patterns");
    assert_same(describe_looks, G_N_ELEMENTS(places) - 1, "looks");
    assert_same(describe_lists, 60, "directories");
}

struct deed {
    const char *what;
    gboolean (*act)(guest *g, GError **error);
};

#define DEED(name, call)                                                                           \
    static gboolean deed_##name(guest *g, GError **error)                                          \
    {                                                                                              \
        return call;                                                                               \
    }
DEED(write_new, guest_write_file(g, "/srv/new", "new\n", error))
DEED(write_over, guest_write_file(g, "/etc/netplan/out.yaml", "over\n", error))
DEED(write_directory, guest_write_file(g, "/etc/subuid", "x", error))
DEED(write_below_file, guest_write_file(g, "/etc/hostname/x", "x", error))
DEED(write_loop, guest_write_file(g, "/etc/netplan/loop.yaml", "x", error))
DEED(remove_absent, guest_remove_path(g, "/no/such", error))
DEED(remove_below_file, guest_remove_own(g, "/etc/hostname/x", error))
DEED(remove_directory, guest_remove_path(g, "/etc/subuid", error))
DEED(remove_tree, guest_remove(g, "/var/crash/*", error))
DEED(remove_through_link, guest_remove(g, "/var/lib/dhclient/*", error))
DEED(remove_link, guest_remove(g, "/var/log/{away,link.log}", error))
DEED(empty, guest_empty(g, "/etc/netplan/*", error))
DEED(mkdirs, guest_mkdirs(g, "/srv/a/b/c", error))
DEED(mkdirs_there, guest_mkdirs(g, "/etc", error))
DEED(mkdirs_file, guest_mkdirs(g, "/etc/hostname", error))
DEED(mkdirs_below_file, guest_mkdirs(g, "/etc/hostname/x", error))
DEED(chmod_set_uid, guest_chmod(g, "/srv/new", 04711, error))
DEED(chmod_absent, guest_chmod(g, "/no/such", 0644, error))
DEED(chown_new, guest_chown(g, "/srv/new", 1000, 33, error))
DEED(link_new, guest_symlink(g, "/etc/passwd", "/srv/link", error))
DEED(link_again, guest_symlink(g, "../etc/group", "/srv/link", error))
DEED(link_directory, guest_symlink(g, "x", "/etc/subuid", error))

static const struct deed deeds[] = {
    {"write", deed_write_new},
    {"write over", deed_write_over},
    {"write a directory", deed_write_directory},
    {"write below a file", deed_write_below_file},
    {"write a circle of links", deed_write_loop},
    {"remove what is absent", deed_remove_absent},
    {"remove below a file", deed_remove_below_file},
    {"remove a directory as a file", deed_remove_directory},
    {"remove a tree behind a link", deed_remove_tree},
    {"remove a file behind a link", deed_remove_through_link},
    {"remove links", deed_remove_link},
    {"empty", deed_empty},
    {"mkdirs", deed_mkdirs},
    {"mkdirs of what is there", deed_mkdirs_there},
    {"mkdirs of a file", deed_mkdirs_file},
    {"mkdirs below a file", deed_mkdirs_below_file},
    {"chmod", deed_chmod_set_uid},
    {"chmod of what is absent", deed_chmod_absent},
    {"chown", deed_chown_new},
    {"link", deed_link_new},
    {"link again", deed_link_again},
    {"link over a directory", deed_link_directory},
};

static void describe_deeds(struct side *side, GPtrArray *lines)
{
    for (gsize i = 0; i < G_N_ELEMENTS(deeds); i++) {
        g_autoptr(GError) error = NULL;
        gboolean good = deeds[i].act(side->g, &error);
        add_line(lines, "%s: %d %s", deeds[i].what, good, error_word(error));
    }
}

/* The tree's own error has no exit code: the calls give it that of the seal. */
static void same_deeds(void **state)
{
    (void)state;
    need_both();
    assert_same(describe_deeds, G_N_ELEMENTS(deeds), "deeds");
    assert_same(describe_files, 150, "files after the deeds");
}

/* ---- the operations ---- */

static void describe_changes(struct side *side, GPtrArray *lines)
{
    for (guint i = 0; i < side->changes->len; i++) {
        const struct guest_change *c = g_ptr_array_index(side->changes, i);
        add_line(lines, "%s %s %s", c->operation, c->verb, c->path);
    }
}

static void run_operation(struct side *side, const sysprep_operation *op)
{
    g_autoptr(GError) error = NULL;
    side->g->doing = op->name;
    if (!sysprep_operation_run(op, side->g, &error))
        fail_msg("%s: %s", op->name, error->message);
    side->g->doing = NULL;
}

static void same_operations(void **state)
{
    (void)state;
    need_both();
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++) {
        run_operation(&both.image_side, *op);
        run_operation(&both.tree_side, *op);
        assert_same(describe_changes, 0, (*op)->name);
    }
    assert_same(describe_changes, 80, "all changes");
    assert_string_not_equal(both.layout.uuid, PHONY_UUID);
    assert_same(describe_files, 100, "files after the operations");
}

/* ---- what is put in ---- */

static void customise_one(struct side *side, const struct sysprep_customise *c)
{
    g_autoptr(GError) error = NULL;
    if (!customise_before(side->g, c, &error) || !customise_after(side->g, c, &error))
        fail_msg("%s", error->message);
}

static void same_customisation(void **state)
{
    g_autofree char *local = g_build_filename(folder, "copied", NULL);
    g_autofree char *inner = g_build_filename(local, "file", NULL);
    const struct sysprep_copy copies[] = {{local, "/opt/new"}, {NULL, NULL}};
    const struct sysprep_key keys[] = {{"postgres", "ssh-ed25519 AAAA a@b\n"}, {NULL, NULL}};
    const struct sysprep_customise c = {
        .copies = copies, .root_hash = "$y$x", .keys = keys, .hostname = "silver.example"};
    (void)state;
    need_both();
    assert_int_equal(g_mkdir_with_parents(local, 0755), 0);
    assert_true(g_file_set_contents(inner, "text\n", -1, NULL));
    customise_one(&both.image_side, &c);
    customise_one(&both.tree_side, &c);
    assert_same(describe_changes, 85, "changes by customisation");
    assert_same(describe_files, 100, "customised files");
}

static void same_facts_after(void **state)
{
    (void)state;
    need_both();
    assert_same(describe_facts, 4, "facts");
    assert_same(describe_findings, 1, "findings");
    assert_same(describe_snapshot, 40, "the snapshot");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_both),         cmocka_unit_test(same_files_before),
        cmocka_unit_test(same_facts_before),  cmocka_unit_test(same_answers),
        cmocka_unit_test(same_deeds),         cmocka_unit_test(same_operations),
        cmocka_unit_test(same_customisation), cmocka_unit_test(same_facts_after),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
