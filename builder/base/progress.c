/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/progress.h"

#include "base/error.h"
#include "base/status_line.h"
#include "base/text.h"

#include <jansson.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_US   100000 /* a live line is drawn at most ten times a second */
#define BAR_WIDTH   24
#define PLAIN_STEP  25 /* without a terminal a transfer is reported every this many percent … */
#define PLAIN_LEAST (16u << 20) /* … if it has at least this many bytes */

struct progress {
    enum progress_format format;
    enum progress_level level;
    FILE *stream;
    const secrets *hidden;
    gboolean terminal;
    gboolean live;      /* a status line is on the terminal */
    timeline *timeline; /* what is followed, or own */
    timeline *own;
    char *what;
    gint64 drawn;
    int printed;  /* the last percent printed in plain lines */
    guint moves;  /* atomic: see progress_moves */
    guint64 done; /* of the last progress_amount */
    GRecMutex mutex;
    char *detail; /* what the status line shows after the phase */
    /* The clock of the live line runs on while the program waits for something. */
    GThread *clock;
    GMutex clock_mutex;
    GCond clock_changed;
    gboolean clock_stops;
};

static gpointer run_clock(gpointer data);

progress *progress_new(enum progress_format format, enum progress_level level, FILE *stream,
                       const secrets *hidden)
{
    progress *p = g_new0(progress, 1);
    const char *term = g_getenv("TERM");
    p->format = format;
    p->level = level;
    p->stream = stream;
    p->hidden = hidden;
    p->terminal =
        format == PROGRESS_TEXT && isatty(fileno(stream)) && term && strcmp(term, "dumb") != 0;
    p->printed = -1;
    p->timeline = p->own = timeline_new(NULL, NULL);
    g_rec_mutex_init(&p->mutex);
    g_mutex_init(&p->clock_mutex);
    g_cond_init(&p->clock_changed);
    if (p->terminal && level >= PROGRESS_NORMAL)
        p->clock = g_thread_new("clock", run_clock, p);
    return p;
}

static void stop_clock(progress *p)
{
    if (!p->clock)
        return;
    g_mutex_lock(&p->clock_mutex);
    p->clock_stops = TRUE;
    g_cond_broadcast(&p->clock_changed);
    g_mutex_unlock(&p->clock_mutex);
    g_thread_join(p->clock);
}

static void clear_live(progress *p)
{
    if (p->live)
        fputs("\r\033[K", p->stream);
    p->live = FALSE;
}

void progress_free(progress *p)
{
    if (!p)
        return;
    stop_clock(p);
    clear_live(p);
    fflush(p->stream);
    timeline_free(p->own);
    g_free(p->what);
    g_free(p->detail);
    g_rec_mutex_clear(&p->mutex);
    g_mutex_clear(&p->clock_mutex);
    g_cond_clear(&p->clock_changed);
    g_free(p);
}

guint progress_moves(const progress *p)
{
    return p ? (guint)g_atomic_int_get(&p->moves) : 0;
}

static void count_move(progress *p)
{
    g_atomic_int_inc(&p->moves);
}

static void say_line(progress *p, const char *text)
{
    g_autofree char *safe = secrets_redact(p->hidden, text);
    g_autofree char *clean = text_printable(safe, -1);
    clear_live(p);
    fprintf(p->stream, "%s\n", clean);
    fflush(p->stream);
}

/* Takes the event object; adds what every event has. */
static void say_event(progress *p, const char *kind, json_t *event)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *when = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");
    json_object_set_new(event, "event", json_string(kind));
    json_object_set_new(event, "time", json_string(when));
    const struct timeline_stage *stage = timeline_running_stage(p->timeline);
    if (stage)
        json_object_set_new(event, "stage", json_string(stage->name));
    g_autofree char *line = secrets_dump_json(p->hidden, event, JSON_COMPACT | JSON_SORT_KEYS);
    fprintf(p->stream, "%s\n", line);
    fflush(p->stream);
    json_decref(event);
}

