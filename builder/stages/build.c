/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "base/text.h"
#include "stages/failure_bundle.h"
#include "stages/history.h"
#include "stages/kept.h"
#include "stages/limit.h"
#include "stages/build_record.h"
#include "stages/namespace.h"
#include "stages/space_check.h"
#include "stages/stages.h"

#include <gio/gio.h>
#include <string.h>

static double expected_by_history(const char *kind, const char *phase, gpointer user)
{
    const build *b = user;
    return history_expected(b->history, kind, phase);
}

static void build_free_output(gpointer result)
{
    output_result_free(result);
}

build *build_new(const plan *p, const struct build_options *options, progress *reporter,
                 const secrets *hidden, GCancellable *cancel, GError **error)
{
    g_autoptr(build) b = g_new0(build, 1);
    b->plan = p;
    b->options = *options;
    b->silent = reporter ? NULL : progress_new(PROGRESS_TEXT, PROGRESS_SILENT, stderr, hidden);
    b->progress = reporter ? reporter : b->silent;
    b->hidden = hidden;
    limit_follow(b, cancel);
    b->timeline = timeline_new(expected_by_history, b);
    b->outputs = g_ptr_array_new_with_free_func(build_free_output);
    b->work_lock = b->run_lock = -1;
    g_autofree char *parent = g_build_filename(p->cache_dir, "work", NULL);
    namespace_clear_dead(p->cache_dir);
    b->work_dir = files_live_dir(parent, p->name, &b->work_lock, error);
    if (!b->work_dir)
        return NULL;
    b->log_dir = g_build_filename(b->work_dir, "logs", NULL);
    if (!files_mkdir(b->log_dir, TRUE, error))
        return NULL;
    (void)build_prune(p->cache_dir, options->max_age, NULL);
    b->history = history_load(p, b->progress);
    return g_steal_pointer(&b);
}

void build_free(build *b)
{
    if (!b)
        return;
    namespace_clear(b);
    files_remove_tree(b->run_dir);
    files_unlock(b->run_lock);
    files_remove_tree(b->work_dir);
    files_unlock(b->work_lock);
    kept_free(b->kept);
    media_boot_free(b->media);
    guest_facts_free(b->facts);
    g_clear_pointer(&b->outputs, g_ptr_array_unref);
    json_decref(b->verified);
    timeline_free(b->timeline);
    history_free(b->history);
    progress_free(b->silent);
    limit_unfollow(b);
    g_free(b->work_dir);
    g_free(b->run_dir);
    g_free(b->log_dir);
    g_free(b->initrd);
    g_free(b->disk);
    g_free(b->sealed);
    g_free(b->staging);
    g_free(b->bundle);
    g_free(b);
}

/* ---- one stage ---- */

/* Why a stage with these results runs, or does not. */
static char *reason(const build *b, const stage *s, const char *key, gboolean reused)
{
    if (!s->key)
        return g_strdup("runs in every build: its result is not kept");
    if (reused)
        return g_strdup("same inputs: the kept result was reused");
    if (b->options.fresh)
        return g_strdup("requested with --fresh");
    return history_why(b->history, s->name, key, b);
}

static gboolean run_stage(build *b, const stage *s, GError **error)
{
    if (s->wanted && !s->wanted(b))
        return TRUE;
    if (g_cancellable_set_error_if_cancelled(b->cancel, error))
        return FALSE;
    progress_stage(b->progress, s->name);
    if (s->kind)
        progress_stage_kind(b->progress, s->kind(b));
    struct timeline_stage *now = timeline_running_stage(b->timeline);
    now->key = s->key ? s->key(b) : NULL;
    gboolean reused = now->key && !b->options.fresh && s->reuse(b, now->key);
    now->why = reason(b, s, now->key, reused);
    gboolean good = reused || limit_run(b, s, now->key, error);
    progress_stage_end(b->progress, good, reused);
    return good;
}

/* ---- all of them ---- */

/* A cancel may show as any error (a killed child, a closed socket); it is reported as what it
 * is. */
static void name_cancel(const build *b, GError **error)
{
    if (!b->caller || !g_cancellable_is_cancelled(b->caller))
        return;
    g_clear_error(error);
    ingot_set_error(error, INGOT_EXIT_INTERRUPTED, NULL, "interrupted; nothing was left in %s",
                    b->plan->out_dir);
}

static void keep_bundle(build *b, const char *stage_name, int exit_code, GError **error)
{
    b->bundle = failure_bundle_save(b, stage_name, exit_code, *error);
    if (b->bundle)
        progress_info(b->progress, "details of the failure are in %s", b->bundle);
}

/* What a good build leaves beside its image; that it could not be written does not spoil that. */
static void finish_good(build *b)
{
    g_autoptr(GError) error = NULL;
    failure_bundle_remove(b);
    build_record_write(b, NULL, NULL);
    if (!history_add(b->history, b, &error))
        progress_warning(b->progress, "cannot write the history of builds: %s", error->message);
}

static void finish_bad(build *b, const stage *failed, enum ingot_exit code, GError **error)
{
    if (code != INGOT_EXIT_INTERRUPTED)
        keep_bundle(b, failed->name, (int)code, error);
    build_record_write(b, failed->name, *error);
    if (code != INGOT_EXIT_INTERRUPTED)
        g_prefix_error(error, "%s failed: ", failed->name);
}

/* After the build, not before: only then is it known what the build has added, and what it used
 * is the newest, so an older build's goes first.  The build no longer holds that, so the limit
 * applies even if it is below what one build needs. */
static void shrink_cache(build *b)
{
    guint64 freed = 0, left = 0;
    g_clear_pointer(&b->kept, kept_free);
    g_clear_pointer(&b->media, media_boot_free);
    if (!b->options.cache_limit)
        return;
    guint n = build_shrink_cache(b->plan->cache_dir, b->options.cache_limit, &freed, &left);
    g_autofree char *limit = text_size(b->options.cache_limit);
    g_autofree char *gone = text_size(freed), *stays = text_size(left);
    if (n)
        progress_info(b->progress, "the cache was over its limit of %s: %u removed, %s freed",
                      limit, n, gone);
    if (left > b->options.cache_limit)
        progress_warning(b->progress, "the cache has %s, more than its limit of %s", stays, limit);
}

static gboolean run_stages(build *b, enum ingot_exit *exit_code, GError **error)
{
    const stage *const *table = stages_table();
    g_autoptr(GError) local = NULL;
    gsize i = 0;
    progress_follow(b->progress, b->timeline);
    while (table[i] && run_stage(b, table[i], &local))
        i++;
    progress_follow(b->progress, NULL);
    *exit_code = INGOT_EXIT_OK;
    if (!table[i]) {
        finish_good(b);
        return TRUE;
    }
    name_cancel(b, &local);
    *exit_code = ingot_error_exit(local, table[i]->failure);
    finish_bad(b, table[i], *exit_code, &local);
    g_propagate_error(error, g_steal_pointer(&local));
    for (gsize j = i + 1; j-- > 0;)
        if (table[j]->undo)
            table[j]->undo(b);
    return FALSE;
}

gboolean build_run(build *b, enum ingot_exit *exit_code, GError **error)
{
    *exit_code = INGOT_EXIT_HOST;
    gboolean good = space_check_build(b, error) && run_stages(b, exit_code, error);
    shrink_cache(b);
    return good;
}
