/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../media/server.h"
#include "../media/keys.h"

#include "debian/debian.h"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

/* A Debian archive of some packages, served from loopback and signed with throw-away keys. */

#define INDEX  "main/binary-amd64/Packages"
#define KERNEL "linux-image-6.1-test"

struct mirror {
    char *dir, *cache;
    server *server;
    GString *packages; /* the index so far */
    const char *signed_by, *fields;
    struct media_spec spec;
    struct media_context context;
    const struct media_limits *limits;
};

static char **words(const char *text)
{
    return g_strsplit(text, " ", -1);
}

static int setup(void **state)
{
    struct mirror *a = g_new0(struct mirror, 1);
    *state = a;
    a->dir = files_temp_dir(g_get_tmp_dir(), "ingot-packages", NULL);
    a->cache = under(a->dir, "cache");
    a->server = server_new();
    a->packages = g_string_new(NULL);
    a->signed_by = "good";
    a->fields = "";
    a->limits = &quick_limits;
    a->spec = (struct media_spec){.kind = MEDIA_SYSTEM,
                                  .source = &deb_source,
                                  .mirror = server_url(a->server, "/debian/"),
                                  .suite = g_strdup("trixie"),
                                  .arch = g_strdup("amd64"),
                                  .keyring = g_strdup(shared.keyring),
                                  .plain = words("locales"),
                                  .packages = words("linux-image-test ssh"),
                                  .env_kernel = g_strdup("linux-image-test"),
                                  .env_shell = g_strdup("busybox-static"),
                                  .env_modules = words("virtio-net fs virtio")};
    a->context = (struct media_context){.cache_dir = a->cache};
    return 0;
}

static int teardown(void **state)
{
    struct mirror *a = *state;
    server_free(a->server);
    media_spec_clear(&a->spec);
    files_remove_tree(a->dir);
    g_string_free(a->packages, TRUE);
    g_free(a->dir);
    g_free(a->cache);
    g_free(a);
    return 0;
}

static struct server_file *put(struct mirror *a, const char *path, GBytes *bytes)
{
    g_autofree char *full = g_strconcat("/debian/", path, NULL);
    return server_put_bytes(a->server, full, bytes);
}

static guint gets(const struct mirror *a, const char *path)
{
    g_autofree char *full = g_strconcat("/debian/", path, NULL);
    return server_gets(a->server, full);
}

#define POOL(name) "pool/" name "_1+x_amd64.deb"

/* Puts a package of these files into the pool and the index. */
static struct server_file *add(struct mirror *a, const char *name, const char *fields,
                               const struct member *members)
{
    char hex[65];
    g_autoptr(GBytes) deb = pack(PACK_DEB, members);
    g_autofree char *path = g_strdup_printf("pool/%s_1+x_amd64.deb", name);
    bytes_digest(deb, hex);
    g_string_append_printf(a->packages,
                           "Package: %s\nVersion: 1+x\nArchitecture: amd64\n%sFilename: %s\n"
                           "Size: %zu\nSHA256: %s\n\n",
                           name, fields, path, g_bytes_get_size(deb), hex);
    return put(a, path, deb);
}

static struct server_file *add_small(struct mirror *a, const char *name, const char *fields)
{
    g_autofree char *path = g_strdup_printf("./usr/share/doc/%s", name);
    const struct member members[] = {{.path = path, .text = name}, {0}};
    return add(a, name, fields, members);
}

#define MODULES "./lib/modules/6.1-test/"

static GBytes *packed_ko(const char *suffix, const char *name, const char *depends)
{
    gsize size = 0;
    g_autoptr(GBytes) elf = make_ko_of(name, depends);
    const char *data = g_bytes_get_data(elf, &size);
    return squeeze(suffix, data, size);
}

