/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "medium.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "debian/debian.h"
#include "os/os.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

/* Packages isolinux and syslinux-common. */
#define ISOLINUX "/usr/lib/ISOLINUX/isolinux.bin"
#define LDLINUX  "/usr/lib/syslinux/modules/bios/ldlinux.c32"
#define MOST     (256u << 20)

/* It waits for ever: only what is typed boots it. */
static const char config[] = "PROMPT 1\n"
                             "TIMEOUT 0\n"
                             "SAY A medium of ingot's tests.\n"
                             "LABEL auto\n"
                             "KERNEL /linux\n"
                             "APPEND initrd=/initrd.gz\n";

char *medium_lacks(void)
{
    static const char *const files[][2] = {{ISOLINUX, "isolinux"}, {LDLINUX, "syslinux-common"}};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        if (!g_file_test(files[i][0], G_FILE_TEST_EXISTS))
            return g_strdup_printf("%s is not on this host; install the package %s", files[i][0],
                                   files[i][1]);
    return NULL;
}

static gboolean add(struct archive *a, const char *path, const char *data, gsize size)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, path);
    archive_entry_set_filetype(e, data ? AE_IFREG : AE_IFDIR);
    archive_entry_set_perm(e, data ? 0644 : 0755);
    archive_entry_set_size(e, (la_int64_t)size);
    gboolean good = archive_write_header(a, e) == ARCHIVE_OK &&
                    (!size || archive_write_data(a, data, size) == (la_ssize_t)size);
    archive_entry_free(e);
    return good;
}

static gboolean add_from(struct archive *a, const char *path, const char *from)
{
    gsize size = 0;
    g_autofree char *data = files_read(from, MOST, &size, NULL);
    return data && add(a, path, data, size);
}

static gboolean fill(struct archive *a, const char *out, const char *kernel, const char *initrd)
{
    return archive_write_set_format_iso9660(a) == ARCHIVE_OK &&
           archive_write_set_options(a, "boot=isolinux/isolinux.bin,boot-catalog=isolinux/boot.cat,"
                                        "boot-type=no-emulation,boot-load-size=4,boot-info-table,"
                                        "volume-id=INGOT_TEST") == ARCHIVE_OK &&
           archive_write_open_filename(a, out) == ARCHIVE_OK && add(a, "isolinux", NULL, 0) &&
           add_from(a, "isolinux/isolinux.bin", ISOLINUX) &&
           add_from(a, "isolinux/ldlinux.c32", LDLINUX) &&
           add(a, "isolinux/isolinux.cfg", config, strlen(config)) &&
           add_from(a, "linux", kernel) && add_from(a, "initrd.gz", initrd) &&
           archive_write_close(a) == ARCHIVE_OK;
}

/* ---- UEFI ---- */

static const char early[] = "search --file --set=root /linux\n";

char *medium_uefi_lacks(void)
{
    static const char *const programs[][2] = {
        {"grub-mkimage", "grub-common"}, {"mkfs.fat", "dosfstools"}, {"mcopy", "mtools"}};
    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autofree char *path = spawn_find(programs[i][0]);
        if (!path)
            return g_strdup_printf("%s is not on this host; install the package %s", programs[i][0],
                                   programs[i][1]);
    }
    return g_file_test("/usr/lib/grub/x86_64-efi", G_FILE_TEST_IS_DIR)
               ? NULL
               : g_strdup("grub for UEFI is not on this host; install grub-efi-amd64-bin");
}

/* EFI/BOOT/BOOTX64.EFI (UEFI 2.10, 3.5.1.1) in a FAT image. */
static char *make_efi(const char *work, GError **error)
{
    g_autofree char *script = g_build_filename(work, "early.cfg", NULL);
    g_autofree char *grub = g_build_filename(work, "BOOTX64.EFI", NULL);
    g_autofree char *fat = g_build_filename(work, "efi.img", NULL);
    const char *const image[] = {
        "grub-mkimage", "-O",      "x86_64-efi", "-c",     script,
        "-p",           "/",       "-o",         grub,     "iso9660",
        "fat",          "linux",   "normal",     "search", "search_fs_file",
        "boot",         "minicmd", NULL};
    const char *const format[] = {"mkfs.fat", "-C", fat, "4096", NULL};
    const char *const folders[] = {"mmd", "-i", fat, "::/EFI", "::/EFI/BOOT", NULL};
    const char *const copy[] = {"mcopy", "-i", fat, grub, "::/EFI/BOOT/", NULL};
    return files_write_atomic(script, early, -1, 0644, error) &&
                   spawn_run(image, NULL, NULL, error) && spawn_run(format, NULL, NULL, error) &&
                   spawn_run(folders, NULL, NULL, error) && spawn_run(copy, NULL, NULL, error)
               ? g_steal_pointer(&fat)
               : NULL;
}

static gboolean fill_uefi(struct archive *a, const char *out, const char *efi, const char *kernel,
                          const char *initrd)
{
    /* 8192 blocks of 512 bytes: the whole image. */
    return archive_write_set_format_iso9660(a) == ARCHIVE_OK &&
           archive_write_set_options(a, "boot=efi.img,boot-catalog=boot.cat,"
                                        "boot-type=no-emulation,boot-load-size=8192,"
                                        "volume-id=INGOT_TEST") == ARCHIVE_OK &&
           archive_write_open_filename(a, out) == ARCHIVE_OK && add_from(a, "efi.img", efi) &&
           add_from(a, "linux", kernel) && add_from(a, "initrd.gz", initrd) &&
           archive_write_close(a) == ARCHIVE_OK;
}

gboolean medium_write_uefi(const char *out, const char *kernel, const char *initrd,
                           const char *work, GError **error)
{
    g_autofree char *efi = make_efi(work, error);
    if (!efi)
        return FALSE;
    struct archive *a = archive_write_new();
    gboolean good = fill_uefi(a, out, efi, kernel, initrd);
    if (!good)
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot write %s: %s", out,
                        archive_error_string(a));
    archive_write_free(a);
    return good;
}

/* ---- BIOS ---- */

gboolean medium_write_with(const char *out, const char *kernel, const char *initrd, GError **error)
{
    struct archive *a = archive_write_new();
    gboolean good = fill(a, out, kernel, initrd);
    if (!good)
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot write %s: %s", out,
                        archive_error_string(a));
    archive_write_free(a);
    return good;
}

gboolean medium_write(const char *out, const char *release, const char *cache_dir, GError **error)
{
    const os_installer *installer = os_installer_find("debian-installer");
    struct media_spec spec = {.kind = MEDIA_PACKAGE,
                              .source = &deb_source,
                              .mirror = g_strdup(g_getenv("INGOT_MIRROR")),
                              .suite = g_strdup(release),
                              .components = g_strdup("main"),
                              .arch = g_strdup("amd64"),
                              .package = installer->package(release, "x86_64"),
                              .keyring = g_strdup(installer->keyring),
                              .kernel_glob = g_strdup(installer->kernel_glob),
                              .initrd_glob = g_strdup(installer->initrd_glob)};
    const struct media_context context = {.cache_dir = cache_dir};
    g_autoptr(media_boot) boot = media_fetch(&spec, &context, error);
    media_spec_clear(&spec);
    return boot && medium_write_with(out, boot->kernel, boot->initrd, error);
}
