/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/environment.h"

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "media/kmod.h"
#include "media/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORM        "1" /* of what is made; a new one is made when it changes */
#define FILE_MAX    (256u << 20)
#define MODULES_MAX (G_GUINT64_CONSTANT(1) << 30) /* of all that is spooled, packed */
#define DEPTH_MAX   64u
#define CHUNK       (256u << 10)

/* Data in the spool. */
struct piece {
    guint64 at;
    gsize length;
};

struct module {
    char *path; /* in the package */
    struct piece packed;
    enum { FRESH, STARTED, LOADED } state;
};

struct environment {
    struct media_job *job;
    int spool;           /* a file of all modules, of which few are needed: 70 MiB */
    GHashTable *modules; /* folded name -> struct module * */
    GHashTable *builtin; /* folded names */
    char *version;       /* of the modules: their folder's name */
    char *kernel_member, *kernel_in;
    char *kernel; /* the file it is copied to; NULL: there is none yet */
    GBytes *shell;
    guint64 bytes;
    GString *order;
    GPtrArray *paths; /* of the initrd's files; beside files */
    GArray *files;    /* of struct media_file; their data is owned */
};

static void module_free(gpointer data)
{
    struct module *m = data;
    g_free(m->path);
    g_free(m);
}

static void file_clear(gpointer data)
{
    struct media_file *f = data;
    g_bytes_unref(f->data);
}

static void init(struct environment *e, struct media_job *job)
{
    e->job = job;
    e->spool = -1;
    e->modules = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, module_free);
    e->builtin = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    e->order = g_string_new(NULL);
    e->paths = g_ptr_array_new_with_free_func(g_free);
    e->files = g_array_new(FALSE, FALSE, sizeof(struct media_file));
    g_array_set_clear_func(e->files, file_clear);
}

static void clear(struct environment *e)
{
    if (e->spool >= 0)
        close(e->spool);
    g_hash_table_unref(e->modules);
    g_hash_table_unref(e->builtin);
    g_string_free(e->order, TRUE);
    g_array_unref(e->files);
    g_ptr_array_unref(e->paths);
    g_free(e->version);
    g_free(e->kernel_member);
    g_free(e->kernel_in);
    g_free(e->kernel);
    g_clear_pointer(&e->shell, g_bytes_unref);
}

/* ---- out of the packages ---- */

static gboolean fail_entry(GError **error, const char *path, const char *in, const char *why)
{
    g_autofree char *shown = text_printable(path, -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot extract %s from %s: %s", shown, in, why);
    return FALSE;
}

/* Creates a file for data of the packages, in the job's directory; -1 on error. */
static int create_file(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot write %s: %s", path,
                        g_strerror(errno));
    return fd;
}

static gboolean copy_entry(media_reader *reader, const struct media_entry *entry, const char *in,
                           int fd, gsize *length, GError **error)
{
    g_autofree char *chunk = g_malloc(CHUNK);
    gssize n;
    *length = 0;
    while ((n = media_reader_data(reader, chunk, CHUNK, error)) > 0) {
        *length += (gsize)n;
        if (*length > FILE_MAX)
            return fail_entry(error, entry->path, in, "it is larger than 256 MiB");
        if (!files_write_all(fd, chunk, (gsize)n))
            return fail_entry(error, entry->path, in, g_strerror(errno));
    }
    return n == 0;
}

static gboolean spool_entry(struct environment *e, media_reader *reader,
                            const struct media_entry *entry, const char *in, struct piece *piece,
                            GError **error)
{
    if (e->spool < 0) {
        g_autofree char *path = g_build_filename(e->job->work, "spool", NULL);
        e->spool = create_file(path, error);
    }
    piece->at = e->bytes;
    if (e->spool < 0 || !copy_entry(reader, entry, in, e->spool, &piece->length, error))
        return FALSE;
    e->bytes += piece->length;
    return e->bytes <= MODULES_MAX || fail_entry(error, entry->path, in, "there are too many");
}

static GBytes *read_piece(const struct environment *e, const struct piece *piece, GError **error)
{
    g_autofree char *data = g_malloc(piece->length);
    gsize have = 0;
    ssize_t n = 1;
    while (have < piece->length && n > 0) {
        n = pread(e->spool, data + have, piece->length - have, (off_t)(piece->at + have));
        have += n > 0 ? (gsize)n : 0;
        n = n < 0 && errno == EINTR ? 1 : n;
    }
    if (have == piece->length)
        return g_bytes_new_take(g_steal_pointer(&data), have);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot read %s again: %s", e->job->work,
                    n < 0 ? g_strerror(errno) : "it is truncated");
    return NULL;
}