static void add_kernel(struct mirror *a)
{
    g_autoptr(GBytes) virtio = packed_ko("", "virtio", "");
    g_autoptr(GBytes) ring = packed_ko(".gz", "virtio_ring", "virtio,crc-built");
    g_autoptr(GBytes) net = packed_ko(".xz", "virtio_net", "virtio_ring,net_failover");
    g_autoptr(GBytes) failover = packed_ko(".zst", "net_failover", "");
    g_autoptr(GBytes) loop = packed_ko("", "loop1", "loop2");
    g_autoptr(GBytes) pool = packed_ko("", "loop2", "loop1");
    g_autoptr(GBytes) orphan = packed_ko("", "orphan", "nobody");
    const struct member members[] = {
        {.path = "./boot/vmlinuz-6.1-test", .text = "a kernel"},
        {.path = "./boot/config-6.1-test", .text = "a config"},
        {.path = MODULES "kernel/virtio.ko", .data = virtio},
        {.path = MODULES "kernel/virtio_ring.ko.gz", .data = ring},
        {.path = MODULES "kernel/virtio-net.ko.xz", .data = net},
        {.path = MODULES "kernel/net_failover.ko.zst", .data = failover},
        {.path = MODULES "kernel/loop1.ko", .data = loop},
        {.path = MODULES "kernel/loop2.ko", .data = pool},
        {.path = MODULES "kernel/orphan.ko", .data = orphan},
        {.path = MODULES "kernel/broken.ko", .text = "no module"},
        {.path = MODULES "modules.builtin", .text = "kernel/lib/crc_built.ko\nkernel/fs/fs.ko\n"},
        {0}};
    add(a, KERNEL, "", members);
}

static void add_all(struct mirror *a)
{
    const struct member shell[] = {{.path = "./usr/bin/busybox", .text = "a shell"}, {0}};
    if (!shared.signer)
        skip();
    add_small(a, "base", "Priority: required\nDepends: libc | x\n");
    add_small(a, "libc", "");
    add_small(a, "locales", "Recommends: ssh-extra\n");
    add_small(a, "ssh", "Depends: libssh\nRecommends: ssh-extra, none\n");
    add_small(a, "libssh", "");
    add_small(a, "ssh-extra", "");
    add_small(a, "unused", "");
    add_small(a, "linux-image-test", "Depends: " KERNEL " (= 1+x)\n");
    add_kernel(a);
    add(a, "busybox-static", "", shell);
}

static void publish(struct mirror *a)
{
    char hex[65];
    g_autoptr(GBytes) index = squeeze(".xz", a->packages->str, a->packages->len);
    bytes_digest(index, hex);
    g_autofree char *release =
        g_strdup_printf("Suite: stable\nCodename: trixie\n%sSHA256:\n %s %zu " INDEX ".xz\n",
                        a->fields, hex, g_bytes_get_size(index));
    g_autoptr(GBytes) text = a->signed_by ? signer_clear(shared.signer, release, a->signed_by, NULL)
                                          : g_bytes_new(release, strlen(release));
    put(a, "dists/trixie/" INDEX ".xz", index);
    put(a, "dists/trixie/InRelease", text);
}

static media_boot *fetch(struct mirror *a, GError **error)
{
    return media_fetch_within(&a->spec, &a->context, a->limits, error);
}

static media_boot *assert_comes(struct mirror *a)
{
    g_autoptr(GError) error = NULL;
    media_boot *boot = fetch(a, &error);
    assert_no_error(error);
    return boot;
}

/* It fails and says so; nothing is left that is not what its name in the cache says. */
static void assert_fails(struct mirror *a, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_null(fetch(a, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, says);
    g_autofree char *top = under(a->cache, "media", "sha256");
    g_autoptr(GDir) folders = g_dir_open(top, 0, NULL);
    for (const char *f; folders && (f = g_dir_read_name(folders));) {
        g_autofree char *folder = under(top, f);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        for (const char *name; (name = g_dir_read_name(dir));) {
            char hex[65];
            g_autofree char *path = under(folder, name);
            assert_true(digest_file(path, hex, NULL, NULL, NULL));
            assert_true(g_str_has_suffix(name, ".stat") || g_str_equal(name, hex));
        }
    }
    g_autofree char *tmp = under(a->cache, "media", "tmp");
    g_autoptr(GDir) dir = g_dir_open(tmp, 0, NULL);
    assert_true(!dir || !g_dir_read_name(dir));
}

/* The paths and texts in the initrd: "path=text;", of modules the paths only. */
static char *initrd_text(const char *path)
{
    struct archive_entry *entry;
    GString *text = g_string_new(NULL);
    struct archive *a = archive_read_new();
    archive_read_support_format_cpio(a);
    assert_int_equal(archive_read_open_filename(a, path, 10240), ARCHIVE_OK);
    while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
        char data[200] = "";
        const char *name = archive_entry_pathname(entry);
        if (archive_entry_filetype(entry) != AE_IFREG)
            continue;
        if (!g_str_has_suffix(name, ".ko"))
            assert_true(archive_read_data(a, data, sizeof data - 1) > 0);
        g_string_append_printf(text, "%s=%s;", name, data);
    }
    archive_read_free(a);
    return g_string_free(text, FALSE);
}

