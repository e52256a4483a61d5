/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/disk.h"

#include "base/error.h"
#include "base/gpt.h"
#include "base/spawn.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MIB    (G_GUINT64_CONSTANT(1) << 20)
#define SECTOR 512u
#define SIZE_MIN                                                                                   \
    (256 * MIB) /* below this, the file systems do not even have their usual layout                \
                 */
#define SIZE_MAX_                                                                                  \
    (G_GUINT64_CONSTANT(16) << 40) /* the limit of ext4 with blocks of 4 KiB and 32 bits */
#define ESP     (128 * MIB)
#define GPT_END MIB /* the second GPT is in the last 33 sectors */

static gboolean disk_run(const char *const *argv, const char *input, GCancellable *cancel,
                         GError **error)
{
    g_autoptr(GBytes) bytes = input ? g_bytes_new(input, strlen(input)) : NULL;
    const struct spawn_options options = {.input = bytes, .cancel = cancel};
    return spawn_run(argv, &options, NULL, error);
}

static gboolean make_sparse(const char *raw, guint64 size, GError **error)
{
    int fd = open(raw, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    gboolean good = fd >= 0 && ftruncate(fd, (off_t)size) == 0;
    int cause = errno;
    if (fd >= 0)
        close(fd);
    if (!good)
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot create the disk image %s: %s", raw,
                        g_strerror(cause));
    return good;
}

/* sfdisk(8), "Script-header lines" and "Unnamed-fields format". */
static char *partition_script(const struct rootfs_layout *layout, guint64 start, guint64 sectors)
{
    if (layout->efi)
        return g_strdup_printf(
            "label: gpt\nunit: sectors\n"
            "start=%" G_GUINT64_FORMAT ", size=%" G_GUINT64_FORMAT ", type=" GPT_ESP "\n"
            "start=%" G_GUINT64_FORMAT ", size=%" G_GUINT64_FORMAT ", type=" GPT_LINUX_DATA "\n",
            MIB / SECTOR, ESP / SECTOR, start, sectors);
    return g_strdup_printf("label: dos\nunit: sectors\n%s%.8s%s"
                           "start=%" G_GUINT64_FORMAT ", size=%" G_GUINT64_FORMAT
                           ", type=83, bootable\n",
                           *layout->uuid ? "label-id: 0x" : "", layout->uuid,
                           *layout->uuid ? "\n" : "", start, sectors);
}

static gboolean partition(const char *raw, const struct rootfs_layout *layout, guint64 offset,
                          guint64 length, GCancellable *cancel, GError **error)
{
    const char *const argv[] = {"sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", raw, NULL};
    g_autofree char *script = partition_script(layout, offset / SECTOR, length / SECTOR);
    return disk_run(argv, script, cancel, error);
}

static gboolean make_esp(const char *raw, GCancellable *cancel, GError **error)
{
    g_autofree char *offset = g_strdup_printf("--offset=%" G_GUINT64_FORMAT, MIB / SECTOR);
    g_autofree char *blocks = g_strdup_printf("%" G_GUINT64_FORMAT, ESP / 1024);
    /* Small clusters: with fewer than 65525, firmware takes it for FAT16 and finds nothing (FAT
     * specification 1.03, "FAT Type Determination"; UEFI 2.10, 13.3). */
    const char *const argv[] = {"mkfs.fat", "-F", "32", "-s", "1", offset, raw, blocks, NULL};
    return disk_run(argv, NULL, cancel, error);
}

/* Without features that Debian 12's GRUB cannot read (metadata_csum_seed) or its kernel warns about
 * (orphan_file).  The image is all zeros: nothing needs zeroing, now or later in the guest. */
static gboolean make_ext4(const char *raw, const struct rootfs_layout *layout, guint64 offset,
                          guint64 length, GCancellable *cancel, GError **error)
{
    const char *uuid = layout->uuid;
    g_autofree char *options =
        g_strdup_printf("offset=%" G_GUINT64_FORMAT
                        ",lazy_itable_init=1,lazy_journal_init=1,assume_storage_prezeroed=1%s%s",
                        offset, *uuid ? ",hash_seed=" : "", uuid);
    g_autofree char *blocks = g_strdup_printf("%" G_GUINT64_FORMAT "K", length / 1024);
    const char *const argv[] = {"mke2fs",
                                "-q",
                                "-F",
                                "-t",
                                "ext4",
                                "-b",
                                "4096",
                                "-O",
                                "^metadata_csum_seed,^orphan_file",
                                "-E",
                                options,
                                "-U",
                                *uuid ? uuid : "random",
                                raw,
                                blocks,
                                NULL};
    return disk_run(argv, NULL, cancel, error);
}

static gboolean check_size(guint64 size, GError **error)
{
    if (size >= SIZE_MIN && size < SIZE_MAX_)
        return TRUE;
    g_autofree char *shown = text_size(size), *least = text_size(SIZE_MIN);
    ingot_set_error(error, INGOT_EXIT_INSTALL,
                    size < SIZE_MIN ? "raise disk.size in the recipe"
                                    : "lower disk.size in the recipe",
                    "a disk of %s is too %s (the minimum is %s)", shown,
                    size < SIZE_MIN ? "small" : "large", least);
    return FALSE;
}

gboolean disk_make(const char *raw, const struct rootfs_layout *layout, guint64 *offset,
                   GCancellable *cancel, GError **error)
{
    gboolean efi = layout->efi;
    *offset = efi ? MIB + ESP : MIB;
    if (!check_size(layout->size, error))
        return FALSE;
    guint64 length = (layout->size - *offset - (efi ? GPT_END : 0)) / MIB * MIB;
    return make_sparse(raw, layout->size, error) &&
           partition(raw, layout, *offset, length, cancel, error) &&
           (!efi || make_esp(raw, cancel, error)) &&
           make_ext4(raw, layout, *offset, length, cancel, error);
}

gboolean disk_convert(const char *raw, const char *image, const char *format, GCancellable *cancel,
                      GError **error)
{
    const char *const argv[] = {"qemu-img", "convert", "-f", "raw", "-O", format, raw, image, NULL};
    return disk_run(argv, NULL, cancel, error);
}
