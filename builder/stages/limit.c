/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/limit.h"

#include "base/watch.h"
#include "stages/history.h"

static void on_caller(GCancellable *caller, gpointer own)
{
    (void)caller;
    g_cancellable_cancel(own);
}

void limit_follow(build *b, GCancellable *caller)
{
    b->cancel = g_cancellable_new();
    b->caller = caller ? g_object_ref(caller) : NULL;
    if (caller)
        b->caller_id = g_cancellable_connect(caller, G_CALLBACK(on_caller), b->cancel, NULL);
}

void limit_unfollow(build *b)
{
    g_cancellable_disconnect(b->caller, b->caller_id);
    g_clear_object(&b->caller);
    g_clear_object(&b->cancel);
}

struct watch_limits limit_of(const build *b, const stage *s)
{
    const struct stage_limits *l = &s->limits;
    const char *kind = s->kind ? s->kind(b) : s->name;
    double slowest = l->learned ? history_slowest(b->history, kind, NULL) : -1;
    struct watch_limits limits = {.still = l->still, .total = l->total};
    if (l->emulated && !b->plan->vm.accel.kvm)
        limits.total *= LIMIT_EMULATED;
    if (slowest >= 0)
        limits.total = MIN(limits.total, LIMIT_SLOWER * slowest + LIMIT_SPARE);
    if (b->plan->stage_limit)
        limits.total = b->plan->stage_limit;
    limits.total += (double)l->machines * (b->plan->limits.total + b->options.keep);
    if (b->limits.still > 0)
        limits.still = b->limits.still;
    if (b->limits.total > 0)
        limits.total = b->limits.total;
    return limits;
}

static guint64 limit_activity(gpointer user)
{
    const build *b = user;
    return progress_moves(b->progress);
}

static void end_stage(gpointer user)
{
    build *b = user;
    g_cancellable_cancel(b->cancel);
}

/* Errors that follow from the cancel (a killed child, a closed socket) carry no information. */
static void name_limit(const build *b, const stage *s, watch *w, GError **error)
{
    g_autofree char *cause = watch_cause(w, NULL);
    if (!cause || (b->caller && g_cancellable_is_cancelled(b->caller)))
        return;
    const char *phase = timeline_last_phase(b->timeline, s->name);
    g_clear_error(error);
    ingot_set_error(
        error, s->failure,
        watch_verdict(w) == WATCH_LATE
            ? "check this host's load; if it is just slow, raise limits.stage in the recipe: the "
              "next build starts from what this one has kept"
            : "check this host's load; the next build starts from what this one has kept",
        "%s%s%s was stopped: %s", s->name, phase ? ", phase " : "", phase ? phase : "", cause);
}

gboolean limit_run(build *b, const stage *s, const char *key, GError **error)
{
    const struct watch_spec spec = {
        .limits = limit_of(b, s), .activity = limit_activity, .end = end_stage, .user = b};
    g_autoptr(watch) w = watch_start(&spec);
    gboolean good = s->run(b, key, error);
    if (!good)
        name_limit(b, s, w, error);
    return good;
}
