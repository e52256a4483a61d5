/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/bootloader.h"
#include "inspect/policy.h"
#include "inspect/search.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const GPtrArray *found)
{
    for (guint i = 0; i < found->len; i++) {
        const struct inspect_finding *finding = g_ptr_array_index(found, i);
        g_assert(g_utf8_validate(finding->text, -1, NULL) && !strchr(finding->text, '\033'));
    }
}

static void search(int fd, GArray *needles)
{
    g_autoptr(GPtrArray) found = inspect_findings_new();
    g_autoptr(GError) error = NULL;
    g_assert(lseek(fd, 0, SEEK_SET) == 0);
    gboolean good = search_tar(fd, "/etc", needles, found, &error);
    g_assert(good == !error);
    check(found);
    close(fd);
}

/* A file of this name: what is before the first line end. */
static int wrap(const char *data, size_t size)
{
    const char *line = memchr(data, '\n', size);
    size_t length = line ? (size_t)(line - data) : 0, skip = line ? length + 1 : 0;
    g_autofree char *path = g_strndup(data, length);
    int fd = memfd_create("tar", MFD_CLOEXEC);
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    archive_write_set_format_gnutar(a);
    (void)archive_write_open_fd(a, fd);
    archive_entry_set_pathname(entry, *path ? path : "name");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, (la_int64_t)(size - skip));
    if (archive_write_header(a, entry) == ARCHIVE_OK)
        (void)archive_write_data(a, data + skip, size - skip);
    archive_entry_free(entry);
    archive_write_free(a);
    return fd;
}

/* Any bytes as a tar stream, as a file in one, and as the configuration of a boot loader. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GArray) needles = policy_secret_needles();
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(bootloader_facts) boot = bootloader_facts_new();
    needles_add_mac(needles, "52:54:00:6b:1d:9e", g_array_index(needles, struct needle, 0).rule,
                    "a MAC address is");
    int fd = memfd_create("tar", MFD_CLOEXEC);
    g_assert(write(fd, data, size) == (ssize_t)size);
    search(fd, needles);
    search(wrap((const char *)data, size), needles);
    bootloader_add_text(boot, text);
    return 0;
}
