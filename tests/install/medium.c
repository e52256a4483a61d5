/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "medium.h"

#include "base/error.h"
#include "base/files.h"
#include "media/media.h"
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
    struct media_spec spec = {.kind = MEDIA_APT,
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