static GBytes *read_entry(struct environment *e, media_reader *reader,
                          const struct media_entry *entry, const char *in, GError **error)
{
    struct piece piece;
    return spool_entry(e, reader, entry, in, &piece, error) ? read_piece(e, &piece, error) : NULL;
}

static gboolean take_kernel(struct environment *e, media_reader *reader,
                            const struct media_entry *entry, const char *in, GError **error)
{
    gsize length;
    if (e->kernel)
        return fail_entry(error, entry->path, in, "there is more than one kernel");
    e->kernel = g_build_filename(e->job->work, "kernel", NULL);
    e->kernel_member = g_strdup(entry->path);
    e->kernel_in = g_strdup(in);
    int fd = create_file(e->kernel, error);
    gboolean good = fd >= 0 && copy_entry(reader, entry, in, fd, &length, error);
    if (fd >= 0 && close(fd) != 0 && good)
        good = fail_entry(error, entry->path, in, g_strerror(errno));
    return good;
}

static gboolean take_module(struct environment *e, media_reader *reader,
                            const struct media_entry *entry, const char *in, GError **error)
{
    struct piece packed;
    g_autofree char *name = media_kmod_name(entry->path);
    if (!name || g_hash_table_contains(e->modules, name))
        return TRUE;
    if (!spool_entry(e, reader, entry, in, &packed, error))
        return FALSE;
    struct module *m = g_new0(struct module, 1);
    m->path = g_strdup(entry->path);
    m->packed = packed;
    g_hash_table_insert(e->modules, g_steal_pointer(&name), m);
    return TRUE;
}

static gboolean take_builtin(struct environment *e, media_reader *reader,
                             const struct media_entry *entry, const char *in, GError **error)
{
    gsize size = 0;
    g_autoptr(GBytes) bytes = read_entry(e, reader, entry, in, error);
    const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    g_autofree char *text = g_strndup(data ? data : "", size);
    g_auto(GStrv) lines = g_strsplit_set(text, "\r\n", -1);
    for (char **line = lines; *line; line++) {
        char *name = media_kmod_name(*line);
        if (name)
            g_hash_table_add(e->builtin, name);
    }
    return bytes != NULL;
}

/* What follows lib/modules/, or NULL. */
static const char *below_modules(const char *path)
{
    static const char *const folders[] = {"lib/modules/", "usr/lib/modules/"};
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        if (g_str_has_prefix(path, folders[i]))
            return path + strlen(folders[i]);
    }
    return NULL;
}

static gboolean same_version(struct environment *e, const char *below)
{
    g_autofree char *version = g_strndup(below, strcspn(below, "/"));
    if (!e->version)
        e->version = g_steal_pointer(&version);
    return !version || g_str_equal(version, e->version);
}

typedef gboolean (*visit_fn)(struct environment *e, media_reader *reader,
                             const struct media_entry *entry, const char *in, GError **error);

static gboolean visit_kernel(struct environment *e, media_reader *reader,
                             const struct media_entry *entry, const char *in, GError **error)
{
    if (fnmatch(e->job->spec->source->kernel_glob, entry->path, FNM_PATHNAME) == 0)
        return take_kernel(e, reader, entry, in, error);
    const char *below = below_modules(entry->path);
    const char *rest = below ? strchr(below, '/') : NULL;
    if (!rest)
        return TRUE;
    if (!same_version(e, below))
        return fail_entry(error, entry->path, in, "there are modules of more than one kernel");
    if (g_str_equal(rest, "/modules.builtin"))
        return take_builtin(e, reader, entry, in, error);
    return take_module(e, reader, entry, in, error);
}

static gboolean visit_shell(struct environment *e, media_reader *reader,
                            const struct media_entry *entry, const char *in, GError **error)
{
    if (e->shell || !g_strv_contains(e->job->spec->source->shell_paths, entry->path))
        return TRUE;
    e->shell = read_entry(e, reader, entry, in, error);
    return e->shell != NULL;
}

