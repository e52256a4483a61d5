/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "inspect/snapshot.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct member {
    const char *path;
    unsigned type, mode;
    const char *text; /* of a link: its target; NULL: size bytes of zeros */
    gint64 size;
};

#define FILE_OF(path, text)                                                                        \
    {                                                                                              \
        path, AE_IFREG, 0644, text, 0                                                              \
    }
#define LINK_TO(path, place)                                                                       \
    {                                                                                              \
        path, AE_IFLNK, 0777, place, 0                                                             \
    }
#define HARD_LINK 0u /* a type */

static void add_member(struct archive *a, const struct member *m)
{
    struct archive_entry *entry = archive_entry_new();
    gint64 size = m->text && m->type == AE_IFREG ? (gint64)strlen(m->text) : m->size;
    archive_entry_set_pathname(entry, m->path);
    archive_entry_set_filetype(entry, m->type == HARD_LINK ? AE_IFREG : m->type);
    archive_entry_set_perm(entry, (__LA_MODE_T)m->mode);
    archive_entry_set_uid(entry, 7);
    archive_entry_set_gid(entry, 8);
    archive_entry_set_rdevmajor(entry, 1);
    archive_entry_set_rdevminor(entry, 3);
    archive_entry_set_size(entry, size);
    if (m->type == AE_IFLNK)
        archive_entry_set_symlink(entry, m->text);
    if (m->type == HARD_LINK)
        archive_entry_set_hardlink(entry, m->text);
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    static const char zeros[65536];
    for (gint64 left = m->type == AE_IFREG ? size : 0; left > 0; left -= (gint64)sizeof zeros)
        assert_true(archive_write_data(a, m->text ? m->text : zeros,
                                       (gsize)MIN(left, (gint64)sizeof zeros)) > 0);
    archive_entry_free(entry);
}

