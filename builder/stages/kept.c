/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/kept.h"

#include "base/files.h"
#include "install/install.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <sys/stat.h>

#define RESULT_LIMIT (1u << 20)
#define DISK         "disk.qcow2"
#define RESULT       "result.json"

struct kept {
    char *dir, *disk;
    int lock;
};

void kept_free(kept *k)
{
    if (!k)
        return;
    files_unlock(k->lock);
    g_free(k->dir);
    g_free(k->disk);
    g_free(k);
}

kept *kept_hold(const char *cache_dir, const char *kind, const char *key, GCancellable *cancel,
                GError **error)
{
    g_autoptr(kept) k = g_new0(kept, 1);
    g_autofree char *parent = g_build_filename(cache_dir, "stages", kind, NULL);
    k->dir = g_build_filename(parent, key, NULL);
    k->disk = g_build_filename(k->dir, DISK, NULL);
    k->lock = -1;
    g_autofree char *lock_path = g_strconcat(k->dir, ".lock", NULL);
    if (!files_mkdir(parent, FALSE, error))
        return NULL;
    k->lock = files_lock(lock_path, cancel, error);
    return k->lock >= 0 ? g_steal_pointer(&k) : NULL;
}

const char *kept_disk(const kept *k)
{
    return k->disk;
}

/* ---- result.json ---- */

static void free_phase(gpointer phase)
{
    install_phase_free(phase);
}

static GPtrArray *phases_from(const json_t *result)
{
    size_t i;
    json_t *item;
    GPtrArray *phases = g_ptr_array_new_with_free_func(free_phase);
    json_array_foreach(json_object_get(result, "phases"), i, item)
    {
        const char *name = NULL;
        double seconds = 0;
        if (json_unpack(item, "{s:s, s:F}", "name", &name, "seconds", &seconds) != 0)
            continue;
        struct install_phase *phase = install_phase_new(name);
        phase->seconds = seconds;
        g_ptr_array_add(phases, phase);
    }
    return phases;
}

static json_t *phases_json(const GPtrArray *phases)
{
    json_t *list = json_array();
    for (guint i = 0; i < phases->len; i++) {
        const struct install_phase *phase = g_ptr_array_index(phases, i);
        json_array_append_new(
            list, json_pack("{s:s, s:f}", "name", phase->name, "seconds", phase->seconds));
    }
    return list;
}

static gboolean save(const char *dir, const GPtrArray *phases, GError **error)
{
    g_autofree char *file = g_build_filename(dir, RESULT, NULL);
    json_t *result =
        json_pack("{s:I, s:o}", "made", (json_int_t)(g_get_real_time() / G_USEC_PER_SEC), "phases",
                  phases_json(phases));
    char *text = json_dumps(result, JSON_INDENT(2));
    gboolean good = files_write_atomic(file, text, -1, 0644, error);
    free(text);
    json_decref(result);
    return good;
}

/* A kept disk counts when its result.json is whole, it is young enough and the disk is there. */
GPtrArray *kept_load(const kept *k, guint max_age, gint64 *age)
{
    g_autofree char *file = g_build_filename(k->dir, RESULT, NULL);
    g_autofree char *text = files_read(file, RESULT_LIMIT, NULL, NULL);
    json_t *result = text ? json_loads(text, 0, NULL) : NULL;
    gint64 made = json_integer_value(json_object_get(result, "made"));
    GPtrArray *phases = NULL;
    *age = g_get_real_time() / G_USEC_PER_SEC - made;
    if (result && made > 0 && *age >= 0 && *age <= (gint64)max_age &&
        g_file_test(k->disk, G_FILE_TEST_IS_REGULAR))
        phases = phases_from(result);
    json_decref(result);
    return phases;
}

/* ---- making ---- */

GPtrArray *kept_make(const kept *k, kept_make_fn make, gpointer user, GError **error)
{
    g_autofree char *making = g_strconcat(k->dir, ".making", NULL);
    g_autofree char *disk = g_build_filename(making, DISK, NULL);
    g_autoptr(GPtrArray) phases = g_ptr_array_new_with_free_func(free_phase);
    files_remove_tree(making);
    gboolean good = files_mkdir(making, FALSE, error) && make(disk, phases, user, error) &&
                    save(making, phases, error);
    if (good) {
        files_remove_tree(k->dir);
        good = files_rename(making, k->dir, error);
    }
    if (good)
        return g_steal_pointer(&phases);
    files_remove_tree(making);
    return NULL;
}

/* ---- pruning ---- */

/* Removes one kept disk when it is old and no build holds it. */
static gboolean prune_one(const char *path, guint max_age, guint64 *bytes)
{
    GStatBuf info;
    if (g_lstat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return FALSE;
    if (g_get_real_time() / G_USEC_PER_SEC - info.st_mtime < (gint64)max_age)
        return FALSE;
    g_autofree char *lock_path = g_strconcat(path, ".lock", NULL);
    int lock = files_try_lock(lock_path);
    if (lock < 0)
        return FALSE;
    *bytes += files_usage(path);
    files_remove_tree(path);
    files_unlock(lock);
    return TRUE;
}

static guint prune_kind(const char *parent, guint max_age, guint64 *bytes)
{
    g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
    guint removed = 0;
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(parent, name, NULL);
        removed += prune_one(path, max_age, bytes);
    }
    return removed;
}

guint kept_prune(const char *cache_dir, guint max_age, guint64 *bytes)
{
    g_autofree char *parent = g_build_filename(cache_dir, "stages", NULL);
    g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
    guint64 freed = 0;
    guint removed = 0;
    const char *kind;
    while (dir && (kind = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(parent, kind, NULL);
        removed += prune_kind(path, max_age, &freed);
    }
    if (bytes)
        *bytes = freed;
    return removed;
}
