/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/kept.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "base/timeline.h"
#include "vm/vm.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#define RESULT_LIMIT (1u << 20)
#define RESULT       "result.json"
/* Beside the directory of a key. */
#define LOCK    ".lock"
#define MAKING  ".making"
#define EARLIER ".earlier" /* what is being replaced */

#define DISK  "disk." VM_DISK_FORMAT
#define LAYER "layer.tar.zst"

const struct kept_kind kept_base_disk = {"base", DISK};
const struct kept_kind kept_install_disk = {"install", DISK};
const struct kept_kind kept_base_layer = {"base-layer", LAYER};
const struct kept_kind kept_install_layer = {"install-layer", LAYER};

static const struct kept_kind *const kinds[] = {&kept_base_disk, &kept_install_disk,
                                                &kept_base_layer, &kept_install_layer};

struct kept {
    const struct kept_kind *kind;
    char *dir, *file;
    int lock;
};

static char *kept_path_beside(const char *dir, const char *suffix)
{
    return g_strconcat(dir, suffix, NULL);
}

/* The one lock of a key: making, using or removing its disk takes it. */
static char *lock_path_of(const char *dir)
{
    return kept_path_beside(dir, LOCK);
}

void kept_free(kept *k)
{
    if (!k)
        return;
    files_unlock(k->lock);
    g_free(k->dir);
    g_free(k->file);
    g_free(k);
}

/* What a build that died under the lock has left: its unfinished disk is removed, the disk that
 * it was about to replace is restored. */
static gboolean kept_recover(const char *dir, GError **error)
{
    g_autofree char *making = kept_path_beside(dir, MAKING);
    g_autofree char *earlier = kept_path_beside(dir, EARLIER);
    gboolean good = TRUE;
    if (g_file_test(earlier, G_FILE_TEST_IS_DIR) && !g_file_test(dir, G_FILE_TEST_EXISTS))
        good = files_rename(earlier, dir, error);
    files_remove_tree(making);
    if (good)
        files_remove_tree(earlier);
    return good;
}

/* Nobody else looks into a kept disk: it has the password hashes of the system.  Caches of earlier
 * versions were open. */
static gboolean make_private(const char *stages, const char *parent, GError **error)
{
    if (!files_mkdir(stages, TRUE, error) || !files_mkdir(parent, TRUE, error))
        return FALSE;
    if (g_chmod(stages, 0700) == 0 && g_chmod(parent, 0700) == 0)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_HOST, "it must belong to this user",
                    "cannot make %s private: %s", parent, g_strerror(errno));
    return FALSE;
}

kept *kept_hold(const char *cache_dir, const struct kept_kind *kind, const char *key,
                GCancellable *cancel, GError **error)
{
    g_autoptr(kept) k = g_new0(kept, 1);
    g_autofree char *stages = g_build_filename(cache_dir, "stages", NULL);
    g_autofree char *parent = g_build_filename(stages, kind->name, NULL);
    k->kind = kind;
    k->dir = g_build_filename(parent, key, NULL);
    k->file = g_build_filename(k->dir, kind->file, NULL);
    k->lock = -1;
    g_autofree char *lock_path = lock_path_of(k->dir);
    if (!make_private(stages, parent, error))
        return NULL;
    k->lock = files_lock(lock_path, cancel, error);
    if (k->lock < 0 || !kept_recover(k->dir, error))
        return NULL;
    (void)futimens(k->lock, NULL); /* when it was last used */
    return g_steal_pointer(&k);
}

const char *kept_file(const kept *k)
{
    return k->file;
}

char *kept_file_beside(const kept *k, const char *name)
{
    return g_build_filename(k->dir, name, NULL);
}

/* ---- result.json ---- */

static GPtrArray *phases_from(const json_t *result)
{
    size_t i;
    json_t *item;
    GPtrArray *phases = timeline_phases_new();
    json_array_foreach(json_object_get(result, "phases"), i, item)
    {
        const char *name = NULL;
        double seconds = 0;
        if (json_unpack(item, "{s:s, s:F}", "name", &name, "seconds", &seconds) != 0)
            continue;
        timeline_phases_add(phases, name)->seconds = seconds;
    }
    return phases;
}