static void good_path(void **state)
{
    struct mirror *a = *state;
    add_all(a);
    publish(a);
    g_autoptr(media_boot) boot = assert_comes(a);
    static const struct {
        const char *name;
        gboolean automatic;
    } packages[] = {{"base", FALSE},
                    {"libc", FALSE},
                    {"libssh", TRUE},
                    {KERNEL, TRUE},
                    {"linux-image-test", FALSE},
                    {"locales", FALSE},
                    {"ssh", FALSE},
                    {"ssh-extra", TRUE}};
    assert_int_equal(boot->packages->len, G_N_ELEMENTS(packages));
    guint64 size = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(packages); i++) {
        char hex[65];
        const media_package *deb = g_ptr_array_index(boot->packages, i);
        assert_string_equal(deb->name, packages[i].name);
        assert_string_equal(deb->version, "1+x");
        assert_string_equal(deb->arch, "amd64");
        assert_int_equal(deb->automatic, packages[i].automatic);
        assert_true(digest_file(deb->path, hex, NULL, NULL, NULL));
        assert_string_equal(deb->sha256, hex);
        size += deb->size;
    }
    static const char *const inputs[] = {"InRelease",
                                         INDEX ".xz",
                                         "packages",
                                         KERNEL "_1+x_amd64.deb",
                                         "busybox-static_1+x_amd64.deb",
                                         "kernel",
                                         "initrd"};
    assert_int_equal(boot->inputs->len, G_N_ELEMENTS(inputs));
    for (gsize i = 0; i < G_N_ELEMENTS(inputs); i++) {
        const struct media_input *input = g_ptr_array_index(boot->inputs, i);
        assert_string_equal(input->name, inputs[i]);
        assert_true(digest_is_hex(input->sha256) && input->size);
    }
    const struct media_input *set = g_ptr_array_index(boot->inputs, 2);
    assert_int_equal(set->size, size);
    assert_int_equal(gets(a, POOL("unused")), 0);
    assert_int_equal(gets(a, POOL(KERNEL)), 1);
}

static void the_environment(void **state)
{
    struct mirror *a = *state;
    add_all(a);
    publish(a);
    g_autoptr(media_boot) boot = assert_comes(a);
    g_autofree char *kernel = files_read(boot->kernel, 100, NULL, NULL);
    g_autofree char *initrd = initrd_text(boot->initrd);
    assert_string_equal(kernel, "a kernel");
    assert_string_equal(initrd,
                        "bin/busybox=a shell;modules/net_failover.ko=;"
                        "modules/order=virtio.ko\nvirtio_ring.ko\nnet_failover.ko\nvirtio_net.ko\n;"
                        "modules/virtio.ko=;modules/virtio_net.ko=;modules/virtio_ring.ko=;");
    const struct media_input *input = g_ptr_array_index(boot->inputs, 5);
    assert_string_equal(input->origin, "boot/vmlinuz-6.1-test in " KERNEL "_1+x_amd64.deb");
    /* Another list of modules is another initrd, and the same again the same. */
    g_strfreev(a->spec.env_modules);
    a->spec.env_modules = NULL;
    g_autoptr(media_boot) bare = assert_comes(a);
    assert_string_not_equal(bare->initrd_sha256, boot->initrd_sha256);
    assert_string_equal(bare->kernel_sha256, boot->kernel_sha256);
    a->spec.env_modules = words("virtio-net fs virtio");
    g_autoptr(media_boot) again = assert_comes(a);
    assert_string_equal(again->initrd_sha256, boot->initrd_sha256);
    /* One that was removed is made again. */
    assert_int_equal(unlink(again->initrd), 0);
    g_autoptr(media_boot) fresh = assert_comes(a);
    assert_string_equal(fresh->initrd_sha256, boot->initrd_sha256);
}

