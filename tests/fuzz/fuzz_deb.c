/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "debian/unpacked.h"
#include "rootfs/queue.h"

#include <archive_entry.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUDGET (1u << 20)

static char *folder; /* fuzzing is one process without an end */

static void drop_folder(void)
{
    files_remove_tree(folder);
}

/* What is taken as a name or a line has nothing that means more there. */
static void check(const deb_unpacked *p)
{
    g_assert(*p->name && !strpbrk(p->name, "/\n ") && !strpbrk(p->version, "/\n "));
    g_assert(!strpbrk(p->arch, "/\n ") && !strpbrk(p->stem, "/\n "));
    g_assert(!strstr(p->control, "\n\n"));
    for (guint i = 0; i < p->conffiles->len; i++) {
        const struct deb_conffile *c = g_ptr_array_index(p->conffiles, i);
        g_assert(!strchr(c->path, '\n') && deb_unpacked_conffile(p, c->path) == c);
    }
}

static void read_data(rootfs_queue *q, GError **error)
{
    struct archive_entry *entry;
    struct archive *a = rootfs_queue_open(q, error);
    int code = ARCHIVE_FATAL;
    while (a && (code = archive_read_next_header(a, &entry)) == ARCHIVE_OK)
        continue;
    gboolean good = a && rootfs_queue_finish(q, a, code, error);
    g_assert(good || *error);
    archive_read_free(a);
}

/* Any bytes as a binary package. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!folder) {
        folder = files_temp_dir(g_get_tmp_dir(), "ingot-fuzz", NULL);
        (void)atexit(drop_folder);
    }
    g_autofree char *path = g_build_filename(folder, "a.deb", NULL);
    g_autoptr(GError) error = NULL;
    if (!g_file_set_contents_full(path, (const char *)data, (gssize)size, G_FILE_SET_CONTENTS_NONE,
                                  0600, NULL))
        abort();
    const char *const paths[] = {path};
    g_autoptr(rootfs_queue) q = rootfs_queue_new(&deb_format, paths, 1, 1, BUDGET);
    gconstpointer members = NULL;
    gboolean opened = rootfs_queue_next(q, &members, NULL, &error);
    g_assert(opened ? members != NULL : error != NULL);
    if (!opened)
        return 0;
    g_autoptr(deb_unpacked) p = deb_unpacked_new(path, "a", members, NULL);
    if (p)
        check(p);
    read_data(q, &error);
    return 0;
}