/* Without their beginnings; and a phase is a "name" here. */
static json_t *phases_json(const GPtrArray *phases)
{
    size_t i;
    json_t *phase, *list = json_array(), *all = timeline_phases_to_json(phases);
    json_array_foreach(all, i, phase)
        json_array_append_new(list, json_pack("{s:O, s:O}", "name", json_object_get(phase, "phase"),
                                              "seconds", json_object_get(phase, "seconds")));
    json_decref(all);
    return list;
}

/* The files of a kept disk with their sizes.  Each is made private and synced here, so that the
 * record, which is written after it, never describes less than is there. */
static json_t *settle_files(const char *dir, GError **error)
{
    json_t *files = json_object();
    g_autoptr(GDir) entries = g_dir_open(dir, 0, error);
    gboolean good = entries != NULL;
    const char *name;
    while (good && (name = g_dir_read_name(entries))) {
        GStatBuf info;
        g_autofree char *path = g_build_filename(dir, name, NULL);
        if (g_lstat(path, &info) != 0 || !S_ISREG(info.st_mode))
            continue;
        good = g_chmod(path, 0600) == 0 ||
               (ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot make %s private: %s", path,
                                g_strerror(errno)),
                FALSE);
        good = good && files_sync(path, error);
        json_object_set_new(files, name, json_integer((json_int_t)info.st_size));
    }
    if (good)
        return files;
    json_decref(files);
    return NULL;
}

static gboolean save(const char *dir, const GPtrArray *phases, GError **error)
{
    json_t *files = settle_files(dir, error);
    if (!files)
        return FALSE;
    g_autofree char *file = g_build_filename(dir, RESULT, NULL);
    json_t *result =
        json_pack("{s:I, s:o, s:o}", "made", (json_int_t)(g_get_real_time() / G_USEC_PER_SEC),
                  "files", files, "phases", phases_json(phases));
    char *text = json_dumps(result, JSON_INDENT(2));
    gboolean good = files_write_atomic(file, text, -1, 0600, error);
    free(text);
    json_decref(result);
    return good;
}

/* Whether a file has its recorded size; tightens the modes of earlier versions. */
static gboolean file_is_whole(const char *path, const json_t *size, char **why)
{
    GStatBuf info;
    if (g_lstat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
        *why = g_strdup_printf("%s is missing", path);
        return FALSE;
    }
    if (!json_is_integer(size) || info.st_size != (goffset)json_integer_value(size)) {
        *why = g_strdup_printf("%s has %" G_GOFFSET_FORMAT " bytes, but had %" G_GINT64_FORMAT
                               " when it was kept",
                               path, (goffset)info.st_size, (gint64)json_integer_value(size));
        return FALSE;
    }
    if ((info.st_mode & 0077) != 0)
        (void)g_chmod(path, 0600);
    return TRUE;
}

static gboolean files_are_whole(const kept *k, json_t *result, char **why)
{
    const char *name;
    json_t *size, *files = json_object_get(result, "files");
    if (!json_object_get(files, k->kind->file)) {
        *why = g_strdup_printf("the size of %s was not recorded", k->file);
        return FALSE;
    }
    json_object_foreach(files, name, size)
    {
        g_autofree char *path = g_build_filename(k->dir, name, NULL);
        if (strchr(name, '/') || !file_is_whole(path, size, why))
            return FALSE;
    }
    return TRUE;
}

GPtrArray *kept_load(const kept *k, guint max_age, gint64 *age, char **why)
{
    g_autofree char *file = g_build_filename(k->dir, RESULT, NULL);
    g_autofree char *text = files_read(file, RESULT_LIMIT, NULL, NULL);
    json_t *result = text ? json_loads(text, 0, NULL) : NULL;
    gint64 made = json_integer_value(json_object_get(result, "made"));
    GPtrArray *phases = NULL;
    *why = NULL;
    *age = g_get_real_time() / G_USEC_PER_SEC - made;
    if (result && made > 0 && *age >= 0 && *age <= (gint64)max_age &&
        files_are_whole(k, result, why))
        phases = phases_from(result);
    json_decref(result);
    return phases;
}

/* ---- making ---- */

