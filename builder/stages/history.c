/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/history.h"

#include "base/files.h"
#include "base/text.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

/* The file:
 *
 *   {"history": 1, "conditions": [
 *     {"installer": "bootstrap", "arch": "x86_64", "accelerator": "kvm", "cpus": 2,
 *      "kinds": {"install": [{"when": 1767225600, "seconds": 95.1, "key": "…", "inputs": {…},
 *                             "phases": [{"phase": "boot", "seconds": 4.2}, …]}, …]}}, …]}
 *
 * Both lists: the oldest first.  Nothing in it is believed: a number that cannot be is not there.
 */

#define HISTORY_VERSION 1
#define FILE_LIMIT      (1u << 20)
#define RUNS_MOST       10u
#define CONDITIONS_MOST 8u
#define PHASES_MOST     100u
#define SECONDS_MOST    (30.0 * 24 * 3600)
#define SUFFIX          ".json"

struct history {
    char *file;
    json_t *all;  /* the file */
    json_t *mine; /* of these conditions; in all, or beside it until the first history_add */
};

/* ---- reading ---- */

static json_t *conditions_of(const plan *p)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:{}}", "installer",
                     p->installer ? p->installer->name : "?", "arch", p->vm.arch ? p->vm.arch : "?",
                     "accelerator", p->vm.accel.kvm ? "kvm" : "tcg", "cpus", (int)p->vm.cpus,
                     "kinds");
}

static gboolean same_conditions(const json_t *a, const json_t *b)
{
    static const char *const members[] = {"installer", "arch", "accelerator", "cpus"};
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        if (!json_equal(json_object_get(a, members[i]), json_object_get(b, members[i])))
            return FALSE;
    return TRUE;
}

static json_t *history_parse(const char *file, progress *reporter)
{
    g_autoptr(GError) error = NULL;
    if (!g_file_test(file, G_FILE_TEST_EXISTS))
        return NULL;
    g_autofree char *text = files_read(file, FILE_LIMIT, NULL, &error);
    json_t *all = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_integer_value(json_object_get(all, "history")) == HISTORY_VERSION &&
        json_is_array(json_object_get(all, "conditions")))
        return all;
    progress_warning(reporter, "%s: %s; the durations of earlier builds are unknown", file,
                     error ? error->message : "this is not a history of builds");
    json_decref(all);
    return NULL;
}

history *history_load(const plan *p, progress *reporter)
{
    history *h = g_new0(history, 1);
    g_autofree char *name = g_strconcat(p->name, SUFFIX, NULL);
    h->file = g_build_filename(p->cache_dir, "history", name, NULL);
    h->all = history_parse(h->file, reporter);
    if (!h->all)
        h->all = json_pack("{s:i, s:[]}", "history", HISTORY_VERSION, "conditions");
    h->mine = conditions_of(p);
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(h->all, "conditions"), i, one)
    {
        if (!same_conditions(one, h->mine) || !json_is_object(json_object_get(one, "kinds")))
            continue;
        json_decref(h->mine);
        h->mine = json_incref(one);
        break;
    }
    return h;
}

void history_free(history *h)
{
    if (!h)
        return;
    json_decref(h->all);
    json_decref(h->mine);
    g_free(h->file);
    g_free(h);
}

/* ---- asking ---- */

static json_t *runs_of(const history *h, const char *kind)
{
    return h && kind ? json_object_get(json_object_get(h->mine, "kinds"), kind) : NULL;
}

/* A duration of the file, or a negative number. */
static double duration_of(const json_t *o)
{
    double seconds = json_number_value(json_object_get(o, "seconds"));
    return isfinite(seconds) && seconds > 0 && seconds < SECONDS_MOST ? seconds : -1;
}

static double longest_phase(const json_t *run, const char *phase)
{
    double longest = -1;
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(run, "phases"), i, one)
    {
        const char *name = json_string_value(json_object_get(one, "phase"));
        if (name && strcmp(name, phase) == 0)
            longest = MAX(longest, duration_of(one));
    }
    return longest;
}

static gint by_size(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Every duration that is known, the shortest first. */
static GArray *durations(const history *h, const char *kind, const char *phase)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(double));
    size_t i;
    json_t *run;
    json_array_foreach(runs_of(h, kind), i, run)
    {
        double seconds = phase ? longest_phase(run, phase) : duration_of(run);
        if (seconds > 0)
            g_array_append_val(all, seconds);
    }
    g_array_sort(all, by_size);
    return all;
}

double history_expected(const history *h, const char *kind, const char *phase)
{
    g_autoptr(GArray) all = durations(h, kind, phase);
    guint n = all->len;
    if (!n)
        return -1;
    return (g_array_index(all, double, (n - 1) / 2) + g_array_index(all, double, n / 2)) / 2;
}

double history_slowest(const history *h, const char *kind, const char *phase)
{
    g_autoptr(GArray) all = durations(h, kind, phase);
    return all->len ? g_array_index(all, double, all->len - 1) : -1;
}

guint history_count(const history *h, const char *kind)
{
    g_autoptr(GArray) all = durations(h, kind, NULL);
    return all->len;
}

/* ---- why ---- */

static json_t *inputs_of(const build *b)
{
    json_t *o = json_pack("{s:s*}", "the recipe", b->plan->recipe_digest);
    for (guint i = 0; b->media && b->media->inputs && i < b->media->inputs->len; i++) {
        const struct media_input *input = g_ptr_array_index(b->media->inputs, i);
        json_object_set_new(o, input->name, json_string(input->sha256));
    }
    return o;
}

/* The names of the inputs that differ, with commas; empty: none that is known. */
static char *history_changed(const json_t *before, json_t *now)
{
    GString *names = g_string_new(NULL);
    const char *name;
    json_t *digest;
    json_object_foreach(now, name, digest)
    {
        if (!json_equal(json_object_get(before, name), digest))
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", name);
    }
    return g_string_free(names, FALSE);
}