/* ---- stages and phases ---- */

void progress_follow(progress *p, timeline *t)
{
    if (!p)
        return;
    g_rec_mutex_lock(&p->mutex);
    p->timeline = t ? t : p->own;
    g_rec_mutex_unlock(&p->mutex);
}

/* The members of an event of a beginning; phase NULL: of a stage. */
static json_t *beginning(const char *phase, double expected)
{
    json_t *event = json_pack("{s:s*}", "phase", phase);
    if (expected > 0)
        json_object_set_new(event, "expected", json_real(expected));
    return event;
}

void progress_stage_kind(progress *p, const char *kind)
{
    if (!p)
        return;
    g_rec_mutex_lock(&p->mutex);
    timeline_set_kind(p->timeline, kind);
    const struct timeline_stage *stage = timeline_running_stage(p->timeline);
    if (p->format == PROGRESS_JSON && stage && stage->expected > 0)
        say_event(p, "expected", beginning(NULL, stage->expected));
    g_rec_mutex_unlock(&p->mutex);
}

static void say_stage(progress *p, const struct timeline_stage *stage)
{
    if (p->format == PROGRESS_JSON) {
        say_event(p, "stage-begin", beginning(NULL, stage->expected));
    } else if (p->level >= PROGRESS_NORMAL && !p->terminal) {
        g_autofree char *about = stage->expected > 0 ? text_about(stage->expected) : NULL;
        g_autofree char *line = g_strdup_printf("%-8s ...%s%s", stage->name,
                                                about ? "  about " : "", about ? about : "");
        say_line(p, line);
    }
}

void progress_stage(progress *p, const char *stage)
{
    if (!p)
        return;
    g_rec_mutex_lock(&p->mutex);
    g_clear_pointer(&p->detail, g_free);
    p->printed = -1;
    say_stage(p, timeline_begin_stage(p->timeline, stage));
    g_rec_mutex_unlock(&p->mutex);
}

/* The phase belongs to the timeline, which keeps it. */
static void progress_end_phase(progress *p)
{
    const struct timeline_phase *phase = timeline_running_phase(p->timeline);
    if (!phase)
        return;
    timeline_end_phase(p->timeline);
    if (p->format == PROGRESS_JSON)
        say_event(p, "phase-end",
                  json_pack("{s:s, s:f}", "phase", phase->name, "seconds", phase->seconds));
    else if (p->level >= PROGRESS_NORMAL) {
        g_autofree char *took = text_duration(phase->seconds);
        g_autofree char *line = g_strdup_printf("  %-30s %12s", phase->name, took);
        say_line(p, line);
    }
}

static void say_stage_end(progress *p, const struct timeline_stage *stage)
{
    const char *how = !stage->good ? "failed" : stage->reused ? "reused" : "done";
    if (p->format == PROGRESS_JSON) {
        say_event(p, "stage-end",
                  json_pack("{s:s, s:s, s:f}", "stage", stage->name, "result", how, "seconds",
                            stage->seconds));
    } else if (p->level >= PROGRESS_NORMAL) {
        g_autofree char *took = text_duration(stage->seconds);
        g_autofree char *line = g_strdup_printf("%-8s %-23s %12s", stage->name, how, took);
        say_line(p, line);
    }
}

void progress_stage_end(progress *p, gboolean good, gboolean reused)
{
    if (!p)
        return;
    g_rec_mutex_lock(&p->mutex);
    const struct timeline_stage *stage = timeline_running_stage(p->timeline);
    if (stage) {
        progress_end_phase(p);
        timeline_end_stage(p->timeline, good, reused);
        say_stage_end(p, stage);
    }
    g_rec_mutex_unlock(&p->mutex);
}

void progress_phase(progress *p, const char *phase)
{
    if (!p)
        return;
    const struct timeline_phase *running = timeline_running_phase(p->timeline);
    if (running && strcmp(running->name, phase) == 0)
        return;
    count_move(p);
    g_rec_mutex_lock(&p->mutex);
    progress_end_phase(p);
    const struct timeline_phase *begun = timeline_begin_phase(p->timeline, phase);
    if (p->format == PROGRESS_JSON)
        say_event(p, "phase-begin", beginning(phase, begun->expected));
    g_rec_mutex_unlock(&p->mutex);
    progress_amount(p, NULL, 0, 0);
}