static gboolean visit_all(struct environment *e, const media_package *from, visit_fn visit,
                          GError **error)
{
    g_autoptr(GError) local = NULL;
    struct media_entry entry = {0};
    progress_detail(e->job->net.progress, "looking into %s", from->file);
    g_autoptr(media_reader) reader = media_reader_open(
        from->path, from->file, media_job_format(e->job), e->job->net.cancel, error);
    if (!reader)
        return FALSE;
    while (media_reader_next(reader, &entry, &local) &&
           (!entry.regular || visit(e, reader, &entry, from->file, &local)))
        continue;
    g_free(entry.path);
    if (!local)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean environment_survey(struct environment *e, const struct media_choice *from,
                                   GError **error)
{
    const struct media_source *source = e->job->spec->source;
    const media_package *shell = g_ptr_array_index(from->shell, 0);
    const media_package *last = g_ptr_array_index(from->kernel, from->kernel->len - 1);
    for (guint i = 0; i < from->kernel->len; i++) {
        if (!visit_all(e, g_ptr_array_index(from->kernel, i), visit_kernel, error))
            return FALSE;
    }
    if (!visit_all(e, shell, visit_shell, error))
        return FALSE;
    const media_package *lacks = !e->kernel ? last : !e->shell ? shell : NULL;
    if (!lacks)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "there is no file %s in %s",
                    e->kernel ? source->shell_paths[0] : source->kernel_glob, lacks->file);
    return FALSE;
}

/* ---- the modules, in an order in which they can be loaded ---- */

static void environment_add_file(struct environment *e, char *path, guint mode, GBytes *data)
{
    struct media_file file = {.path = path, .data = g_bytes_ref(data), .mode = mode};
    g_ptr_array_add(e->paths, path);
    g_array_append_val(e->files, file);
}

static gboolean fail_module(const struct environment *e, const char *name, const char *needed_by,
                            GError **error)
{
    g_autofree gpointer *keys = g_hash_table_get_keys_as_array(e->modules, NULL);
    const char *near = text_nearest(name, (const char *const *)keys);
    g_autofree char *hint = near ? g_strdup_printf("did you mean “%s”?", near) : NULL;
    ingot_set_error(error, INGOT_EXIT_MEDIA, hint,
                    "the kernel package %s has no module “%s”, neither as a file nor built in%s%s",
                    e->kernel_in, name, needed_by ? "; it is needed by " : "",
                    needed_by ? needed_by : "");
    return FALSE;
}

static gboolean fail_order(const char *name, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                    "the kernel module “%s” depends on itself, or on too long a chain of modules",
                    name);
    return FALSE;
}

static gboolean environment_load(struct environment *e, const char *name, const char *needed_by,
                                 guint depth, GError **error);

static gboolean load_first(struct environment *e, const struct module *m, const char *name,
                           GBytes *elf, guint depth, GError **error)
{
    g_auto(GStrv) depends = media_kmod_depends(m->path, elf, error);
    for (char **d = depends; d && *d; d++) {
        if (!environment_load(e, *d, name, depth + 1, error))
            return FALSE;
    }
    return depends != NULL;
}

static gboolean environment_load(struct environment *e, const char *name, const char *needed_by,
                                 guint depth, GError **error)
{
    g_autofree char *folded = media_kmod_fold(name);
    struct module *m = g_hash_table_lookup(e->modules, folded);
    if (!m)
        return g_hash_table_contains(e->builtin, folded) || fail_module(e, name, needed_by, error);
    if (m->state == STARTED || depth > DEPTH_MAX)
        return fail_order(name, error);
    if (m->state == LOADED)
        return TRUE;
    m->state = STARTED;
    g_autoptr(GBytes) packed = read_piece(e, &m->packed, error);
    g_autoptr(GBytes) elf = packed ? media_kmod_unpack(m->path, packed, error) : NULL;
    if (!elf || !load_first(e, m, folded, elf, depth, error))
        return FALSE;
    m->state = LOADED;
    g_string_append_printf(e->order, "%s.ko\n", folded);
    environment_add_file(e, g_strdup_printf("modules/%s.ko", folded), 0644, elf);
    return TRUE;
}

