/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "phony.h"

#include "base/files.h"
#include "base/spawn.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <guestfs.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define UUID       PHONY_UUID
#define UUID_OTHER "5f0c0de0-1111-4222-8333-777788889999"

#define PACKAGE(name, state, version)                                                              \
    "Package: " name "\nStatus: " state "\nArchitecture: amd64\nVersion: " version                 \
    "\nDescription: a package\n\n"

/* What makes libguestfs see a Debian, and must be there unchanged afterwards. */
static const struct phony_entry kept[] = {
    {"etc", 0755, NULL},
    {"etc/os-release", 0644,
     "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nVERSION_ID=\"13\"\n"},
    {"etc/debian_version", 0644, "13.1\n"},
    {"etc/hostname", 0644, "golden\n"},
    {"etc/fstab", 0644,
     "# <file system> <mount point> <type> <options> <dump> <pass>\n"
     "UUID=" UUID " / ext4 errors=remount-ro 0 1\n"
     "/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\n"},
    {"etc/shadow", 0640, "root:$y$j9T$abc$def:20000:0:99999:7:::\ndaemon:*:20000:0:99999:7:::\n"},
    {"etc/default", 0755, NULL},
    {"etc/ssh", 0755, NULL},
    {"etc/ssh/sshd_config", 0644, "UsePAM yes\n"},
    {"etc/apt", 0755, NULL},
    {"etc/apt/sources.list", 0644, "deb http://mirror.example.org/debian trixie main\n"},
    {"etc/initramfs-tools", 0755, NULL},
    {"etc/initramfs-tools/initramfs.conf", 0644, "MODULES=dep\nRESUME=none\n"},
    {"bin", 0755, NULL},
    {"root", 0700, NULL},
    {"root/.bashrc", 0644, "umask 022\n"},
    {"home", 0755, NULL},
    {"home/admin", 0700, NULL},
    {"home/admin/notes", 0600, "the password is not here\n"},
    {"boot", 0755, NULL},
    {"tmp", 01777, NULL},
    {"usr/lib/systemd/system", 0755, NULL},
    {"usr/lib/systemd/systemd", 0755, ""},
    /* Debian 13 has this one, and it does nothing in a clone. */
    {"usr/lib/systemd/system/sshd-keygen.service", 0644, "[Unit]\nConditionFirstBoot=yes\n"},
    {"usr/sbin/sshd", 0755, ""},
    {"var/tmp", 01777, NULL},
    {"var/log/private", 0700, NULL},
    {"var/log/README", 0777, "-> ../../usr/share/doc/README.logs"},
    {"var/lib/dbus", 0755, NULL},
    {"var/lib/dpkg", 0755, NULL},
    {"var/lib/dpkg/status", 0644,
     PACKAGE("vim", "install ok installed", "2:9.1.1230-2")
         PACKAGE("screen", "hold ok installed", "4.9.1-3")
             PACKAGE("tree", "deinstall ok config-files", "2.2.1-1")
                 PACKAGE("base-files", "install ok installed", "13.8")},
    {"var/lib/apt/lists/partial", 0700, NULL},
    {"var/cache/apt/archives/partial", 0700, NULL},
    {"var/cache/debconf", 0755, NULL},
    {"var/cache/debconf/config.dat", 0644, "Name: tzdata/Areas\nValue: Etc\n"},
    {NULL, 0, NULL},
};