static void fetches_once(void **state)
{
    struct mirror *a = *state;
    add_all(a);
    publish(a);
    g_autoptr(media_boot) one = assert_comes(a);
    guint before = server_all_gets(a->server);
    g_autoptr(media_boot) two = assert_comes(a);
    assert_int_equal(server_all_gets(a->server), before + 1); /* InRelease */
    a->context.offline = TRUE;
    g_autoptr(media_boot) three = assert_comes(a);
    assert_int_equal(server_all_gets(a->server), before + 1);
    assert_int_equal(three->packages->len, one->packages->len);
    const struct media_input *x = g_ptr_array_index(one->inputs, 2);
    const struct media_input *y = g_ptr_array_index(three->inputs, 2);
    assert_string_equal(x->sha256, y->sha256);
    const media_package *deb = g_ptr_array_index(one->packages, 1);
    assert_int_equal(unlink(deb->path), 0);
    assert_fails(a, "libc_1+x_amd64.deb is not in the cache");
}

static void what_is_asked_for_decides(void **state)
{
    struct mirror *a = *state;
    add_all(a);
    publish(a);
    g_autoptr(media_boot) one = assert_comes(a);
    g_strfreev(a->spec.packages);
    a->spec.packages = words("ssh");
    a->spec.excluded = words("ssh-extra");
    g_autoptr(media_boot) two = assert_comes(a);
    assert_int_equal(two->packages->len, 5);
    const struct media_input *x = g_ptr_array_index(one->inputs, 2);
    const struct media_input *y = g_ptr_array_index(two->inputs, 2);
    assert_string_not_equal(x->sha256, y->sha256);
}

static void an_index_of_its_own_for_all(void **state)
{
    struct mirror *a = *state;
    char hex[65];
    add_all(a);
    const struct member members[] = {{.path = "./x", .text = "x"}, {0}};
    g_autoptr(GBytes) deb = pack(PACK_DEB, members);
    bytes_digest(deb, hex);
    put(a, "pool/docs.deb", deb);
    g_autofree char *all =
        g_strdup_printf("Package: docs\nVersion: 1\nArchitecture: all\nPriority: required\n"
                        "Filename: pool/docs.deb\nSize: %zu\nSHA256: %s\n",
                        g_bytes_get_size(deb), hex);
    g_autoptr(GBytes) index = g_bytes_new(all, strlen(all));
    bytes_digest(index, hex);
    put(a, "dists/trixie/main/binary-all/Packages", index);
    g_autofree char *line = g_strdup_printf("SHA256:\n %s %zu main/binary-all/Packages\n", hex,
                                            g_bytes_get_size(index));
    g_autofree char *fields = g_strconcat("Architectures: all amd64\n", line, NULL);
    /* publish goes on with its own "SHA256:"; one of both has to go. */
    a->fields = "Architectures: all amd64\nNo-Support-for-Architecture-all: Packages\n";
    publish(a);
    g_autoptr(media_boot) without = assert_comes(a);
    assert_int_equal(without->packages->len, 8);
    g_autoptr(GBytes) other = squeeze(".xz", a->packages->str, a->packages->len);
    bytes_digest(other, hex);
    g_autofree char *release = g_strdup_printf("Codename: trixie\n%s %s %zu " INDEX ".xz\n", fields,
                                               hex, g_bytes_get_size(other));
    g_autoptr(GBytes) text = signer_clear(shared.signer, release, "good", NULL);
    put(a, "dists/trixie/InRelease", text);
    g_autoptr(media_boot) with = assert_comes(a);
    assert_int_equal(with->packages->len, 9);
}