static gboolean load_all(struct environment *e, GError **error)
{
    char *const *names = e->job->spec->env_modules;
    for (; names && *names; names++) {
        if (!environment_load(e, *names, NULL, 0, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- into the cache ---- */

static char *land(struct media_job *job, const char *file, char **sha256, GError **error)
{
    char hex[DIGEST_HEX_LEN + 1];
    if (!digest_file(file, hex, NULL, job->net.cancel, error))
        return NULL;
    *sha256 = g_strdup(hex);
    return media_cache_land(job->cache, file, hex, error);
}

static gboolean write_files(struct environment *e, media_boot *boot, GError **error)
{
    g_autofree char *initrd = g_build_filename(e->job->work, "initrd", NULL);
    g_autoptr(GBytes) order = g_bytes_new(e->order->str, e->order->len);
    environment_add_file(e, g_strdup("bin/busybox"), 0755, e->shell);
    environment_add_file(e, g_strdup("modules/order"), 0644, order);
    /* It does not follow another initrd: it is the first. */
    if (!media_initrd_append("/dev/null", (const struct media_file *)(void *)e->files->data,
                             e->files->len, initrd, error))
        return FALSE;
    boot->kernel = land(e->job, e->kernel, &boot->kernel_sha256, error);
    boot->initrd = boot->kernel ? land(e->job, initrd, &boot->initrd_sha256, error) : NULL;
    return boot->initrd != NULL;
}

static gboolean environment_make(struct media_job *job, const struct media_choice *from,
                                 media_boot *boot, char **origin, GError **error)
{
    struct environment e = {0};
    init(&e, job);
    gboolean good =
        environment_survey(&e, from, error) && load_all(&e, error) && write_files(&e, boot, error);
    if (good)
        *origin = g_strdup_printf("%s in %s", e.kernel_member, e.kernel_in);
    clear(&e);
    return good;
}

static void key_of(const struct media_job *job, const struct media_choice *from,
                   char key[DIGEST_HEX_LEN + 1])
{
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    g_ptr_array_add(values, (gpointer)FORM);
    g_ptr_array_add(values, ((media_package *)g_ptr_array_index(from->shell, 0))->sha256);
    for (guint i = 0; i < from->kernel->len; i++)
        g_ptr_array_add(values, ((media_package *)g_ptr_array_index(from->kernel, i))->sha256);
    for (char **m = job->spec->env_modules; m && *m; m++)
        g_ptr_array_add(values, *m);
    g_ptr_array_add(values, NULL);
    media_key_of(key, "environment", (const char *const *)values->pdata);
}

static char *recall_one(struct media_job *job, GKeyFile *note, const char *name, char **sha256,
                        GError **error)
{
    g_autofree char *hex = g_key_file_get_string(note, MEDIA_NOTE, name, NULL);
    if (!digest_is_hex(hex))
        return NULL;
    char *path = media_cache_find(job->cache, hex, job->net.cancel, error);
    *sha256 = g_steal_pointer(&hex);
    return path;
}

static void environment_forget(media_boot *boot)
{
    g_clear_pointer(&boot->kernel, g_free);
    g_clear_pointer(&boot->initrd, g_free);
    g_clear_pointer(&boot->kernel_sha256, g_free);
    g_clear_pointer(&boot->initrd_sha256, g_free);
}

/* FALSE with *error unset: there is none, or not all of it. */
static gboolean environment_recall(struct media_job *job, const char *key, media_boot *boot,
                                   char **origin, GError **error)
{
    g_autoptr(GKeyFile) note = media_cache_note(job->cache, key);
    if (!note)
        return FALSE;
    *origin = g_key_file_get_string(note, MEDIA_NOTE, "origin", NULL);
    if (*origin)
        boot->kernel = recall_one(job, note, "kernel", &boot->kernel_sha256, error);
    if (boot->kernel)
        boot->initrd = recall_one(job, note, "initrd", &boot->initrd_sha256, error);
    if (boot->initrd)
        return TRUE;
    g_clear_pointer(origin, g_free);
    environment_forget(boot);
    return FALSE;
}

static gboolean environment_remember(struct media_job *job, const char *key, const media_boot *boot,
                                     const char *origin, GError **error)
{
    g_autoptr(GKeyFile) note = g_key_file_new();
    g_key_file_set_string(note, MEDIA_NOTE, "kernel", boot->kernel_sha256);
    g_key_file_set_string(note, MEDIA_NOTE, "initrd", boot->initrd_sha256);
    g_key_file_set_string(note, MEDIA_NOTE, "origin", origin);
    return media_cache_save_note(job->cache, key, note, error);
}

static guint64 size_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (guint64)info.st_size : 0;
}

gboolean media_environment(struct media_job *job, const struct media_choice *from, media_boot *boot,
                           GError **error)
{
    char key[DIGEST_HEX_LEN + 1];
    g_autofree char *origin = NULL;
    g_autoptr(GError) local = NULL;
    key_of(job, from, key);
    if (!environment_recall(job, key, boot, &origin, &local)) {
        if (local) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        if (!environment_make(job, from, boot, &origin, error) ||
            !environment_remember(job, key, boot, origin, error))
            return FALSE;
    }
    media_job_input(job, "kernel", origin, boot->kernel_sha256, size_of(boot->kernel));
    media_job_input(job, "initrd", "made of the kernel's modules and the shell",
                    boot->initrd_sha256, size_of(boot->initrd));
    return TRUE;
}
