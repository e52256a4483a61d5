/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "base/digest.h"
#include "media/source.h"
#include "rootfs/rootfs.h"

#include <errno.h>

/* A packaging system that is not Debian's goes the same way: a package is the line "tarpkg NAME"
 * and a tar behind it, an archive a file INDEX with a line "NAME SHA256 SIZE" for each, and the
 * database a file of digests for each package.  A kernel lies where Fedora has it. */

#define MAGIC "tarpkg "
#define ADMIN "var/lib/tarpkg/"

/* ---- struct media_format ---- */

struct tarpkg {
    FILE *file;
    char block[4096];
};

static void tarpkg_close(gpointer opened)
{
    struct tarpkg *t = opened;
    assert_int_equal(fclose(t->file), 0);
    g_free(t);
}

static gpointer tarpkg_open(const char *path, const char *name, gpointer *head, GError **error)
{
    struct tarpkg *t = g_new0(struct tarpkg, 1);
    t->file = fopen(path, "re");
    if (!t->file || !fgets(t->block, sizeof t->block, t->file)) {
        media_package_refuse(name ? name : path, g_strerror(errno), error);
        return NULL;
    }
    if (head)
        *head = g_strdup(g_strchomp(t->block) + strlen(MAGIC));
    return t;
}

static gsize tarpkg_head_size(gconstpointer head)
{
    return strlen(head);
}

static gssize tarpkg_data(gpointer opened, const void **block, GError **error)
{
    (void)error;
    struct tarpkg *t = opened;
    *block = t->block;
    return (gssize)fread(t->block, 1, sizeof t->block, t->file);
}

static const struct media_format tarpkg_format = {.what = "a tar package",
                                                  .magic = MAGIC,
                                                  .open = tarpkg_open,
                                                  .close = tarpkg_close,
                                                  .head_size = tarpkg_head_size,
                                                  .head_free = g_free,
                                                  .data = tarpkg_data,
                                                  .archive = archive_read_support_format_tar};

/* ---- struct media_source ---- */

static gboolean index_is_good(media_job *job, const char *file, gpointer data, GError **error)
{
    (void)job;
    return g_file_get_contents(file, data, NULL, error);
}

/* The package of that name out of the text of INDEX. */
static media_package *tarpkg_named(media_job *job, const char *name, GError **error)
{
    guint64 size = 0;
    char sha256[DIGEST_HEX_LEN + 1];
    const char *mirror = media_job_spec(job)->mirror;
    g_autofree char *text = NULL, *url = g_strconcat(mirror, "/INDEX", NULL);
    const struct media_download index = {.url = url, .name = "INDEX", .max_size = 4096};
    g_autofree char *path =
        media_obtain_checked(job, &index, index_is_good, &text, sha256, &size, error);
    g_auto(GStrv) words = g_strsplit_set(path ? text : "", " \n", -1);
    for (char **w = words; w[0] && w[1] && w[2]; w += 3) {
        if (strcmp(w[0], name) != 0)
            continue;
        media_package *p = g_new0(media_package, 1);
        *p = (media_package){.name = g_strdup(name), .version = g_strdup("1")};
        p->file = g_strconcat(name, ".tarpkg", NULL);
        p->url = g_strdup_printf("%s/%s", mirror, p->file);
        g_strlcpy(p->sha256, w[1], sizeof p->sha256);
        p->size = g_ascii_strtoull(w[2], NULL, 10);
        p->order = strcmp(name, "filesystem") == 0 ? 0 : 1;
        return p;
    }
    if (path)
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "there is no %s", name);
    return NULL;
}

static media_package *tarpkg_package(media_job *job, GError **error)
{
    return tarpkg_named(job, media_job_spec(job)->package, error);
}

static gboolean tarpkg_list(media_job *job, char **names, GPtrArray **list, GError **error)
{
    *list = g_ptr_array_new_with_free_func((GDestroyNotify)media_package_free);
    for (; *names; names++) {
        media_package *p = tarpkg_named(job, *names, error);
        if (!p)
            return FALSE;
        g_ptr_array_add(*list, p);
    }
    return TRUE;
}

static gboolean tarpkg_choose(media_job *job, struct media_choice *choice, GError **error)
{
    const struct media_spec *spec = media_job_spec(job);
    char *kernel[] = {spec->env_kernel, NULL}, *shell[] = {spec->env_shell, NULL};
    gboolean good = tarpkg_list(job, spec->packages, &choice->system, error) &&
                    tarpkg_list(job, kernel, &choice->kernel, error) &&
                    tarpkg_list(job, shell, &choice->shell, error);
    if (!good)
        media_choice_clear(choice);
    return good;
}