/* What a used machine has and a template must not have. */
static const struct phony_entry left[] = {
    {"etc/machine-id", 0444, "0123456789abcdef0123456789abcdef\n"},
    {"etc/ssh/ssh_host_ed25519_key", 0600, "PRIVATE\n"},
    {"etc/ssh/ssh_host_ed25519_key.pub", 0644, "ssh-ed25519 AAAA\n"},
    {"etc/ssh/ssh_host_rsa_key", 0600, "PRIVATE\n"},
    {"etc/network/interfaces", 0644,
     "auto eth0\niface eth0 inet dhcp\n    hwaddress ether " PHONY_MAC "\n"},
    {"etc/NetworkManager/system-connections/wired.nmconnection", 0600,
     "[connection]\nid=wired\nuuid=0e7a3ad9-6b7b-4f43-a7b9-6d0a7a7d8f10\ntype=ethernet\n"
     "[ethernet]\nmac-address=" PHONY_MAC "\n[ipv4]\nmethod=auto\n"},
    {"etc/systemd/network/10-lan.network", 0644,
     "[Match]\nMACAddress=" PHONY_MAC "\n[Network]\nDHCP=yes\n"},
    {"etc/netplan/50-cloud-init.yaml", 0600,
     "network:\n  ethernets:\n    eth0:\n      match:\n        macaddress: '" PHONY_MAC "'\n"
     "      dhcp4: true\n"},
    {"etc/udev/rules.d/70-persistent-net.rules", 0644, "ATTR{address}==\"" PHONY_MAC "\"\n"},
    {"etc/passwd", 0644,
     "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
     "admin:x:1000:1000:Admin,,,:/home/admin:/bin/bash\n"
     "postgres:x:105:111::/var/lib/postgresql:/bin/bash\n"
     "evil:x:106:112::/srv/{a,b}/../..:/bin/sh\n"},
    {"etc/shadow-", 0640, "root:" PHONY_PASSWORD ":1:0:99999:7:::\n"},
    {"etc/apt/apt.conf", 0644,
     "Acquire::http::Proxy \"http://10.0.2.2:3142/\";\nAPT::Keep \"1\";\n"},
    {"preseed.cfg", 0644, "d-i passwd/root-password password " PHONY_PASSWORD "\n"},
    {"root/.bash_history", 0600, "passwd\n"},
    {"root/.lesshst", 0600, "x\n"},
    {"home/admin/.bash_history", 0600, "ls\n"},
    {"tmp/.hidden", 0644, "x\n"},
    {"tmp/dir/file", 0644, "x\n"},
    {"tmp/link", 0777, "-> /etc/passwd"},
    {"var/tmp/file", 0644, "x\n"},
    {"var/lib/dbus/machine-id", 0444, "0123456789abcdef0123456789abcdef\n"},
    {"var/lib/dhcp/dhclient.eth0.leases", 0644, "lease { hardware " PHONY_MAC "; }\n"},
    {"var/lib/dhcpcd/eth0.lease", 0644, "lease\n"},
    {"var/lib/dhcpcd/duid", 0644, "00:01:00:01:" PHONY_MAC "\n"},
    {"var/lib/NetworkManager/secret_key", 0600, "key\n"},
    {"var/lib/systemd/random-seed", 0600, "seed\n"},
    {"var/lib/systemd/credential.secret", 0600, "secret\n"},
    {"var/lib/apt/lists/mirror.example.org_dists_trixie_InRelease", 0644, "x\n"},
    {"var/cache/apt/pkgcache.bin", 0644, "x\n"},
    {"var/cache/apt/archives/vim_9.deb", 0644, "x\n"},
    {"var/cache/debconf/passwords.dat", 0600,
     "Name: passwd/root-password\nTemplate: passwd/root-password\nValue: " PHONY_PASSWORD "\n"},
    {"var/cache/debconf/passwords.dat-old", 0600, "Value: " PHONY_PASSWORD "\n"},
    {"var/log/installer/syslog", 0600, "preseed: " PHONY_PASSWORD "\n"},
    {"var/log/syslog", 0640, "eth0: " PHONY_MAC "\n"},
    {"var/log/syslog.1", 0640, "old\n"},
    {"var/log/dpkg.log.2.gz", 0644, "old\n"},
    {"var/log/wtmp", 0664, "login\n"},
    {"var/log/apt/term.log", 0640, "log\n"},
    {"var/log/journal/0123456789abcdef0123456789abcdef/system.journal", 0640, "LPKSHHRH\n"},
    {NULL, 0, NULL},
};

/* On top of what is kept: what makes another system of it. */
static const struct phony_entry other[] = {
    {"etc/hostname", 0600, "silver\n"},
    {"etc/fstab", 0644, "UUID=" UUID " / ext4 noatime 0 1\n"},
    {"etc/passwd", 0644, "root:x:0:0:root:/root:/bin/bash\n"},
    {"etc/shadow", 0640, "root:!:20000:0:99999:7:::\ndaemon:*:20000:0:99999:7:::\n"},
    {"etc/default/grub", 0644, "# a comment\nGRUB_TIMEOUT=5\n"},
    {"etc/systemd/system/multi-user.target.wants/ssh.service", 0777,
     "-> /usr/lib/systemd/system/ssh.service"},
    {"etc/systemd/system/nscd.service", 0777, "-> /dev/null"},
    {"etc/evil\n\033[2Jname", 0644, "x"},
    {"boot/vmlinuz-6.1", 0644, "x"},
    {"boot/grub/grub.cfg", 0644,
     "menuentry 'Debian' {\n\tlinux /boot/vmlinuz-6.1 root=UUID=" UUID " ro\n}\n"},
    {"var/lib/apt/extended_states", 0644, "Package: vim\nArchitecture: amd64\nAuto-Installed: 1\n"},
    {"var/lib/dpkg/status", 0644,
     PACKAGE("vim", "install ok installed", "2:9.2-1")
         PACKAGE("base-files", "install ok installed", "13.8")},
    {NULL, 0, NULL},
};