/* The new line overwrites the old one, and only the rest of that is cleared: an empty line in
 * between would flicker.  The last column stays free: some terminals wrap there. */
static void draw_live(progress *p, const char *detail)
{
    struct winsize size = {0};
    guint columns =
        ioctl(fileno(p->stream), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
    if (detail != p->detail) {
        g_free(p->detail);
        p->detail = secrets_redact(p->hidden, detail ? detail : "");
    }
    const struct timeline_stage *stage = timeline_running_stage(p->timeline);
    const struct timeline_phase *phase = timeline_running_phase(p->timeline);
    const struct status_line now = {.stage = stage ? stage->name : NULL,
                                    .phase = phase ? phase->name : NULL,
                                    .detail = p->detail,
                                    .seconds = stage ? timeline_now(p->timeline) - stage->begin : 0,
                                    .expected = stage ? stage->expected : -1};
    g_autofree char *line = status_line_text(&now, columns - 1);
    fprintf(p->stream, "\r%s\033[K", line);
    fflush(p->stream);
    p->live = TRUE;
}

static gpointer run_clock(gpointer data)
{
    progress *p = data;
    g_mutex_lock(&p->clock_mutex);
    while (!p->clock_stops) {
        gint64 next = g_get_monotonic_time() + G_USEC_PER_SEC;
        if (g_cond_wait_until(&p->clock_changed, &p->clock_mutex, next))
            continue;
        g_rec_mutex_lock(&p->mutex);
        if (timeline_running_stage(p->timeline))
            draw_live(p, p->detail);
        g_rec_mutex_unlock(&p->mutex);
    }
    g_mutex_unlock(&p->clock_mutex);
    return NULL;
}

/* The number first: on a narrow terminal the end is cut away. */
static char *bar(double percent)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "%3.0f %% [", percent);
    for (int i = 0; i < BAR_WIDTH; i++)
        g_string_append_c(text, percent * BAR_WIDTH >= (i + 1) * 100.0 ? '#' : '.');
    return g_strconcat(text->str, "]", NULL);
}

/* Whether a step is worth reporting now; the end is always reported once. */
static gboolean due(progress *p, const char *what, double percent)
{
    gint64 now = g_get_monotonic_time();
    if (g_strcmp0(what, p->what) != 0) {
        g_free(p->what);
        p->what = g_strdup(what);
        p->printed = -1;
        p->drawn = 0;
    }
    if (p->terminal) {
        if (now - p->drawn < REDRAW_US && percent < 100)
            return FALSE;
        p->drawn = now;
        return TRUE;
    }
    int step = (int)(percent / PLAIN_STEP);
    if (percent < 0 || step <= p->printed)
        return FALSE;
    p->printed = step;
    return step > 0;
}

static void progress_tell(progress *p, const char *what, double percent, const char *amount)
{
    if (p->format == PROGRESS_JSON) {
        say_event(p, "progress", json_pack("{s:s*, s:f}", "what", what, "percent", percent));
        return;
    }
    if (p->level < PROGRESS_NORMAL)
        return;
    g_autofree char *drawn = percent >= 0 && what ? bar(percent) : g_strdup("");
    g_autofree char *detail = g_strdup_printf("%s%s%s %s", what ? what : "", what ? " " : "", drawn,
                                              amount ? amount : "");
    if (p->terminal) {
        draw_live(p, detail);
    } else if (what) {
        g_autofree char *line = g_strdup_printf("  %s", detail);
        say_line(p, line);
    }
}