static const char *const tarpkg_shell[] = {"usr/sbin/busybox", NULL};
static const struct media_source tarpkg_source = {.format = &tarpkg_format,
                                                  .kernel_glob = "lib/modules/*/vmlinuz",
                                                  .shell_paths = tarpkg_shell,
                                                  .package = tarpkg_package,
                                                  .choose = tarpkg_choose};

/* ---- struct rootfs_database ---- */

struct tarpkg_db {
    const struct rootfs_sink *sink;
    gpointer to;
    GPtrArray *texts; /* of GString *: what is said of each package */
};

static void free_text(gpointer text)
{
    g_string_free(text, TRUE);
}

static gpointer db_open(const struct rootfs_sink *sink, gpointer to)
{
    struct tarpkg_db *db = g_new0(struct tarpkg_db, 1);
    *db = (struct tarpkg_db){sink, to, g_ptr_array_new_with_free_func(free_text)};
    return db;
}

static void db_close(gpointer database)
{
    struct tarpkg_db *db = database;
    g_ptr_array_unref(db->texts);
    g_free(db);
}

static gpointer db_begin(gpointer database, const struct rootfs_package *package,
                         gconstpointer head, GError **error)
{
    struct tarpkg_db *db = database;
    GString *text = g_string_new(NULL);
    g_ptr_array_add(db->texts, text);
    if (strcmp(head, package->name) == 0)
        return text;
    media_package_refuse(package->path, "it is another one", error);
    return NULL;
}

/* Who comes later takes over. */
static gboolean db_dispute(gpointer owner, gpointer other, const char *path,
                           struct rootfs_place *place, GError **error)
{
    (void)owner, (void)place, (void)error;
    g_string_append_printf(other, "%s lost\n", path);
    return TRUE;
}

static void db_listed(gpointer owner, const char *path)
{
    g_string_append_printf(owner, "%s\n", path);
}

static gboolean db_wants_digest(gpointer owner, const char *path)
{
    (void)owner;
    return g_str_has_prefix(path, "etc/");
}

static void db_digested(gpointer owner, const char *path, const char *hex)
{
    g_string_append_printf(owner, "%s is %.8s\n", path, hex);
}

static gboolean db_end(gpointer database, gpointer owner, gconstpointer head, GError **error)
{
    (void)owner;
    const struct tarpkg_db *db = database;
    g_autofree char *path = g_strconcat(ADMIN, head, NULL);
    return db->sink->file(db->to, path, 0644, 0, head, strlen(head), error);
}

static gboolean db_finish(gpointer database, GError **error)
{
    const struct tarpkg_db *db = database;
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < db->texts->len; i++)
        g_string_append(all, ((GString *)g_ptr_array_index(db->texts, i))->str);
    return db->sink->file(db->to, ADMIN "installed", 0644, 0, all->str, all->len, error);
}

/* This system's packages bring their links themselves. */
static const struct rootfs_merged nothing_merged[] = {{NULL, FALSE}};
static const struct rootfs_database tarpkg_database = {.format = &tarpkg_format,
                                                       .merged = nothing_merged,
                                                       .digest = G_CHECKSUM_SHA256,
                                                       .open = db_open,
                                                       .close = db_close,
                                                       .begin = db_begin,
                                                       .dispute = db_dispute,
                                                       .listed = db_listed,
                                                       .wants_digest = db_wants_digest,
                                                       .digested = db_digested,
                                                       .end = db_end,
                                                       .finish = db_finish};

/* ---- the tests ---- */

static void put(const char *dir, const char *name, const struct member *members, GString *index)
{
    char hex[DIGEST_HEX_LEN + 1];
    gsize size = 0;
    g_autoptr(GBytes) files = tar("", members);
    const char *data = g_bytes_get_data(files, &size);
    g_autoptr(GString) whole = g_string_new(MAGIC);
    g_string_append_printf(whole, "%s\n", name);
    g_string_append_len(whole, data, (gssize)size);
    g_autofree char *file = g_strconcat(name, ".tarpkg", NULL);
    g_autofree char *path = g_build_filename(dir, file, NULL);
    assert_true(g_file_set_contents(path, whole->str, (gssize)whole->len, NULL));
    digest_bytes(whole->str, whole->len, hex);
    g_string_append_printf(index, "%s %s %zu\n", name, hex, whole->len);
}