/* What main does not have comes from the other component; one that is not there is an error. */
static void two_components(void **state)
{
    struct mirror *a = *state;
    char hex[65], other[65];
    static const char empty[] = "Package: unused\nVersion: 1\nArchitecture: all\nSize: 1\n"
                                "Filename: pool/unused.deb\nSHA256: ";
    add_all(a);
    g_autoptr(GBytes) whole = squeeze(".xz", a->packages->str, a->packages->len);
    g_autoptr(GBytes) nothing = g_bytes_new(empty, strlen(empty));
    bytes_digest(nothing, hex);
    g_autofree char *text = g_strconcat(empty, hex, "\n", NULL);
    g_autoptr(GBytes) poor = squeeze(".xz", text, strlen(text));
    bytes_digest(poor, hex);
    bytes_digest(whole, other);
    g_autofree char *release = g_strdup_printf(
        "Codename: trixie\nSHA256:\n %s %zu " INDEX ".xz\n %s %zu more/binary-amd64/Packages.xz\n",
        hex, g_bytes_get_size(poor), other, g_bytes_get_size(whole));
    g_autoptr(GBytes) signed_text = signer_clear(shared.signer, release, "good", NULL);
    put(a, "dists/trixie/InRelease", signed_text);
    put(a, "dists/trixie/" INDEX ".xz", poor);
    put(a, "dists/trixie/more/binary-amd64/Packages.xz", whole);
    g_autofree char *before = a->spec.components;
    a->spec.components = g_strdup("main  more");
    g_autoptr(media_boot) boot = assert_comes(a);
    assert_int_equal(boot->packages->len, 8);
    g_free(a->spec.components);
    a->spec.components = g_strdup("main rest");
    assert_fails(a, "component rest of");
    g_free(a->spec.components);
    a->spec.components = g_strdup(" ");
    assert_fails(a, "is not a valid component");
}

/* Of a package that both archives have, the newer one is taken, from where it is; the rest comes
 * from the release. */
static void security_updates(void **state)
{
    struct mirror *a = *state;
    char hex[65], index_hex[65];
    add_all(a);
    publish(a);
    const struct member members[] = {{.path = "./x", .text = "mended"}, {0}};
    g_autoptr(GBytes) deb = pack(PACK_DEB, members);
    bytes_digest(deb, hex);
    g_autofree char *text = g_strdup_printf(
        "Package: libssh\nVersion: 1+x+u1\nArchitecture: amd64\nFilename: pool/libssh_u1.deb\n"
        "Size: %zu\nSHA256: %s\n",
        g_bytes_get_size(deb), hex);
    g_autoptr(GBytes) index = squeeze(".xz", text, strlen(text));
    bytes_digest(index, index_hex);
    g_autofree char *release =
        g_strdup_printf("Codename: trixie-security\nSHA256:\n %s %zu " INDEX ".xz\n", index_hex,
                        g_bytes_get_size(index));
    g_autoptr(GBytes) signed_text = signer_clear(shared.signer, release, "good", NULL);
    server_put_bytes(a->server, "/more/dists/trixie-security/InRelease", signed_text);
    server_put_bytes(a->server, "/more/dists/trixie-security/" INDEX ".xz", index);
    server_put_bytes(a->server, "/more/pool/libssh_u1.deb", deb);
    a->spec.security_mirror = server_url(a->server, "/more");
    for (guint i = 0; i < 2; i++) { /* the second time from the note */
        g_autoptr(media_boot) boot = assert_comes(a);
        assert_int_equal(boot->packages->len, 8);
        for (guint k = 0; k < boot->packages->len; k++) {
            const media_package *d = g_ptr_array_index(boot->packages, k);
            assert_string_equal(d->version, g_str_equal(d->name, "libssh") ? "1+x+u1" : "1+x");
        }
    }
    assert_int_equal(server_gets(a->server, "/more/pool/libssh_u1.deb"), 1);
    assert_int_equal(gets(a, POOL("libssh")), 0);
    server_remove(a->server, "/more/dists/trixie-security/InRelease");
    assert_fails(a, "/more/dists/trixie-security");
}

/* ---- bad mirrors ---- */