/* Between the two renames the key has no disk; kept_recover puts the earlier one back. */
static gboolean replace_kept(const char *making, const char *dir, GError **error)
{
    g_autofree char *earlier = kept_path_beside(dir, EARLIER);
    if (g_file_test(dir, G_FILE_TEST_EXISTS) && !files_rename(dir, earlier, error))
        return FALSE;
    if (!files_rename(making, dir, error))
        return FALSE;
    files_remove_tree(earlier);
    return TRUE;
}

GPtrArray *kept_make(const kept *k, kept_make_fn make, gpointer user, GError **error)
{
    g_autofree char *making = kept_path_beside(k->dir, MAKING);
    g_autofree char *file = g_build_filename(making, k->kind->file, NULL);
    g_autoptr(GPtrArray) phases = timeline_phases_new();
    files_remove_tree(making);
    if (files_mkdir(making, TRUE, error) && make(file, phases, user, error) &&
        save(making, phases, error) && replace_kept(making, k->dir, error))
        return g_steal_pointer(&phases);
    g_autoptr(GError) local = NULL;
    if (!kept_recover(k->dir, &local))
        g_warning("%s", local->message);
    return NULL;
}

/* ---- listing and removing ---- */

/* The key that an entry belongs to (KEY, KEY.lock, KEY.making, ...); owned by the caller. */
static char *kept_key_of(const char *entry)
{
    static const char *const suffixes[] = {LOCK, MAKING, EARLIER};
    char *key = g_strdup(entry);
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++)
        if (g_str_has_suffix(key, suffixes[i]))
            key[strlen(key) - strlen(suffixes[i])] = '\0';
    return key;
}

static void visit_keys(const char *parent, void (*visit)(const char *dir, gpointer user),
                       gpointer user)
{
    g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GDir) dir = files_is_dir(parent) ? g_dir_open(parent, 0, NULL) : NULL;
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        char *key = kept_key_of(name);
        if (digest_is_hex(key))
            g_hash_table_add(keys, key);
        else
            g_free(key); /* not one of ours */
    }
    GHashTableIter i;
    gpointer key;
    g_hash_table_iter_init(&i, keys);
    while (g_hash_table_iter_next(&i, &key, NULL)) {
        g_autofree char *path = g_build_filename(parent, key, NULL);
        visit(path, user);
    }
}

static void kept_visit_all(const char *cache_dir, void (*visit)(const char *dir, gpointer user),
                           gpointer user)
{
    g_autofree char *parent = g_build_filename(cache_dir, "stages", NULL);
    g_autoptr(GDir) dir = files_is_dir(parent) ? g_dir_open(parent, 0, NULL) : NULL;
    const char *kind;
    while (dir && (kind = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(parent, kind, NULL);
        visit_keys(path, visit, user);
    }
}

struct asking {
    const struct kept_kind *kind;
    guint max_age;
    gboolean there;
};

static void ask_key(const char *dir, gpointer user)
{
    struct asking *a = user;
    gint64 age;
    g_autofree char *why = NULL;
    g_autofree char *file = g_build_filename(dir, a->kind->file, NULL);
    const struct kept k = {.kind = a->kind, .dir = (char *)dir, .file = file, .lock = -1};
    g_autoptr(GPtrArray) phases = a->there ? NULL : kept_load(&k, a->max_age, &age, &why);
    a->there |= phases != NULL;
}

gboolean kept_is_there(const char *cache_dir, const struct kept_kind *kind, const char *key,
                       guint max_age)
{
    struct asking a = {.kind = kind, .max_age = max_age};
    g_autofree char *parent = g_build_filename(cache_dir, "stages", kind->name, NULL);
    g_autofree char *dir = key ? g_build_filename(parent, key, NULL) : NULL;
    if (dir)
        ask_key(dir, &a);
    else
        visit_keys(parent, ask_key, &a);
    return a.there;
}

struct pruning {
    guint max_age, removed;
    guint64 freed;
};

static guint64 usage_of_key(const char *dir)
{
    static const char *const suffixes[] = {"", MAKING, EARLIER};
    guint64 bytes = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = kept_path_beside(dir, suffixes[i]);
        bytes += files_usage_alone(path);
    }
    return bytes;
}

