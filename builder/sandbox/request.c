/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/request.h"

#include "base/error.h"
#include "base/files.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define REQUEST_TYPE "(uu(uub)btuaayaaya(ayayb))"

static GVariant *mounts_variant(const struct sandbox_mount *mounts)
{
    GVariantBuilder all;
    g_variant_builder_init(&all, G_VARIANT_TYPE("a(ayayb)"));
    for (const struct sandbox_mount *m = mounts; m && m->at; m++)
        g_variant_builder_add(&all, "(^ay^ayb)", m->at, m->from ? m->from : "", m->writable);
    return g_variant_builder_end(&all);
}

static GVariant *request_variant(const struct sandbox_request *r)
{
    static const char *const none[] = {NULL};
    const struct sandbox_spec *s = &r->spec;
    return g_variant_ref_sink(
        g_variant_new("(uu(uub)btu^aay^aay@a(ayayb))", (guint)r->task, (guint)s->kind, r->ids.uid,
                      r->ids.gid, r->ids.outer, r->socket, s->memory, s->processes,
                      s->argv ? s->argv : none, s->env ? s->env : none, mounts_variant(s->mounts)));
}

int sandbox_request_write(const struct sandbox_request *request, GError **error)
{
    g_autoptr(GVariant) v = request_variant(request);
    int fd = memfd_create("sandbox", MFD_CLOEXEC);
    if (fd >= 0 && files_write_all(fd, g_variant_get_data(v), g_variant_get_size(v)) &&
        lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot describe a sandbox: %s",
                    g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static struct sandbox_mount *mounts_of(GVariantIter *iter)
{
    struct sandbox_mount *all = g_new0(struct sandbox_mount, g_variant_iter_n_children(iter) + 1);
    struct sandbox_mount *m = all;
    while (g_variant_iter_next(iter, "(^&ay^&ayb)", &m->at, &m->from, &m->writable)) {
        if (!*m->from)
            m->from = NULL;
        m++;
    }
    m->at = NULL;
    return all;
}

static GVariant *variant_of(int fd)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new_from_fd(fd, FALSE, NULL);
    if (!file)
        return NULL;
    g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(file);
    return g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE(REQUEST_TYPE), bytes, FALSE));
}

gboolean sandbox_request_read(int fd, struct sandbox_request *request)
{
    struct sandbox_request r = {.data = variant_of(fd)};
    if (!r.data) {
        errno = EINVAL;
        return FALSE;
    }
    guint task, kind;
    g_autoptr(GVariantIter) mounts = NULL;
    g_variant_get(r.data, "(uu(uub)btu^a&ay^a&aya(ayayb))", &task, &kind, &r.ids.uid, &r.ids.gid,
                  &r.ids.outer, &r.socket, &r.spec.memory, &r.spec.processes, &r.spec.argv,
                  &r.spec.env, &mounts);
    r.task = task;
    r.spec.kind = kind;
    r.spec.mounts = mounts_of(mounts);
    *request = r;
    return TRUE;
}