void progress_amount(progress *p, const char *what, guint64 done, guint64 total)
{
    if (!p)
        return;
    double percent = total ? MIN(100.0 * (double)done / (double)total, 100.0) : -1;
    g_rec_mutex_lock(&p->mutex);
    if (done != p->done)
        count_move(p);
    p->done = done;
    g_rec_mutex_unlock(&p->mutex);
    if (!p->terminal && p->format == PROGRESS_TEXT && total < PLAIN_LEAST)
        return;
    g_rec_mutex_lock(&p->mutex);
    if (due(p, what, percent)) {
        g_autofree char *have = text_size(done);
        g_autofree char *all = text_size(total);
        g_autofree char *amount = !what   ? NULL
                                  : total ? g_strdup_printf("%s of %s", have, all)
                                          : g_strdup(have);
        progress_tell(p, what, percent, amount);
    }
    g_rec_mutex_unlock(&p->mutex);
}

void progress_percent(progress *p, const char *what, double percent)
{
    if (!p)
        return;
    g_rec_mutex_lock(&p->mutex);
    if ((guint64)(percent * 100) != p->done)
        count_move(p);
    p->done = (guint64)(percent * 100);
    if (due(p, what, percent))
        progress_tell(p, what, percent, NULL);
    g_rec_mutex_unlock(&p->mutex);
}

G_GNUC_PRINTF(5, 0)
static void say(progress *p, const char *kind, const char *prefix, enum progress_level least,
                const char *format, va_list args)
{
    if (!p)
        return;
    g_autofree char *text = g_strdup_vprintf(format, args);
    g_autofree char *line = g_strdup_printf("%s%s", prefix, text);
    g_rec_mutex_lock(&p->mutex);
    if (p->level >= least) {
        if (p->format == PROGRESS_JSON)
            say_event(p, kind, json_pack("{s:s*}", "message", text));
        else
            say_line(p, line);
    }
    g_rec_mutex_unlock(&p->mutex);
}

void progress_info(progress *p, const char *format, ...)
{
    if (p)
        count_move(p);
    va_list args;
    va_start(args, format);
    say(p, "info", "", PROGRESS_NORMAL, format, args);
    va_end(args);
}

/* On a terminal a detail that is not to stay is seen for a moment, so that one sees that something
 * moves. */
static void glimpse(progress *p, const char *text)
{
    g_rec_mutex_lock(&p->mutex);
    gint64 now = g_get_monotonic_time();
    if (timeline_running_stage(p->timeline) && now - p->drawn >= REDRAW_US) {
        p->drawn = now;
        draw_live(p, text);
    }
    g_rec_mutex_unlock(&p->mutex);
}

void progress_detail(progress *p, const char *format, ...)
{
    if (p)
        count_move(p);
    va_list args;
    va_start(args, format);
    if (p && p->terminal && p->level == PROGRESS_NORMAL) {
        g_autofree char *text = g_strdup_vprintf(format, args);
        glimpse(p, text);
    } else {
        say(p, "detail", "  ", PROGRESS_VERBOSE, format, args);
    }
    va_end(args);
}

void progress_warning(progress *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(p, "warning", "warning: ", PROGRESS_QUIET, format, args);
    va_end(args);
}

void progress_error(progress *p, const GError *error, int exit_code)
{
    if (!p)
        return;
    g_autofree char *text = ingot_error_text(error);
    const char *hint = ingot_error_hint(error);
    g_rec_mutex_lock(&p->mutex);
    if (p->format == PROGRESS_JSON) {
        say_event(p, "error",
                  json_pack("{s:s*, s:s*, s:i}", "message", text, "hint", hint, "exit", exit_code));
    } else {
        /* Problems of a recipe begin with FILE:LINE:COL, which editors want at the line's begin. */
        gboolean plain = exit_code == INGOT_EXIT_RECIPE;
        g_autofree char *line = g_strconcat(plain ? "" : "ingot: ", text, NULL);
        say_line(p, line);
        g_autofree char *remedy = hint ? g_strdup_printf("  hint: %s", hint) : NULL;
        if (remedy)
            say_line(p, remedy);
    }
    g_rec_mutex_unlock(&p->mutex);
}
