/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/wait.h"

#include "base/text.h"
#include "install/loader.h"

#include <string.h>

#define SAMPLE_SECONDS 1.0 /* at first; see install_record_sample */
#define UNANSWERED     3u  /* packets without an answer that are no accident */

/* ---- what moves ---- */

/* Packets that the guest sends do not count: asking again and again is no progress. */
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
    /* A program shows what it writes.  A QEMU that does not answer shows no activity, and the
     * limits go on. */
    if (!w->machine || !vm_counters(w->machine, &now, NULL))
        return;
    gboolean any = moved(&now, &w->now);
    w->now = now;
    if (display_changed(w->display) || any)
        wait_moved(w);
    sample(w);
}

/* ---- a question ---- */

/* Whether the guest still shows what it did when it was resumed. */
static gboolean limits_is_as_resumed(const struct wait *w)
{
    g_autofree char *now = w->resumed_at ? wait_visible_text(w) : NULL;
    return now && strcmp(now, w->resumed_at) == 0;
}

/* A prompt is the end of the console or the screen when nothing moves. */
static void check_prompt(struct wait *w)
{
    struct match match = {0};
    if (wait_seconds_since(w->last_active) < INSTALL_PROMPT_SECONDS || limits_is_as_resumed(w))
        return;
    g_autofree char *console = wait_console_tail(w);
    const char *screen = display_text(w->display);
    if (matcher_console(w->matcher, console, &match) ||
        (screen && matcher_console(w->matcher, screen, &match)))
        wait_fail(w, match.cause, match.remedy);
}

/* ---- limits ---- */

/* Negative: not known. */
static double limits_earlier(const struct wait *w)
{
    const struct install_spec *spec = w->spec;
    return spec->earlier ? spec->earlier(wait_phase(w)->name, spec->earlier_user) : -1;
}

static void check_total(struct wait *w)
{
    guint limit = w->spec->limits.total;
    if (!limit || wait_seconds_since(w->began) < limit)
        return;
    g_autofree char *text = text_duration(limit);
    wait_fail(w, g_strdup_printf("the installation exceeded its limit of %s", text),
              "raise limits.total in the recipe if this host is just slow");
}

static void check_phase(struct wait *w, double before)
{
    double now = wait_seconds_since(w->phase_began);
    if (before < 0 || now < INSTALL_SLOWER * before + 5.0 * w->spec->limits.spare)
        return;
    g_autofree char *lasts = text_duration(now);
    g_autofree char *took = text_duration(before);
    wait_fail(
        w,
        g_strdup_printf("the phase has lasted %s; in earlier runs it took at most %s", lasts, took),
        "console.log and the screen show where it is stuck");
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

static void check_inactivity(struct wait *w, double before)
{
    double limit = w->spec->limits.inactivity;
    if (before >= 0 && limit > 0)
        limit = MIN(limit, INSTALL_QUIETER * before + w->spec->limits.spare);
    if (limit <= 0 || wait_seconds_since(w->last_active) < limit)
        return;
    gboolean unanswered = w->now.sent - w->sent_then >= UNANSWERED;
    wait_fail(w, stalled(w, limit),
              unanswered ? "check that what the guest queries (mirror, proxy) is up" : NULL);
}

void wait_check(struct wait *w)
{
    check_activity(w);
    if (w->loader)
        loader_tick(w->loader);
    /* A boot loader's prompt is what a boot command is for. */
    if (!w->loader || !loader_types(w->loader))
        check_prompt(w);
    double before = limits_earlier(w);
    check_inactivity(w, before);
    check_phase(w, before);
    check_total(w);
}
