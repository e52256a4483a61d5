/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "base/spawn.h"

#include <elf.h>

const struct media_limits quick_limits = {
    .attempts = 4,
    .backoff_ms = 10,
    .backoff_max_ms = 100,
    .connect_ms = 10000,
    .stall_s = 5,
    .stall_rate = 100,
};

int temp_setup(void **state)
{
    *state = files_temp_dir(g_get_tmp_dir(), "ingot-media", NULL);
    return *state ? 0 : -1;
}

int temp_teardown(void **state)
{
    files_remove_tree(*state);
    int there = g_file_test(*state, G_FILE_TEST_EXISTS);
    g_free(*state);
    return there;
}

static guint count(const char *folder, const char *suffix)
{
    guint found = 0;
    const char *name;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = under(folder, name);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            found += count(path, suffix);
        else if (*suffix ? g_str_has_suffix(name, suffix) : strlen(name) == DIGEST_HEX_LEN)
            found++;
    }
    return found;
}

guint cache_entries(const char *cache_dir)
{
    g_autofree char *folder = under(cache_dir, "media", "sha256");
    return count(folder, "");
}

guint cache_parts(const char *cache_dir)
{
    g_autofree char *folder = under(cache_dir, "media", "partial");
    return count(folder, ".part");
}

GBytes *noise(gsize size, guint32 seed)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    guint8 *data = g_malloc(size);
    for (gsize i = 0; i < size; i++)
        data[i] = (guint8)g_rand_int(random);
    return g_bytes_new_take(data, size);
}

void bytes_digest(GBytes *bytes, char hex[65])
{
    gsize size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    digest_bytes(data, size, hex);
}

void write_bytes(const char *path, GBytes *bytes)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(bytes, &size);
    assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
}

/* ---- archives ---- */

static void set_form(struct archive *a, enum packing packing)
{
    if (packing == PACK_TAR_XZ)
        archive_write_add_filter_xz(a);
    else if (packing == PACK_TAR_GZ)
        archive_write_add_filter_gzip(a);
    if (packing == PACK_ISO)
        archive_write_set_format_iso9660(a);
    else if (packing == PACK_DEB)
        archive_write_set_format_ar_svr4(a);
    else
        archive_write_set_format_pax_restricted(a);
}

GBytes *pack(enum packing packing, const struct member *members)
{
    struct archive *a = archive_write_new();
    set_form(a, packing);
    static const struct member control[] = {{.path = "control", .text = "Package: a\n"}, {0}};
    g_autoptr(GBytes) inner = packing == PACK_DEB ? pack(PACK_TAR_XZ, members) : NULL;
    g_autoptr(GBytes) about = packing == PACK_DEB ? pack(PACK_TAR_XZ, control) : NULL;
    const struct member deb[] = {{.path = "debian-binary", .text = "2.0\n"},
                                 {.path = "control.tar.xz", .data = about},
                                 {.path = "data.tar.xz", .data = inner},
                                 {0}};
    return members_write(a, packing == PACK_DEB ? deb : members);
}

GBytes *squeeze(const char *suffix, const char *text, gsize length)
{
    g_autoptr(GBytes) data = g_bytes_new(text, length);
    const struct member only[] = {{.path = "raw", .data = data}, {0}};
    struct archive *a = archive_write_new();
    if (g_str_equal(suffix, ".xz"))
        archive_write_add_filter_xz(a);
    else if (g_str_equal(suffix, ".zst"))
        archive_write_add_filter_zstd(a);
    else if (g_str_equal(suffix, ".gz"))
        archive_write_add_filter_gzip(a);
    archive_write_set_format_raw(a);
    return members_write(a, only);
}

/* ---- kernel modules ---- */

GBytes *make_ko(const char *modinfo, gsize length)
{
    static const char names[] = "\0.modinfo\0.shstrtab";
    const gsize head = sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Shdr);
    const Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
                               .e_type = ET_REL,
                               .e_shoff = sizeof header,
                               .e_shentsize = sizeof(Elf64_Shdr),
                               .e_shnum = 3,
                               .e_shstrndx = 2};
    const Elf64_Shdr sections[] = {
        {0},
        {.sh_name = 1,
         .sh_type = SHT_PROGBITS,
         .sh_offset = head + sizeof names,
         .sh_size = length},
        {.sh_name = 10, .sh_type = SHT_STRTAB, .sh_offset = head, .sh_size = sizeof names}};
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)&header, sizeof header);
    g_byte_array_append(out, (const guint8 *)sections, sizeof sections);
    g_byte_array_append(out, (const guint8 *)names, sizeof names);
    g_byte_array_append(out, (const guint8 *)modinfo, (guint)length);
    return g_byte_array_free_to_bytes(out);
}

