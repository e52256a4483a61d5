/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/grub_bios.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* GRUB 2.06, include/grub/i386/pc/boot.h and include/grub/offsets.h; what is done with them is in
 * util/setup.c (SETUP).  All numbers are little-endian. */
#define SECTOR        512u
#define BPB           0x03u /* GRUB_BOOT_MACHINE_BPB_START: kept up to … */
#define BPB_END       0x5au
#define KERNEL_SECTOR 0x5cu  /* GRUB_BOOT_MACHINE_KERNEL_SECTOR: where core.img begins */
#define BOOT_DRIVE    0x64u  /* GRUB_BOOT_MACHINE_BOOT_DRIVE: 0xff: the one that BIOS names */
#define DRIVE_CHECK   0x66u  /* GRUB_BOOT_MACHINE_DRIVE_CHECK: a jump, for disks two NOPs */
#define NT_MAGIC      0x1b8u /* GRUB_BOOT_MACHINE_WINDOWS_NT_MAGIC: kept up to … */
#define PART_END      0x1feu /* GRUB_BOOT_MACHINE_PART_END */
#define BLOCKLIST     0x1f4u /* of core.img's first sector: the one before its end is the first */
#define SEGMENT       0x820u /* GRUB_BOOT_MACHINE_KERNEL_SEG and a sector */
#define CORE_MAX                                                                                   \
    (0x78000u - 0x8200u) /* what setup.c allows above GRUB_KERNEL_I386_PC_LINK_ADDR                \
                          */

static void put_little(guint8 *at, guint64 value, guint bytes)
{
    for (; bytes--; value >>= 8)
        *at++ = (guint8)value;
}

static gboolean grub_refuse(const char *file, const char *why, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_INSTALL, NULL,
                    "the boot loader GRUB cannot be installed: %s %s", file, why);
    return FALSE;
}

static gboolean check_images(GBytes *boot, GBytes *core, guint64 end, GError **error)
{
    gsize size = 0, cores = g_bytes_get_size(core);
    const guint8 *sector = g_bytes_get_data(boot, &size);
    if (size != SECTOR || sector[PART_END] != 0x55 || sector[PART_END + 1] != 0xaa)
        return grub_refuse("boot.img", "is not a boot sector", error);
    if (cores <= SECTOR)
        return grub_refuse("core.img", "is too small", error);
    if (cores > CORE_MAX || cores > end - SECTOR)
        return grub_refuse("core.img", "is too large", error);
    return TRUE;
}

/* The first sector with the partition table and the signature that old has. */
static void merge_boot(const guint8 *old, GBytes *boot, guint8 *sector)
{
    memcpy(sector, g_bytes_get_data(boot, NULL), SECTOR);
    memcpy(sector + BPB, old + BPB, BPB_END - BPB);
    memcpy(sector + NT_MAGIC, old + NT_MAGIC, PART_END - NT_MAGIC);
    put_little(sector + KERNEL_SECTOR, 1, 8);
    sector[BOOT_DRIVE] = 0xff;
    put_little(sector + DRIVE_CHECK, 0x9090, 2);
}

/* Whole sectors of core.img; its first one loads the others: one list of blocks. */
static guint8 *pad_core(GBytes *core, gsize *size)
{
    gsize length = 0;
    const void *data = g_bytes_get_data(core, &length);
    *size = (length + SECTOR - 1) / SECTOR * SECTOR;
    guint8 *padded = g_malloc0(*size);
    memcpy(padded, data, length);
    put_little(padded + BLOCKLIST, 2, 8);
    put_little(padded + BLOCKLIST + 8, *size / SECTOR - 1, 2);
    put_little(padded + BLOCKLIST + 10, SEGMENT, 2);
    return padded;
}

static gboolean embed_in(int fd, GBytes *boot, GBytes *core)
{
    guint8 old[SECTOR], sector[SECTOR];
    gsize size = 0;
    errno = EIO; /* of a short read or write */
    if (pread(fd, old, sizeof old, 0) != (ssize_t)sizeof old)
        return FALSE;
    merge_boot(old, boot, sector);
    g_autofree guint8 *padded = pad_core(core, &size);
    return pwrite(fd, padded, size, SECTOR) == (ssize_t)size &&
           pwrite(fd, sector, sizeof sector, 0) == (ssize_t)sizeof sector;
}

gboolean grub_bios_embed(const char *image, GBytes *boot, GBytes *core, guint64 end, GError **error)
{
    if (!check_images(boot, core, end, error))
        return FALSE;
    int fd = open(image, O_RDWR | O_CLOEXEC);
    gboolean good = fd >= 0 && embed_in(fd, boot, core);
    int cause = errno;
    if (fd >= 0)
        close(fd);
    if (!good)
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot write the boot loader to %s: %s",
                        image, g_strerror(cause));
    return good;
}