static void must(gboolean good, const char *what, guestfs_h *h)
{
    if (!good)
        g_error("cannot %s: %s", what, h ? guestfs_last_error(h) : "");
}

static void add_entry(struct archive *a, const struct phony_entry *e)
{
    struct archive_entry *entry = archive_entry_new();
    gboolean link = e->text && g_str_has_prefix(e->text, "-> ");
    gboolean fifo = e->text && strcmp(e->text, "|") == 0;
    gsize length = e->text && !link && !fifo ? strlen(e->text) : 0;
    archive_entry_set_pathname(entry, e->path);
    archive_entry_set_filetype(entry, !e->text ? AE_IFDIR
                                      : link   ? AE_IFLNK
                                      : fifo   ? AE_IFIFO
                                               : AE_IFREG);
    archive_entry_set_perm(entry, (__LA_MODE_T)e->mode);
    archive_entry_set_size(entry, (la_int64_t)length);
    if (link)
        archive_entry_set_symlink(entry, e->text + strlen("-> "));
    must(archive_write_header(a, entry) == ARCHIVE_OK, "write a tar header", NULL);
    must(archive_write_data(a, e->text, length) == (la_ssize_t)length, "write tar data", NULL);
    archive_entry_free(entry);
}

static void add_samples(struct archive *a)
{
    for (const struct phony_sample *s = phony_samples; s->operation; s++) {
        const struct phony_entry gone = {s->gone, 0600, "to go\n"};
        const struct phony_entry stays = {s->stays, 0640, PHONY_STAYS};
        add_entry(a, &gone);
        add_entry(a, &stays);
    }
}

/* Tables as a tar in memory, for one upload. */
static int archive_of(const struct phony_entry *const *tables)
{
    int fd = memfd_create("phony", MFD_CLOEXEC);
    struct archive *a = archive_write_new();
    archive_write_set_format_pax_restricted(a);
    must(archive_write_set_options(a, "hdrcharset=BINARY") == ARCHIVE_OK && fd >= 0 &&
             archive_write_open_fd(a, fd) == ARCHIVE_OK,
         "make a tar file", NULL);
    for (; *tables; tables++) {
        for (const struct phony_entry *e = *tables; e->path; e++)
            add_entry(a, e);
        if (*tables == left)
            add_samples(a);
    }
    archive_write_free(a);
    must(lseek(fd, 0, SEEK_SET) == 0, "read a tar file", NULL);
    return fd;
}

int phony_archive(const struct phony_entry *more)
{
    return archive_of((const struct phony_entry *const[]){kept, left, more, NULL});
}

static void make_root_of(guestfs_h *h, const char *device, const char *uuid, int fd)
{
    g_autofree char *path = g_strdup_printf("/dev/fd/%d", fd);
    must(guestfs_mkfs(h, "ext4", device) == 0 && guestfs_set_uuid(h, device, uuid) == 0 &&
             guestfs_mount(h, device, "/") == 0,
         "make a file system", h);
    must(guestfs_tar_in(h, path, "/") == 0 && guestfs_umount_all(h) == 0, "upload", h);
}

static void make_root(guestfs_h *h, const char *device, const char *uuid,
                      const struct phony_entry *first, const struct phony_entry *second)
{
    int fd = archive_of((const struct phony_entry *const[]){first, second, NULL});
    make_root_of(h, device, uuid, fd);
    close(fd);
}

void phony_system_of(guestfs_h *h, const char *disk, int archive)
{
    g_autofree char *device = g_strconcat(disk, "1", NULL);
    must(guestfs_part_disk(h, disk, "mbr") == 0, "partition", h);
    make_root_of(h, device, UUID, archive);
}

void phony_system(guestfs_h *h, const char *disk, const struct phony_entry *entries)
{
    int fd = archive_of((const struct phony_entry *const[]){entries, NULL});
    phony_system_of(h, disk, fd);
    close(fd);
}

static void partition(guestfs_h *h, const char *disk, gint64 border)
{
    must(guestfs_part_init(h, disk, "gpt") == 0 &&
             guestfs_part_add(h, disk, "p", 2048, border - 1) == 0 &&
             guestfs_part_add(h, disk, "p", border, -2048) == 0,
         "partition", h);
}

