/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/byhand.h"

#include "base/files.h"
#include "stages/stages.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

/* The names in the directory; the script has them too. */
#define KERNEL "kernel"
#define INITRD "initrd"
#define MEDIUM "medium.iso"
#define SCRIPT "qemu.sh"

struct byhand {
    const plan *plan;
    const char *dir;
    const media_boot *media;
    progress *progress;
    GCancellable *cancel;
};

char *byhand_answer_name(const struct os_file *f)
{
    return g_strdelimit(g_strdup(f->path), "/", '_');
}

char *build_script_by_hand(const plan *p)
{
    return plan_script(p, KERNEL, INITRD, MEDIUM);
}

static gboolean byhand_write_answers(const struct byhand *h, GError **error)
{
    for (guint i = 0; i < h->plan->files->len; i++) {
        const struct os_file *f = g_ptr_array_index(h->plan->files, i);
        gsize length;
        const void *data = g_bytes_get_data(f->data, &length);
        g_autofree char *name = byhand_answer_name(f);
        g_autofree char *path = g_build_filename(h->dir, name, NULL);
        if (!files_write_atomic(path, data, (gssize)length, 0600, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean byhand_copy(const struct byhand *h, const char *from, const char *name,
                            GError **error)
{
    g_autofree char *to = g_build_filename(h->dir, name, NULL);
    g_autoptr(GFile) source = g_file_new_for_path(from);
    g_autoptr(GFile) target = g_file_new_for_path(to);
    return g_file_copy(source, target, G_FILE_COPY_OVERWRITE, h->cancel, NULL, NULL, error);
}

/* Kernel and initrd with the files, or the medium.  Files that a build serves over HTTP are in
 * the directory: whoever runs the script also types the boot command. */
static gboolean byhand_write_boot(const struct byhand *h, GError **error)
{
    g_autofree char *initrd = g_build_filename(h->dir, INITRD, NULL);
    if (h->media->medium)
        return byhand_copy(h, h->media->medium, MEDIUM, error);
    return byhand_copy(h, h->media->kernel, KERNEL, error) &&
           plan_append_files(h->plan, h->plan->installer->packages != NULL, h->media->initrd,
                             initrd, error);
}

/* Empty, or with the packages unpacked. */
static gboolean byhand_make_disk(const struct byhand *h, GError **error)
{
    g_autofree char *name = plan_disk_name(h->plan);
    g_autofree char *disk = g_build_filename(h->dir, name, NULL);
    if (!h->media->packages)
        return vm_disk_create(disk, h->plan->disk_size, NULL, h->cancel, error);
    (void)g_unlink(disk);
    return build_unpack(h->plan, h->media, disk, h->progress, h->cancel, error);
}

static gboolean byhand_write_script(const struct byhand *h, GError **error)
{
    g_autofree char *path = g_build_filename(h->dir, SCRIPT, NULL);
    g_autofree char *text = build_script_by_hand(h->plan);
    return files_write_atomic(path, text, -1, 0755, error);
}

gboolean build_write_by_hand(const plan *p, const char *dir, progress *reporter,
                             GCancellable *cancel, GError **error)
{
    const struct media_context context = {
        .cache_dir = p->cache_dir, .progress = reporter, .cancel = cancel};
    g_autoptr(media_boot) boot = media_fetch(&p->media, &context, error);
    const struct byhand h = {p, dir, boot, reporter, cancel};
    return boot && files_mkdir(dir, TRUE, error) && byhand_write_boot(&h, error) &&
           byhand_write_answers(&h, error) && byhand_make_disk(&h, error) &&
           byhand_write_script(&h, error);
}