GBytes *make_ko_of(const char *name, const char *depends)
{
    g_autoptr(GString) text = g_string_new("license=GPL");
    g_string_append_c(text, '\0');
    g_string_append_printf(text, "depends=%s", depends);
    g_string_append_c(text, '\0');
    g_string_append_printf(text, "name=%s", name);
    g_string_append_c(text, '\0');
    return make_ko(text->str, text->len);
}

/* ---- OpenPGP ---- */

struct signer {
    char *home;
};

#define GPG "gpg", "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""

static gboolean gpg(const signer *s, const char *const *args, GBytes *input)
{
    static const char *const start[] = {GPG, "--homedir"};
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(start); i++)
        g_ptr_array_add(argv, (gpointer)start[i]);
    g_ptr_array_add(argv, s->home);
    for (const char *const *a = args; *a; a++)
        g_ptr_array_add(argv, (gpointer)*a);
    g_ptr_array_add(argv, NULL);
    struct spawn_options options = {.input = input};
    gboolean good = spawn_run((const char *const *)argv->pdata, &options, NULL, &error);
    if (!good)
        print_message("# gpg: %s\n", error->message);
    return good;
}

signer *signer_new(const char *dir)
{
    g_autofree char *program = g_find_program_in_path("gpg");
    if (!program) {
        print_message("# skipped: there is no gpg here; the package gnupg has it\n");
        return NULL;
    }
    signer *s = g_new0(signer, 1);
    s->home = under(dir, "gnupg");
    assert_true(files_mkdir(s->home, TRUE, NULL));
    return s;
}

void signer_free(signer *s)
{
    if (!s)
        return;
    const char *const argv[] = {"gpgconf", "--homedir", s->home, "--kill", "all", NULL};
    g_autoptr(GError) error = NULL;
    if (!spawn_run(argv, NULL, NULL, &error))
        print_message("# %s\n", error->message);
    g_free(s->home);
    g_free(s);
}

static char *export_key(signer *s, const char *name, const char *suffix)
{
    g_autofree char *file = g_strconcat(name, suffix, NULL);
    char *path = under(s->home, file);
    const char *const args[] = {"--output", path, "--export", name, NULL};
    const char *const armored[] = {"--armor", "--output", path, "--export", name, NULL};
    assert_true(gpg(s, g_str_equal(suffix, ".asc") ? armored : args, NULL));
    return path;
}

char *signer_key(signer *s, const char *name, gboolean expired)
{
    const char *const args[] = {"--quick-generate-key", name, "ed25519", "sign", "never", NULL};
    const char *const old[] = {"--faked-system-time",
                               "20200101T000000",
                               "--quick-generate-key",
                               name,
                               "ed25519",
                               "sign",
                               "1d",
                               NULL};
    assert_true(gpg(s, expired ? old : args, NULL));
    return export_key(s, name, ".gpg");
}

char *signer_armored(signer *s, const char *name)
{
    return export_key(s, name, ".asc");
}

static GBytes *contents(const char *path)
{
    char *data = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &data, &length, NULL));
    return g_bytes_new_take(data, length);
}

GBytes *signer_clear(signer *s, const char *text, ...)
{
    va_list names;
    const char *name;
    g_autofree char *in = under(s->home, "text"), *out = under(s->home, "text.asc");
    g_autoptr(GPtrArray) args = g_ptr_array_new();
    gboolean old = FALSE;
    va_start(names, text);
    while ((name = va_arg(names, const char *))) {
        g_ptr_array_add(args, (gpointer) "--local-user");
        g_ptr_array_add(args, (gpointer)name);
        old = old || g_str_equal(name, "expired");
    }
    va_end(names);
    if (old) {
        g_ptr_array_add(args, (gpointer) "--faked-system-time");
        g_ptr_array_add(args, (gpointer) "20200101T010000");
    }
    const char *const rest[] = {"--output", out, "--clearsign", in, NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(rest); i++)
        g_ptr_array_add(args, (gpointer)rest[i]);
    assert_true(g_file_set_contents(in, text, -1, NULL));
    assert_true(gpg(s, (const char *const *)args->pdata, NULL));
    return contents(out);
}

GBytes *signer_detached(signer *s, const char *file, const char *name)
{
    g_autofree char *out = under(s->home, "detached.sig");
    const char *const args[] = {"--local-user", name, "--output", out, "--detach-sign", file, NULL};
    assert_true(gpg(s, args, NULL));
    return contents(out);
}