static void tampered_deb(void **state)
{
    struct mirror *a = *state;
    add_all(a);
    gsize size = 0;
    struct server_file *f = add_small(a, "evil", "Priority: required\n");
    guint8 *data = g_memdup2(g_bytes_get_data(f->body, &size), g_bytes_get_size(f->body));
    data[size / 2] ^= 1;
    g_autoptr(GBytes) bad = g_bytes_new_take(data, size);
    put(a, POOL("evil"), bad);
    publish(a);
    assert_fails(a, "evil_1+x_amd64.deb from http://127.0.0.1:");
    assert_fails(a, "has the SHA-256");
}

static void truncated_deb(void **state)
{
    struct mirror *a = *state;
    add_all(a);
    struct server_file *f = add_small(a, "short", "Priority: required\n");
    g_autoptr(GBytes) half = g_bytes_new_from_bytes(f->body, 0, g_bytes_get_size(f->body) / 2);
    put(a, POOL("short"), half);
    publish(a);
    assert_fails(a, "short_1+x_amd64.deb");
}

static void a_deb_that_is_not_there(void **state)
{
    struct mirror *a = *state;
    add_all(a);
    publish(a);
    server_remove(a->server, "/debian/" POOL("libssh"));
    assert_fails(a, "cannot fetch libssh_1+x_amd64.deb");
}

static void tampered_index(void **state)
{
    struct mirror *a = *state;
    add_all(a);
    publish(a);
    g_autoptr(GBytes) evil = squeeze(".xz", "Package: a\n", 11);
    put(a, "dists/trixie/" INDEX ".xz", evil);
    assert_fails(a, "Packages.xz from http://127.0.0.1:");
    assert_int_equal(cache_entries(a->cache), 1);
}

static void bad_releases(void **state)
{
    static const struct {
        const char *signed_by, *fields, *says;
    } cases[] = {
        {"good", "Valid-Until: Sat, 12 Sep 2020 07:55:41 UTC\n",
         "was valid until Sat, 12 Sep 2020"},
        {NULL, "", "InRelease of trixie from http://127.0.0.1:"},
        {"other", "", "not in the keyring"},
    };
    struct mirror *a = *state;
    add_all(a);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        a->signed_by = cases[i].signed_by;
        a->fields = cases[i].fields;
        publish(a);
        assert_fails(a, cases[i].says);
        assert_fails(a, "InRelease");
        assert_int_equal(cache_entries(a->cache) + cache_parts(a->cache), 0);
    }
    assert_int_equal(gets(a, "dists/trixie/" INDEX ".xz"), 0);
}

static void a_mirror_that_stops_in_the_middle(void **state)
{
    static const struct media_limits one = {
        .attempts = 1, .connect_ms = 10000, .stall_s = 1, .stall_rate = 1u << 30};
    struct mirror *a = *state;
    add_all(a);
    g_autoptr(GBytes) large = noise(300000, 7);
    const struct member members[] = {{.path = "./x", .data = large}, {0}};
    struct server_file *f = add(a, "large", "Priority: required\n", members);
    publish(a);
    f->trick = TRICK_STALL;
    a->limits = &one;
    gint64 began = g_get_monotonic_time();
    assert_fails(a, "cannot fetch large_1+x_amd64.deb");
    assert_true(g_get_monotonic_time() - began < 60 * G_USEC_PER_SEC);
    f->trick = TRICK_NONE;
    a->limits = &quick_limits;
    g_autoptr(media_boot) boot = assert_comes(a); /* from where it stopped */
    assert_int_equal(boot->packages->len, 9);
}

static gpointer cancel_soon(gpointer data)
{
    struct mirror *a = data;
    while (!gets(a, POOL("slow")))
        g_thread_yield();
    g_cancellable_cancel(a->context.cancel);
    return NULL;
}

static void ends_when_cancelled(void **state)
{
    struct mirror *a = *state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    a->context.cancel = cancel;
    add_all(a);
    struct server_file *f = add_small(a, "slow", "Priority: required\n");
    f->trick = TRICK_STALL;
    publish(a);
    GThread *thread = g_thread_new("cancel", cancel_soon, a);
    assert_null(fetch(a, &error));
    g_thread_join(thread);
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    a->context.cancel = NULL;
}

