/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/namespace.h"

#include "base/files.h"
#include "base/pipe.h"
#include "base/text.h"
#include "rootfs/layer.h"
#include "rootfs/rootfs.h"
#include "stages/installation.h"
#include "stages/unpack.h"

#include <unistd.h>

/* Raise it when the meaning of the inputs changes, or what is made of them. */
#define KEY_VERSION "namespace-1"
#define TREE        "tree"         /* in the work directory */
#define BASE_LAYER  "base.tar.zst" /* beside the layer that stands on it */

/* The scripts of a distribution need no more than that, and a runaway one gets no more. */
#define PROCESSES  2000u
#define MEMORY_MIN (G_GUINT64_CONSTANT(2) << 30)

/* Where the scripts of the answers are in the sandbox. */
#define FILES_AT "/run/ingot"

/* ---- the key ---- */

static void namespace_add_inputs(const build *b, gboolean base_only, digest *d)
{
    const plan *p = b->plan;
    digest_field(d, "version", KEY_VERSION);
    digest_field(d, "installer", p->installer->name);
    digest_field(d, "architecture", p->vm.arch);
    installation_add_media(b->media, d);
    installation_add_files(p, base_only, d);
}

/* ---- the tree ---- */

static char *namespace_directory(const build *b)
{
    return g_build_filename(b->work_dir, TREE, NULL);
}

static gboolean namespace_open(build *b, GError **error)
{
    g_autofree char *directory = namespace_directory(b);
    const struct tree_spec spec = {.directory = directory, .kind = b->plan->sandbox};
    g_return_val_if_fail(!b->tree, FALSE);
    b->tree = tree_open(&spec, b->cancel, error);
    return b->tree != NULL;
}

void namespace_clear(build *b)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *directory = namespace_directory(b);
    const struct tree_spec spec = {.directory = directory, .kind = b->plan->sandbox};
    if (!b->tree)
        return;
    g_clear_pointer(&b->tree, tree_close);
    if (!tree_remove(&spec, &error))
        progress_warning(b->progress, "cannot remove %s: %s", directory, error->message);
}

/* Its files belong to others, unless we are root. */
static void namespace_remove_dead(const char *dir, gpointer user)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *left = g_build_filename(dir, TREE, NULL);
    (void)user;
    if (files_is_dir(left) && !sandbox_remove_directory(left, SANDBOX_USER, &error))
        g_warning("%s", error->message);
}

void namespace_clear_dead(const char *cache_dir)
{
    g_autofree char *work = g_build_filename(cache_dir, "work", NULL);
    if (geteuid() != 0)
        files_visit_dead(work, namespace_remove_dead, NULL);
}

gboolean namespace_tree(build *b, GError **error)
{
    if (b->tree)
        return TRUE;
    g_autofree char *base = kept_file_beside(b->kept, BASE_LAYER);
    const char *const layers[] = {base, kept_file(b->kept), NULL};
    progress_phase(b->progress, "put layers together");
    return namespace_open(b, error) && layer_put(b->tree, layers, error);
}

/* ---- an archive from one thread to another ---- */

/* One end of it; both close their descriptor. */
typedef gboolean (*namespace_end_fn)(build *b, int fd, gconstpointer data, GError **error);

struct writing {
    namespace_end_fn write;
    build *b;
    int fd;
    gconstpointer data;
    GError *error;
};

static gpointer namespace_write_thread(gpointer data)
{
    struct writing *w = data;
    return GINT_TO_POINTER(w->write(w->b, w->fd, w->data, &w->error));
}

/* write runs in a thread of its own.  Of two errors the reader's is the cause, because a reader
 * that gives up ends the writer; but not if the writer has met a broken package. */
static gboolean namespace_pipe(build *b, namespace_end_fn write, namespace_end_fn read,
                               gconstpointer data, GError **error)
{
    int ends[2];
    g_autoptr(GError) reading = NULL;
    if (!pipe_open(ends, error))
        return FALSE;
    struct writing w = {.write = write, .b = b, .fd = ends[1], .data = data};
    GThread *thread = g_thread_new("archive", namespace_write_thread, &w);
    gboolean got = read(b, ends[0], data, &reading);
    gboolean sent = GPOINTER_TO_INT(g_thread_join(thread));
    g_autoptr(GError) writing = w.error;
    if (got && sent)
        return TRUE;
    gboolean reader =
        !got && (sent || ingot_error_exit(writing, INGOT_EXIT_HOST) != INGOT_EXIT_MEDIA);
    g_propagate_error(error, reader ? g_steal_pointer(&reading) : g_steal_pointer(&writing));
    return FALSE;
}

static gboolean namespace_write_packages(build *b, int fd, gconstpointer data, GError **error)
{
    (void)data;
    return unpack_archive(b->plan, b->media, b->work_dir, fd, b->progress, b->cancel, error);
}

static gboolean namespace_read_tree(build *b, int fd, gconstpointer data, GError **error)
{
    (void)data;
    return tree_receive(b->tree, "/", fd, error);
}

/* ---- running the scripts ---- */