/* Makes the archive and fills the spec in, whose texts the caller owns. */
static void publish(const char *dir, struct media_spec *spec)
{
    static const char zeros[65536];
    g_autoptr(GBytes) large = g_bytes_new_static(zeros, sizeof zeros);
    const struct member filesystem[] = {{.path = "usr/bin/"},
                                        {.path = "bin", .symlink = "usr/bin"},
                                        {.path = "etc/issue", .text = "first"},
                                        {0}};
    const struct member tool[] = {{.path = "bin/tool", .text = "tool"},
                                  {.path = "etc/issue", .text = "second"},
                                  {.path = "usr/bin/large", .data = large},
                                  {0}};
    const struct member kernel[] = {{.path = "lib/modules/6/vmlinuz", .text = "a kernel"},
                                    {.path = "boot/initrd", .text = "an initrd"},
                                    {0}};
    const struct member shell[] = {{.path = "usr/sbin/busybox", .text = "a shell"}, {0}};
    g_autoptr(GString) index = g_string_new(NULL);
    g_autofree char *path = g_build_filename(dir, "INDEX", NULL);
    put(dir, "tool", tool, index);
    put(dir, "filesystem", filesystem, index);
    put(dir, "kernel-core", kernel, index);
    put(dir, "busybox", shell, index);
    assert_true(g_file_set_contents(path, index->str, -1, NULL));
    *spec =
        (struct media_spec){.source = &tarpkg_source, .mirror = g_strconcat("file://", dir, NULL)};
}

static media_boot *fetch(const char *dir, const struct media_spec *spec)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *cache = g_build_filename(dir, "cache", NULL);
    const struct media_context context = {.cache_dir = cache};
    media_boot *boot = media_fetch(spec, &context, &error);
    assert_no_error(error);
    return boot;
}

static void assert_file(const char *path, const char *text)
{
    g_autofree char *found = NULL;
    assert_true(g_file_get_contents(path, &found, NULL, NULL));
    assert_string_equal(found, text);
}

static void a_kernel_comes_out_of_a_package(void **state)
{
    struct media_spec spec;
    publish(*state, &spec);
    spec.kind = MEDIA_PACKAGE;
    spec.package = g_strdup("kernel-core");
    spec.kernel_glob = g_strdup("*/vmlinuz");
    spec.initrd_glob = g_strdup("boot/initrd");
    g_autoptr(media_boot) boot = fetch(*state, &spec);
    assert_file(boot->kernel, "a kernel");
    assert_file(boot->initrd, "an initrd");
    media_spec_clear(&spec);
}

static void unpack(const char *dir, const media_boot *boot, const char *image)
{
    g_autoptr(GError) error = NULL;
    g_autofree struct rootfs_package *packages = g_new0(struct rootfs_package, boot->packages->len);
    for (guint i = 0; i < boot->packages->len; i++) {
        const media_package *p = g_ptr_array_index(boot->packages, i);
        packages[i] = (struct rootfs_package){p->name, p->path, p->order, p->automatic};
    }
    const struct rootfs_spec spec = {
        .image = image,
        .format = "qcow2",
        .layout = {.size = 512u << 20},
        .content = {&tarpkg_database, packages, boot->packages->len, dir}};
    assert_true(rootfs_make(&spec, NULL, NULL, &error));
    assert_no_error(error);
}

static void a_system_is_fetched_and_unpacked(void **state)
{
    struct media_spec spec;
    g_autofree char *image = g_build_filename(*state, "image.qcow2", NULL);
    g_autofree char *raw = g_build_filename(*state, "image.raw", NULL);
    publish(*state, &spec);
    spec.kind = MEDIA_SYSTEM;
    spec.packages = g_strsplit("filesystem tool", " ", -1);
    spec.env_kernel = g_strdup("kernel-core");
    spec.env_shell = g_strdup("busybox");
    g_autoptr(media_boot) boot = fetch(*state, &spec);
    assert_file(boot->kernel, "a kernel");
    unpack(*state, boot, image);
    g_free(run_tool((const char *[]){"qemu-img", "convert", "-O", "raw", image, raw, NULL}));
    g_autofree char *root = g_strdup_printf("%s?offset=%u", raw, 1u << 20);
    assert_clean(root);
    assert_holds(root, "/usr/bin/tool", "tool");
    assert_holds(root, "/etc/issue", "second");
    /* By order, not by name or size; SHA-256, as it asked for. */
    assert_holds(root, "/" ADMIN "installed",
                 "usr/bin\nbin\netc/issue\netc/issue is a7937b64\netc/issue lost\n"
                 "bin/tool\netc/issue\netc/issue is 16367aac\nusr/bin/large\n");
    assert_holds(root, "/" ADMIN "tool", "tool");
    media_spec_clear(&spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_kernel_comes_out_of_a_package, image_setup,
                                        image_teardown),
        cmocka_unit_test_setup_teardown(a_system_is_fetched_and_unpacked, image_setup,
                                        image_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