/* ---- what cannot be had ---- */

static void set_modules(struct mirror *a, const char *names)
{
    g_strfreev(a->spec.env_modules);
    a->spec.env_modules = words(names);
}

static void modules_that_cannot_be_had(void **state)
{
    struct mirror *a = *state;
    add_all(a);
    publish(a);
    set_modules(a, "virtio_nett");
    assert_fails(a, "has no module “virtio_nett”, neither as a file nor built in");
    assert_fails(a, "did you mean “virtio_net”?");
    set_modules(a, "fs orphan");
    assert_fails(a,
                 "has no module “nobody”, neither as a file nor built in; it is needed by orphan");
    set_modules(a, "loop1");
    assert_fails(a, "the kernel module “loop1” depends on itself");
    set_modules(a, "broken");
    assert_fails(a, "kernel/broken.ko: it is not a 64-bit little-endian ELF file");
    set_modules(a, "../x");
    assert_fails(a, "“../x” is not a valid kernel module of a Debian archive");
}

static void environments_that_cannot_be_made(void **state)
{
    struct mirror *a = *state;
    static const struct member two[] = {
        {.path = "./boot/vmlinuz-1", .text = "a"}, {.path = "./boot/vmlinuz-2", .text = "b"}, {0}};
    static const struct member mixed[] = {{.path = "./boot/vmlinuz-1", .text = "a"},
                                          {.path = "./lib/modules/1/a.ko", .text = "b"},
                                          {.path = "./usr/lib/modules/2/b.ko", .text = "b"},
                                          {0}};
    add_all(a);
    add(a, "linux-two", "", two);
    add(a, "linux-mixed", "", mixed);
    publish(a);
    char **names[] = {&a->spec.env_kernel, &a->spec.env_kernel, &a->spec.env_kernel,
                      &a->spec.env_kernel, &a->spec.env_shell,  &a->spec.env_shell};
    static const char *const values[] = {"linux-two",  "linux-mixed", "ssh",
                                         "linux-none", "ssh",         "busybox-statik"};
    static const char *const says[] = {"there is more than one kernel",
                                       "there are modules of more than one kernel",
                                       "there is no file boot/vmlinuz-* in ssh_1+x_amd64.deb",
                                       "the archive has no package “linux-none”",
                                       "there is no file usr/bin/busybox in ssh_1+x_amd64.deb",
                                       "did you mean “busybox-static”?"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        char *before = *names[i];
        *names[i] = g_strdup(values[i]);
        assert_fails(a, says[i]);
        g_free(*names[i]);
        *names[i] = before;
    }
}

static void names_that_cannot_be_had(void **state)
{
    struct mirror *a = *state;
    add_all(a);
    publish(a);
    g_strfreev(a->spec.packages);
    a->spec.packages = words("shs");
    assert_fails(a, "the archive has no package “shs”");
    g_strfreev(a->spec.packages);
    a->spec.packages = words("a/../b");
    assert_fails(a, "“a/../b” is not a valid package of a Debian archive");
    g_clear_pointer(&a->spec.packages, g_strfreev);
    g_clear_pointer(&a->spec.env_shell, g_free);
    assert_fails(a, "“” is not a valid package of a Debian archive");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(good_path),
        T(the_environment),
        T(fetches_once),
        T(what_is_asked_for_decides),
        T(two_components),
        T(security_updates),
        T(an_index_of_its_own_for_all),
        T(tampered_deb),
        T(truncated_deb),
        T(a_deb_that_is_not_there),
        T(tampered_index),
        T(bad_releases),
        T(a_mirror_that_stops_in_the_middle),
        T(ends_when_cancelled),
        T(modules_that_cannot_be_had),
        T(environments_that_cannot_be_made),
        T(names_that_cannot_be_had),
    };
    g_unsetenv("http_proxy");
    g_unsetenv("all_proxy");
    return cmocka_run_group_tests_name("debian/resolve", tests, make_keys, drop_keys);
}