/* A tar stream in memory; the caller closes it. */
static int tar_of(const struct member *members)
{
    int fd = memfd_create("tar", MFD_CLOEXEC);
    struct archive *a = archive_write_new();
    archive_write_set_format_gnutar(a);
    assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
    for (; members->path; members++)
        add_member(a, members);
    assert_int_equal(archive_write_free(a), ARCHIVE_OK);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static gboolean read_all(const struct member *members, snapshot *s, GError **error)
{
    int fd = tar_of(members);
    gboolean good = snapshot_add_etc(s, fd, error) && snapshot_finish(s, error);
    close(fd);
    return good;
}

static const struct snapshot_fact *fact_of(const snapshot *s, enum snapshot_section section,
                                           const char *key)
{
    const GPtrArray *facts = snapshot_facts(s, section);
    for (guint i = 0; i < facts->len; i++) {
        const struct snapshot_fact *fact = g_ptr_array_index(facts, i);
        if (strcmp(fact->key, key) == 0)
            return fact;
    }
    fail_msg("there is no %s", key);
    return NULL;
}

static const struct member etc[] = {
    {"./", AE_IFDIR, 0755, NULL, 0},
    {"./ssh/", AE_IFDIR, 0700, NULL, 0},
    FILE_OF("./ssh/sshd_config", "UsePAM yes\n"),
    {"./ssh/copy", HARD_LINK, 0644, "./ssh/sshd_config", 0},
    LINK_TO("./mtab", "/proc/mounts"),
    {"./pipe", AE_IFIFO, 0600, NULL, 0},
    {"./null", AE_IFCHR, 0666, NULL, 0},
    FILE_OF("./fstab", "/dev/vda1 / ext4 ro 0 1\n"),
    FILE_OF("./passwd", "root:x:0:0:root:/root:/bin/sh\n"),
    FILE_OF("./group", "root:x:0:\n"),
    FILE_OF("./shadow", "root:$y$geheim:1::::::\n"),
    FILE_OF("./default/grub", "GRUB_TIMEOUT=5\n"),
    FILE_OF("./default/grub.d/x.cfg", "A=1\n"),
    FILE_OF("./default/grub.d/x.dpkg-old", "B=1\n"),
    FILE_OF("./kernel/cmdline", "quiet\n"),
    LINK_TO("./systemd/system/multi-user.target.wants/ssh.service", "/lib/systemd/ssh.service"),
    FILE_OF("./systemd/system/nscd.service", ""),
    FILE_OF("./odd\033name\xff", "x"),
    {NULL, 0, 0, NULL, 0},
};

static void assert_fact(const snapshot *s, enum snapshot_section section, const char *key,
                        const char *value)
{
    assert_string_equal(fact_of(s, section, key)->value, value);
}

static void reads_a_tree(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(snapshot) s = snapshot_new();
    assert_true(read_all(etc, s, &error));
    assert_no_error(error);
    assert_int_equal(snapshot_facts(s, SNAPSHOT_ETC)->len, G_N_ELEMENTS(etc) - 1);
    assert_fact(s, SNAPSHOT_ETC, "/etc", "directory 0755 7:8");
    assert_fact(s, SNAPSHOT_ETC, "/etc/ssh", "directory 0700 7:8");
    assert_fact(s, SNAPSHOT_ETC, "/etc/ssh/sshd_config", "file 0644 7:8");
    assert_fact(s, SNAPSHOT_ETC, "/etc/mtab", "link 0777 7:8 -> /proc/mounts");
    assert_fact(s, SNAPSHOT_ETC, "/etc/pipe", "fifo 0600 7:8");
    assert_fact(s, SNAPSHOT_ETC, "/etc/null", "character device 1,3 0666 7:8");
    assert_fact(s, SNAPSHOT_ETC, "/etc/odd\033name\xff", "file 0644 7:8");
    assert_string_equal(fact_of(s, SNAPSHOT_ETC, "/etc/ssh/copy")->digest,
                        fact_of(s, SNAPSHOT_ETC, "/etc/ssh/sshd_config")->digest);
    assert_string_not_equal(fact_of(s, SNAPSHOT_ETC, "/etc/fstab")->digest,
                            fact_of(s, SNAPSHOT_ETC, "/etc/group")->digest);
}

static void reads_what_files_say(void **state)
{
    (void)state;
    g_autoptr(snapshot) s = snapshot_new();
    assert_true(read_all(etc, s, NULL));
    assert_fact(s, SNAPSHOT_FSTAB, "/", "/dev/vda1 ext4 ro 0 1");
    assert_fact(s, SNAPSHOT_ACCOUNTS, "user root", "0:0, 'root', /root, /bin/sh");
    assert_fact(s, SNAPSHOT_ACCOUNTS, "group root", "0");
    assert_fact(s, SNAPSHOT_ACCOUNTS, "password of root", "has password");
    assert_fact(s, SNAPSHOT_BOOT, "/etc/default/grub: GRUB_TIMEOUT", "5");
    assert_fact(s, SNAPSHOT_BOOT, "/etc/default/grub.d/x.cfg: A", "1");
    assert_fact(s, SNAPSHOT_BOOT, "/etc/kernel/cmdline", "quiet");
    assert_int_equal(snapshot_facts(s, SNAPSHOT_BOOT)->len, 3);
    assert_fact(s, SNAPSHOT_UNITS, "system/multi-user.target.wants/ssh.service", "enabled");
    assert_fact(s, SNAPSHOT_UNITS, "system/nscd.service", "masked");
}

static void big_files(void **state)
{
    static const struct member good[] = {{"./big", AE_IFREG, 0644, NULL, 3 << 20},
                                         {NULL, 0, 0, NULL, 0}};
    static const struct member bad[] = {{"./fstab", AE_IFREG, 0644, NULL, 3 << 20},
                                        {NULL, 0, 0, NULL, 0}};
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(snapshot) s = snapshot_new();
    g_autoptr(snapshot) other = snapshot_new();
    assert_true(read_all(good, s, NULL));
    assert_false(read_all(bad, other, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "/etc/fstab in the guest has more than");
}

/* As of a sparse file of many gigabytes: the stream is not read to its end. */
static void too_big_a_tree(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(snapshot) s = snapshot_new();
    const struct member one[] = {{"./huge", AE_IFREG, 0644, "x", 0}, {NULL, 0, 0, NULL, 0}};
    int fd = tar_of(one);
    /* The size in the header and its checksum, in octal digits: tar(5), "ustar". */
    char header[512];
    assert_int_equal(pread(fd, header, sizeof header, 0), sizeof header);
    memcpy(header + 124, "05000000000", 11);
    memset(header + 148, ' ', 8);
    unsigned sum = 0;
    for (gsize i = 0; i < sizeof header; i++)
        sum += (guchar)header[i];
    g_snprintf(header + 148, 8, "%06o", sum);
    assert_int_equal(pwrite(fd, header, sizeof header, 0), sizeof header);
    assert_int_equal(ftruncate(fd, 400 << 20), 0);
    assert_false(snapshot_add_etc(s, fd, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "more than 256 MiB");
    close(fd);
}

static void no_tar_stream(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(snapshot) s = snapshot_new();
    int fd = memfd_create("tar", MFD_CLOEXEC);
    assert_int_equal(write(fd, "not a tar stream at all", 23), 23);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_false(snapshot_add_etc(s, fd, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "cannot read /etc");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_tree), cmocka_unit_test(reads_what_files_say),
        cmocka_unit_test(big_files), cmocka_unit_test(too_big_a_tree),
        cmocka_unit_test(no_tar_stream)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
