/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "base/text.h"
#include "stages/bundle.h"
#include "stages/kept.h"
#include "stages/stages.h"

#include <gio/gio.h>
#include <string.h>

#define RECORD(name) extern const stage stage_##name;
#include "stages/stages_stages.inc"
#undef RECORD

const stage *const *stages_table(void)
{
    static const stage *const table[] = {
#define RECORD(name) &stage_##name,
#include "stages/stages_stages.inc"
#undef RECORD
        NULL};
    return table;
}

static void free_record(gpointer record)
{
    install_record_free(record);
}

build *build_new(const plan *p, const struct build_options *options, progress *told,
                 const secrets *hidden, GCancellable *cancel, GError **error)
{
    g_autoptr(build) b = g_new0(build, 1);
    b->plan = p;
    b->options = *options;
    b->progress = told;
    b->hidden = hidden;
    b->cancel = cancel ? g_object_ref(cancel) : NULL;
    b->machines = g_ptr_array_new_with_free_func(free_record);
    b->timings = g_array_new(FALSE, FALSE, sizeof(struct build_timing));
    b->work_lock = -1;
    g_autofree char *parent = g_build_filename(p->cache_dir, "work", NULL);
    b->work_dir = files_live_dir(parent, p->name, &b->work_lock, error);
    if (!b->work_dir)
        return NULL;
    b->log_dir = g_build_filename(b->work_dir, "logs", NULL);
    if (!files_mkdir(b->log_dir, TRUE, error))
        return NULL;
    (void)build_prune(p->cache_dir, options->max_age, NULL);
    return g_steal_pointer(&b);
}

void build_free(build *b)
{
    if (!b)
        return;
    files_remove_tree(b->run_dir);
    files_remove_tree(b->work_dir);
    files_unlock(b->work_lock);
    kept_free(b->kept);
    media_boot_free(b->boot);
    guest_facts_free(b->facts);
    g_clear_pointer(&b->phases, g_ptr_array_unref);
    g_clear_pointer(&b->machines, g_ptr_array_unref);
    json_decref(b->image);
    json_decref(b->verified);
    g_array_unref(b->timings);
    g_clear_object(&b->cancel);
    g_free(b->work_dir);
    g_free(b->run_dir);
    g_free(b->log_dir);
    g_free(b->initrd);
    g_free(b->disk);
    g_free(b->sealed);
    g_free(b->staging);
    g_free(b);
}

double build_stage_seconds(const build *b)
{
    return (double)(g_get_monotonic_time() - b->stage_began) / G_USEC_PER_SEC;
}

static gboolean run_stage(build *b, const stage *s, GError **error)
{
    struct build_timing timing = {.stage = s->name};
    if (s->wanted && !s->wanted(b))
        return TRUE;
    if (g_cancellable_set_error_if_cancelled(b->cancel, error))
        return FALSE;
    b->stage_began = g_get_monotonic_time();
    progress_stage(b->progress, s->name);
    g_autofree char *key = s->key ? s->key(b) : NULL;
    timing.reused = key && !b->options.fresh && s->reuse(b, key);
    gboolean good = timing.reused || s->run(b, key, error);
    progress_stage_end(b->progress, good, timing.reused);
    timing.seconds = build_stage_seconds(b);
    g_array_append_val(b->timings, timing);
    return good;
}

/* A cancel may show as any error (a killed child, a closed socket); it is told as what it is. */
static void name_cancel(const build *b, GError **error)
{
    if (!g_cancellable_is_cancelled(b->cancel))
        return;
    g_clear_error(error);
    ingot_set_error(error, INGOT_EXIT_INTERRUPTED, NULL, "interrupted; nothing was left in %s",
                    b->plan->out_dir);
}

static void keep_bundle(build *b, const char *stage_name, int exit_code, GError **error)
{
    g_autofree char *where = bundle_save(b, stage_name, exit_code, *error);
    if (where)
        progress_info(b->progress, "what is known of the failure is in %s", where);
}

gboolean build_run(build *b, enum ingot_exit *exit_code, GError **error)
{
    const stage *const *table = stages_table();
    g_autoptr(GError) local = NULL;
    gsize i = 0;
    while (table[i] && run_stage(b, table[i], &local))
        i++;
    *exit_code = INGOT_EXIT_OK;
    if (!table[i]) {
        bundle_remove(b);
        return TRUE;
    }
    name_cancel(b, &local);
    *exit_code = ingot_error_exit(local, table[i]->failure);
    if (*exit_code != INGOT_EXIT_INTERRUPTED)
        keep_bundle(b, table[i]->name, *exit_code, &local);
    if (*exit_code != INGOT_EXIT_INTERRUPTED)
        g_prefix_error(&local, "%s failed: ", table[i]->name);
    g_propagate_error(error, g_steal_pointer(&local));
    for (gsize j = i + 1; j-- > 0;)
        if (table[j]->undo)
            table[j]->undo(b);
    return FALSE;
}

guint build_prune(const char *cache_dir, guint max_age, guint64 *bytes)
{
    return kept_prune(cache_dir, max_age, bytes);
}