#define BORDER 160000 /* in sectors */

/* A root, swap and an EFI system partition.  parted's "boot" flag on GPT is the type of the last,
 * so that no identifier is written here that could be wrong in the same way as the policy's; that
 * of swap is as sfdisk(8) lists it. */
static void partition_with_swap(guestfs_h *h, const char *disk)
{
    must(guestfs_part_init(h, disk, "gpt") == 0 &&
             guestfs_part_add(h, disk, "p", 2048, BORDER - 1) == 0 &&
             guestfs_part_add(h, disk, "p", BORDER, BORDER + 8191) == 0 &&
             guestfs_part_add(h, disk, "p", BORDER + 8192, -2048) == 0 &&
             guestfs_part_set_gpt_type(h, disk, 2, "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F") == 0 &&
             guestfs_part_set_bootable(h, disk, 3, 1) == 0,
         "partition", h);
}

static void fill(guestfs_h *h)
{
    static const struct phony_entry text[] = {{"readme", 0644, "nothing here\n"}, {NULL, 0, NULL}};
    must(guestfs_part_disk(h, "/dev/sda", "mbr") == 0, "partition", h);
    make_root(h, "/dev/sda1", UUID, kept, left);
    partition_with_swap(h, "/dev/sdb");
    make_root(h, "/dev/sdb1", UUID, kept, other);
    must(guestfs_mkswap(h, "/dev/sdb2") == 0 && guestfs_mkfs(h, "vfat", "/dev/sdb3") == 0,
         "make swap and an EFI file system", h);
    partition(h, "/dev/sdc", 98304);
    make_root(h, "/dev/sdc1", UUID, kept, NULL);
    make_root(h, "/dev/sdc2", UUID_OTHER, kept, NULL);
    must(guestfs_part_disk(h, "/dev/sdd", "mbr") == 0, "partition", h);
    make_root(h, "/dev/sdd1", UUID, text, NULL);
}

guestfs_h *phony_appliance(char *const *images, gboolean make)
{
    guestfs_h *h = guestfs_create();
    must(h && guestfs_set_backend(h, "direct") == 0 &&
             guestfs_set_backend_setting(h, "force_tcg", "1") == 0,
         "set up libguestfs", h);
    for (; *images; images++)
        must((!make || guestfs_disk_create(h, *images, "qcow2", PHONY_SIZE, -1) == 0) &&
                 guestfs_add_drive_opts(h, *images, GUESTFS_ADD_DRIVE_OPTS_FORMAT, "qcow2",
                                        GUESTFS_ADD_DRIVE_OPTS_READONLY, !make,
                                        GUESTFS_ADD_DRIVE_OPTS_CACHEMODE, "unsafe", -1) == 0,
             "add a disk", h);
    must(guestfs_launch(h) == 0, "launch libguestfs", h);
    return h;
}

void phony_appliance_end(guestfs_h *h)
{
    must(guestfs_umount_all(h) == 0 && guestfs_shutdown(h) == 0, "shut down", h);
    guestfs_close(h);
}

void phony_make(struct phony_disks *disks)
{
    disks->folder = g_dir_make_tmp("ingot-phony-XXXXXX", NULL);
    char **const paths[] = {&disks->debian, &disks->with_swap, &disks->two_roots,
                            &disks->no_system};
    static const char *const names[] = {"debian", "with-swap", "two-roots", "no-system"};
    char *images[G_N_ELEMENTS(paths) + 1] = {NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
        images[i] = *paths[i] = g_strdup_printf("%s/%s.qcow2", disks->folder, names[i]);
    guestfs_h *h = phony_appliance(images, TRUE);
    fill(h);
    phony_appliance_end(h);
}

void phony_remove(struct phony_disks *disks)
{
    files_remove_tree(disks->folder);
    g_free(disks->folder);
    g_free(disks->debian);
    g_free(disks->with_swap);
    g_free(disks->two_roots);
    g_free(disks->no_system);
}

char *phony_overlay(const struct phony_disks *disks, const char *image, const char *name)
{
    g_autoptr(GError) error = NULL;
    char *path = g_build_filename(disks->folder, name, NULL);
    const char *const argv[] = {"qemu-img", "create", "-q",  "-f", "qcow2", "-F",
                                "qcow2",    "-b",     image, path, NULL};
    if (!spawn_run(argv, NULL, NULL, &error))
        g_error("cannot make an overlay: %s", error->message);
    return path;
}