/* Writes the plan's files below folder, which the sandbox sees. */
static gboolean namespace_write_files(const build *b, gboolean base_only, const char *folder,
                                      GError **error)
{
    gsize n = 0;
    g_autofree struct media_file *files = plan_media_files(b->plan, base_only, &n);
    for (gsize i = 0; i < n; i++) {
        gsize size;
        const char *data = g_bytes_get_data(files[i].data, &size);
        g_autofree char *path = g_build_filename(folder, files[i].path, NULL);
        g_autofree char *parent = g_path_get_dirname(path);
        if (!files_mkdir(parent, FALSE, error) ||
            !files_write_atomic(path, data, (gssize)size, 0644, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean namespace_run_in(build *b, const char *name, const char *folder, GPtrArray *phases,
                                 GError **error)
{
    char uuid[LAYOUT_UUID_BYTES];
    unpack_root_uuid(b->media, uuid);
    g_autofree char *root_uuid = g_strconcat("root_uuid=", uuid, NULL);
    g_autofree char *script =
        g_build_filename(FILES_AT, b->plan->installer->namespace_script, NULL);
    g_autofree char *directory = namespace_directory(b);
    const char *const argv[] = {"/bin/sh", script, NULL};
    const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", root_uuid, NULL};
    const struct sandbox_mount mounts[] = {{"/", directory, TRUE},
                                           {"/run", NULL, TRUE},
                                           {"/tmp", NULL, TRUE},
                                           {FILES_AT, folder, FALSE},
                                           {NULL, NULL, FALSE}};
    const struct sandbox_spec sandbox = {.kind = b->plan->sandbox,
                                         .argv = argv,
                                         .env = env,
                                         .mounts = mounts,
                                         .socket = -1,
                                         .memory = MAX(b->plan->vm.memory, MEMORY_MIN),
                                         .processes = PROCESSES};
    struct install_spec spec = {.sandbox = &sandbox};
    return installation_run(b, name, &spec, phases, error);
}

static gboolean namespace_run(build *b, const char *name, gboolean base_only, GPtrArray *phases,
                              GError **error)
{
    g_autofree char *sub = g_strconcat("files-", name, NULL);
    g_autofree char *folder = g_build_filename(b->work_dir, sub, NULL);
    return namespace_write_files(b, base_only, folder, error) &&
           namespace_run_in(b, name, folder, phases, error);
}

/* ---- the base system ---- */

static gboolean namespace_base_make(const char *layer, GPtrArray *phases, gpointer user,
                                    GError **error)
{
    build *b = user;
    double began = timeline_now(b->timeline);
    progress_phase(b->progress, "unpack");
    if (!namespace_open(b, error) ||
        !namespace_pipe(b, namespace_write_packages, namespace_read_tree, NULL, error))
        return FALSE;
    timeline_phases_add(phases, "unpack")->seconds = timeline_now(b->timeline) - began;
    if (!namespace_run(b, "packages", TRUE, phases, error))
        return FALSE;
    began = timeline_now(b->timeline);
    progress_phase(b->progress, "keep");
    gboolean good = layer_save(b->tree, FALSE, layer, NULL, error);
    timeline_phases_add(phases, "keep")->seconds = timeline_now(b->timeline) - began;
    return good;
}

/* The tree of the base system, and its layer under the name base. */
static gboolean namespace_base(build *b, const char *base, GPtrArray *phases, GError **error)
{
    g_autofree char *key = installation_base_key(b, &install_in_namespace);
    g_autoptr(kept) k = kept_hold(b->plan->cache_dir, &kept_base_layer, key, b->cancel, error);
    if (!k)
        return FALSE;
    const char *const layers[] = {kept_file(k), NULL};
    if (installation_load_base(b, k)) {
        if (!namespace_open(b, error) || !layer_put(b->tree, layers, error))
            return FALSE;
    } else {
        GPtrArray *made = kept_make(k, namespace_base_make, b, error);
        if (!made)
            return FALSE;
        g_ptr_array_extend_and_steal(phases, made);
    }
    return installation_share_base(kept_file(k), base, b->cancel, error);
}

/* ---- the recipe ---- */

static gboolean namespace_make(const char *layer, GPtrArray *phases, gpointer user, GError **error)
{
    build *b = user;
    g_autofree char *folder = g_path_get_dirname(layer);
    g_autofree char *base = g_build_filename(folder, BASE_LAYER, NULL);
    return namespace_base(b, base, phases, error) && tree_mark(b->tree, error) &&
           namespace_run(b, "system", FALSE, phases, error) &&
           layer_save(b->tree, TRUE, layer, NULL, error);
}

const struct install_way install_in_namespace = {
    .kept = &kept_install_layer,
    .base = &kept_base_layer,
    .add_inputs = namespace_add_inputs,
    .make = namespace_make,
};

/* ---- the disk ---- */

/* GRUB's images have 512 bytes and some tens of KiB. */
#define BOOT_FILE_MAX (1u << 20)

/* A file of the boot loader out of the tree, owned by the caller; NULL with *error unset: none. */
static GBytes *namespace_boot_file(build *b, const char *name, GError **error)
{
    struct tree_stat info;
    g_autofree char *path =
        g_build_filename("/boot/grub", b->plan->answers.sources->loader_target, name, NULL);
    if (!tree_stat(b->tree, path, TRUE, &info, error) || !info.mode)
        return NULL;
    return tree_read(b->tree, path, 0, BOOT_FILE_MAX, error);
}

static gboolean namespace_send_tree(build *b, int fd, gconstpointer data, GError **error)
{
    (void)data;
    return tree_send(b->tree, "/", NULL, fd, error);
}

static gboolean namespace_read_disk(build *b, int fd, gconstpointer data, GError **error)
{
    return rootfs_write_disk(data, fd, b->cancel, error);
}

gboolean namespace_write_disk(build *b, const char *disk, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GBytes) boot = namespace_boot_file(b, "boot.img", &local);
    g_autoptr(GBytes) core = local ? NULL : namespace_boot_file(b, "core.img", &local);
    if (local) {
        g_propagate_prefixed_error(error, g_steal_pointer(&local),
                                   "cannot read the boot loader in the new system: ");
        return FALSE;
    }
    const struct rootfs_disk spec = {
        .image = disk, .layout = unpack_layout(b->plan, b->media), .boot = boot, .core = core};
    return namespace_pipe(b, namespace_send_tree, namespace_read_disk, &spec, error);
}