static gboolean is_old(const char *dir, guint max_age)
{
    GStatBuf info;
    return g_lstat(dir, &info) == 0 &&
           g_get_real_time() / G_USEC_PER_SEC - info.st_mtime >= (gint64)max_age;
}

/* What matters is whether it existed: under the name of an unfinished disk it is removed now, or
 * else by the next holder of the key. */
static gboolean remove_disk(const char *dir)
{
    g_autofree char *making = kept_path_beside(dir, MAKING);
    g_autoptr(GError) error = NULL;
    gboolean good = files_rename(dir, making, &error);
    if (!good)
        g_warning("%s", error->message);
    files_remove_tree(making);
    return good;
}

struct key_lock {
    char *path;
    int fd;
    gboolean is_new; /* nobody has used the disk since locks are kept */
};

static struct key_lock lock_key(const char *dir)
{
    struct key_lock l = {.path = lock_path_of(dir)};
    l.is_new = !g_file_test(l.path, G_FILE_TEST_EXISTS);
    l.fd = files_try_lock(l.path);
    return l;
}

/* A lock that guards nothing is removed, and so is a new one: its time would count as a use. */
static void unlock_key(struct key_lock *l, const char *dir)
{
    if (l->fd >= 0 && (l->is_new || !g_file_test(dir, G_FILE_TEST_EXISTS)))
        files_unlock_remove(l->fd, l->path);
    else
        files_unlock(l->fd);
    g_free(l->path);
}

/* Removes what dead builds of a key have left, its disk when that is old, and the lock when it
 * guards nothing any more. */
static void prune_key(const char *dir, gpointer user)
{
    struct pruning *p = user;
    g_autoptr(GError) error = NULL;
    struct key_lock lock = lock_key(dir);
    if (lock.fd < 0) {
        unlock_key(&lock, dir);
        return;
    }
    guint64 before = usage_of_key(dir);
    if (!kept_recover(dir, &error))
        g_warning("%s", error->message);
    if (files_is_dir(dir) && is_old(dir, p->max_age) && remove_disk(dir))
        p->removed++;
    p->freed += before - MIN(before, usage_of_key(dir));
    g_autofree char *strange = g_strconcat(dir, MAKING, LOCK, NULL);
    (void)g_unlink(strange); /* earlier versions took KEY.making for a key */
    unlock_key(&lock, dir);
}

guint kept_prune(const char *cache_dir, guint max_age, guint64 *bytes)
{
    struct pruning p = {.max_age = max_age};
    kept_visit_all(cache_dir, prune_key, &p);
    if (bytes)
        *bytes = p.freed;
    return p.removed;
}

/* ---- the order with what other rooms keep ---- */

/* Holding a key touches its lock (kept_hold). */
static gint64 last_used(const char *dir)
{
    GStatBuf info;
    g_autofree char *lock_path = lock_path_of(dir);
    return g_lstat(lock_path, &info) == 0 || g_lstat(dir, &info) == 0 ? cached_time(&info) : 0;
}

/* What is installed has a second name of its base system in its own directory (installation.c):
 * while that exists, the space is not free. */
static gboolean is_under_another(const char *dir)
{
    gboolean shared = FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        GStatBuf info;
        g_autofree char *file = g_build_filename(dir, kinds[i]->file, NULL);
        shared |= g_lstat(file, &info) == 0 && info.st_nlink > 1;
    }
    return shared;
}

static gboolean remove_kept(const cached *c, guint64 *freed)
{
    if (last_used(c->path) > c->used)
        return FALSE;
    struct key_lock lock = lock_key(c->path);
    guint64 bytes = files_usage_alone(c->path);
    gboolean gone =
        lock.fd >= 0 && files_is_dir(c->path) && !is_under_another(c->path) && remove_disk(c->path);
    if (gone)
        *freed += bytes;
    unlock_key(&lock, c->path);
    return gone;
}

static void list_key(const char *dir, gpointer list)
{
    if (!files_is_dir(dir))
        return;
    const cached c = {
        .path = g_strdup(dir), .used = last_used(dir), .remove = remove_kept, .covers = TRUE};
    cached_add(list, &c);
}

void kept_list_cached(const char *cache_dir, GPtrArray *list)
{
    kept_visit_all(cache_dir, list_key, list);
}
