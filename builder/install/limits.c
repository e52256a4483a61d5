/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/wait.h"

#include "base/text.h"

#include <string.h>

#define SAMPLE_SECONDS 1.0 /* at first; see install_record_sample */
#define UNANSWERED     3u  /* packets without an answer that are no accident */

/* ---- what moves ---- */

/* What the guest sends is not counted: who asks again and again gets nowhere. */
static gboolean moved(const struct vm_counters *a, const struct vm_counters *b)
{
    return a->disk_read != b->disk_read || a->disk_written != b->disk_written ||
           a->received != b->received;
}

static void sample(struct wait *w)
{
    if (w->step <= 0)
        w->step = SAMPLE_SECONDS;
    if (wait_seconds_since(w->last_sample) < w->step)
        return;
    w->last_sample = g_get_monotonic_time();
    struct install_sample s = {.at = wait_seconds_since(w->began), .counters = w->now};
    install_record_sample(w->record, &s, &w->step);
}

static void check_activity(struct wait *w)
{
    struct vm_counters now;
    /* A QEMU that does not answer shows no activity, and the limits go on. */
    if (!vm_counters(w->machine, &now, NULL))
        return;
    gboolean any = moved(&now, &w->now);
    w->now = now;
    if (eyes_moved(w->eyes) || any)
        wait_moved(w);
    sample(w);
}

/* ---- a question ---- */

/* A prompt is what the console or the screen ends with when everything stands still. */
static void check_prompt(struct wait *w)
{
    struct match match = {0};
    if (wait_seconds_since(w->last_active) < INSTALL_PROMPT_SECONDS)
        return;
    g_autofree char *tail = wait_standing(w);
    if (g_strcmp0(tail, w->standing) == 0)
        return;
    g_autofree char *console = wait_console_tail(w);
    const char *screen = eyes_text(w->eyes);
    if (matcher_console(w->matcher, console, &match) ||
        (screen && matcher_console(w->matcher, screen, &match)))
        wait_fail(w, match.cause, match.remedy);
}

/* ---- limits ---- */

static const struct install_phase *earlier(const struct wait *w)
{
    const GPtrArray *all = w->spec->earlier;
    for (guint i = 0; all && i < all->len; i++) {
        const struct install_phase *phase = g_ptr_array_index(all, i);
        if (strcmp(phase->name, wait_phase(w)->name) == 0)
            return phase;
    }
    return NULL;
}

static void check_total(struct wait *w)
{
    guint limit = w->spec->limits.total;
    if (!limit || wait_seconds_since(w->began) < limit)
        return;
    g_autofree char *text = text_duration(limit);
    wait_fail(w, g_strdup_printf("the installation was not over after %s, its limit", text),
              "limits.total of the recipe is the limit");
}

static void check_phase(struct wait *w, const struct install_phase *before)
{
    double now = wait_seconds_since(w->phase_began);
    if (!before || now < INSTALL_SLOWER * before->seconds + 5.0 * w->spec->limits.spare)
        return;
    g_autofree char *lasts = text_duration(now);
    g_autofree char *took = text_duration(before->seconds);
    wait_fail(
        w, g_strdup_printf("the phase has lasted %s, and in earlier runs at most %s", lasts, took),
        "console.log and the screen show where it is");
}

/* What a person would look at first. */
static char *stalled(const struct wait *w, double seconds)
{
    g_autofree char *limit = text_duration(seconds);
    g_autofree char *line = lines_partial(w->console);
    guint64 sent = w->now.sent - w->sent_then;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "nothing moved for %s: no output, no disk and no network activity",
                           limit);
    if (sent >= UNANSWERED)
        g_string_append_printf(
            text, ", but the guest sent %" G_GUINT64_FORMAT " packets that nobody answered", sent);
    if (line)
        g_string_append_printf(text, "; the console ends with \"%s\"", line);
    return g_string_free(text, FALSE);
}

static void check_inactivity(struct wait *w, const struct install_phase *before)
{
    double limit = w->spec->limits.inactivity;
    if (before && limit > 0)
        limit = MIN(limit, INSTALL_QUIETER * before->quiet + w->spec->limits.spare);
    if (limit <= 0 || wait_seconds_since(w->last_active) < limit)
        return;
    gboolean unanswered = w->now.sent - w->sent_then >= UNANSWERED;
    wait_fail(w, stalled(w, limit),
              unanswered ? "look whether what the guest asks for (mirror, proxy) is up" : NULL);
}

static void check_seed(struct wait *w)
{
    const struct install_seed *seed = w->spec->seed;
    if (!seed || seed->asked(seed->user) || wait_seconds_since(w->began) < seed->limit)
        return;
    g_autofree char *limit = text_duration(seed->limit);
    wait_fail(w, g_strdup_printf("the guest has not asked for %s within %s", seed->what, limit),
              "look at the screen: the boot command was not understood, or the guest has no "
              "network");
}

void wait_check(struct wait *w)
{
    check_activity(w);
    check_prompt(w);
    const struct install_phase *before = earlier(w);
    check_seed(w);
    check_inactivity(w, before);
    check_phase(w, before);
    check_total(w);
}