/* The last real run of a stage, of whichever kind: "install" and "install on a kept base". */
static const json_t *last_run(const history *h, const char *stage_name)
{
    const json_t *last = NULL;
    const char *kind;
    json_t *runs;
    json_object_foreach(json_object_get(h->mine, "kinds"), kind, runs)
    {
        const json_t *run = json_array_get(runs, json_array_size(runs) - 1);
        if (g_str_has_prefix(kind, stage_name) &&
            (!last || json_integer_value(json_object_get(run, "when")) >=
                          json_integer_value(json_object_get(last, "when"))))
            last = run;
    }
    return last;
}

char *history_why(const history *h, const char *stage_name, const char *key, const build *b)
{
    const json_t *last = last_run(h, stage_name);
    const char *before = json_string_value(json_object_get(last, "key"));
    if (!before)
        return g_strdup("no earlier result of this recipe is kept");
    gint64 age =
        g_get_real_time() / G_USEC_PER_SEC - json_integer_value(json_object_get(last, "when"));
    if (strcmp(before, key) == 0) {
        g_autofree char *limit = text_duration(b->options.max_age);
        return age > (gint64)b->options.max_age
                   ? g_strdup_printf("the kept result was older than %s", limit)
                   : g_strdup("the kept result is gone from the cache");
    }
    json_t *now = inputs_of(b);
    g_autofree char *names = history_changed(json_object_get(last, "inputs"), now);
    json_decref(now);
    return *names
               ? g_strdup_printf("inputs changed: %s", names)
               : g_strdup("inputs changed: those from ingot itself, the command line or the host");
}

/* ---- adding ---- */

/* The phases of that stage, as they are kept. */
static json_t *phases_of(const json_t *all, const char *stage_name)
{
    static const char *const members[] = {"phase", "seconds", NULL};
    size_t i;
    json_t *phase, *own = json_array();
    json_array_foreach(json_object_get(all, "phases"), i, phase)
    {
        if (json_array_size(own) < PHASES_MOST &&
            strcmp(json_string_value(json_object_get(phase, "stage")), stage_name) == 0)
            json_array_append(own, phase);
    }
    json_t *list = timeline_take(own, members);
    json_decref(own);
    return list;
}

static void drop_oldest(json_t *list, guint most)
{
    while (json_array_size(list) > most)
        json_array_remove(list, 0);
}

static json_t *runs_for(history *h, const char *kind)
{
    json_t *kinds = json_object_get(h->mine, "kinds");
    if (!json_is_array(json_object_get(kinds, kind)))
        json_object_set_new(kinds, kind, json_array());
    return json_object_get(kinds, kind);
}

/* A stage of the timeline. */
static void add_run(history *h, const build *b, const json_t *all, const json_t *ran)
{
    json_t *runs = runs_for(h, json_string_value(json_object_get(ran, "kind")));
    json_t *key = json_object_get(ran, "key");
    json_t *run =
        json_pack("{s:I, s:O, s:O*, s:o}", "when", (json_int_t)(g_get_real_time() / G_USEC_PER_SEC),
                  "seconds", json_object_get(ran, "seconds"), "key", key, "phases",
                  phases_of(all, json_string_value(json_object_get(ran, "stage"))));
    if (key)
        json_object_set_new(run, "inputs", inputs_of(b));
    json_array_append_new(runs, run);
    drop_oldest(runs, RUNS_MOST);
}

static void add_runs(history *h, const build *b)
{
    size_t i;
    json_t *ran, *all = timeline_to_json(b->timeline);
    json_array_foreach(json_object_get(all, "stages"), i, ran)
    {
        if (g_strcmp0(json_string_value(json_object_get(ran, "outcome")), "done") == 0)
            add_run(h, b, all, ran);
    }
    json_decref(all);
}

/* These conditions become the last of the list, so that those go that were not met for longest. */
static void put_mine_last(history *h)
{
    json_t *conditions = json_object_get(h->all, "conditions");
    for (size_t i = json_array_size(conditions); i-- > 0;)
        if (!json_is_object(json_array_get(conditions, i)) ||
            same_conditions(json_array_get(conditions, i), h->mine))
            json_array_remove(conditions, i);
    json_array_append(conditions, h->mine);
    drop_oldest(conditions, CONDITIONS_MOST);
}

gboolean history_add(history *h, const build *b, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(h->file);
    add_runs(h, b);
    put_mine_last(h);
    if (!files_mkdir(folder, FALSE, error))
        return FALSE;
    char *text = json_dumps(h->all, JSON_COMPACT);
    gboolean good = files_write_atomic(h->file, text ? text : "", -1, 0644, error);
    free(text);
    return good;
}

/* ---- pruning ---- */

guint history_prune(const char *cache_dir, guint max_age, guint64 *bytes)
{
    g_autofree char *parent = g_build_filename(cache_dir, "history", NULL);
    g_autoptr(GDir) dir = files_is_dir(parent) ? g_dir_open(parent, 0, NULL) : NULL;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    guint removed = 0;
    const char *name;
    if (bytes)
        *bytes = 0;
    while (dir && (name = g_dir_read_name(dir))) {
        GStatBuf info;
        g_autofree char *path = g_build_filename(parent, name, NULL);
        if (!g_str_has_suffix(name, SUFFIX) || g_lstat(path, &info) != 0 ||
            !S_ISREG(info.st_mode) || now - info.st_mtime < (gint64)max_age || g_unlink(path) != 0)
            continue;
        removed++;
        if (bytes)
            *bytes += (guint64)info.st_blocks * 512;
    }
    return removed;
}
