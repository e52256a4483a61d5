/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/wait.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

/* Lines of the guest that are recent, how much of each, and how many go into an error. */
#define RECENT_LINES 40u
#define LAST_LENGTH  160
#define LAST_LINES   6u

void wait_remember(struct wait *w, enum vm_channel channel, const char *line)
{
    GQueue *last = &w->last[channel];
    g_queue_push_tail(last, g_utf8_substring(line, 0, MIN(g_utf8_strlen(line, -1), LAST_LENGTH)));
    if (g_queue_get_length(last) > RECENT_LINES)
        g_free(g_queue_pop_head(last));
}

/* Whether said is all or the first part, before a comma, of known. */
static gboolean failure_says_less(const char *said, const char *known)
{
    if (!known || !g_str_has_prefix(known, said))
        return FALSE;
    char behind = known[strlen(said)];
    return behind == '\0' || behind == ',';
}

/* The newest reason counts, unless it is less specific than the one before it. */
void wait_reason(struct wait *w, const char *line)
{
    struct match match;
    if (!matcher_reason(w->matcher, line, &match))
        return;
    if (failure_says_less(match.cause, w->reason.cause)) {
        g_free(match.cause);
        return;
    }
    g_free(w->reason.cause);
    g_free(w->reason_line);
    w->reason = match;
    w->reason_line = g_strdup(line);
}

char *wait_console_tail(const struct wait *w)
{
    GString *text = g_string_new(NULL);
    for (const GList *line = w->last[VM_CONSOLE].head; line; line = line->next)
        g_string_append_printf(text, "%s\n", (const char *)line->data);
    g_autofree char *partial = lines_partial(w->console);
    if (partial)
        g_string_append(text, partial);
    return g_string_free(text, FALSE);
}

char *wait_visible_text(const struct wait *w)
{
    g_autofree char *console = wait_console_tail(w);
    const char *screen = display_text(w->display);
    return g_strconcat(console, "\n", screen ? screen : "", NULL);
}

/* ---- the failure ---- */

/* The first of the last lines. */
static const GList *failure_last_lines(const GQueue *recent)
{
    guint skip = recent->length > LAST_LINES ? recent->length - LAST_LINES : 0;
    return g_queue_peek_nth_link((GQueue *)recent, skip);
}

static void failure_add_last(GPtrArray *evidence, const GQueue *recent, const char *channel)
{
    for (const GList *line = failure_last_lines(recent); line; line = line->next)
        g_ptr_array_add(evidence, g_strdup_printf("%s: %s", channel, (char *)line->data));
}

static GPtrArray *failure_evidence(const struct wait *w)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
    if (w->reason_line)
        g_ptr_array_add(all, g_strdup_printf("reason: %s", w->reason_line));
    failure_add_last(all, &w->last[VM_LOG], "log");
    failure_add_last(all, &w->last[VM_CONSOLE], "console");
    g_autofree char *partial = lines_partial(w->console);
    if (partial)
        g_ptr_array_add(all, g_strdup_printf("console: %s", partial));
    return all;
}

void wait_fail(struct wait *w, char *cause, const char *remedy)
{
    g_autofree char *what = cause;
    if (w->over)
        return;
    struct install_failure *f = g_new0(struct install_failure, 1);
    f->phase = g_strdup(wait_phase(w)->name);
    f->at = wait_seconds_since(w->began);
    f->cause = w->reason.cause ? g_strdup_printf("%s (%s)", w->reason.cause, what)
                               : g_steal_pointer(&what);
    f->remedy = g_strdup(w->reason.cause && w->reason.remedy ? w->reason.remedy : remedy);
    f->evidence = failure_evidence(w);
    w->record->failure = f;
    wait_over(w);
}

static void failure_append_last(GString *text, const struct wait *w)
{
    const GQueue *log = &w->last[VM_LOG], *console = &w->last[VM_CONSOLE];
    const GQueue *last = log->length ? log : console;
    if (!last->length)
        return;
    g_string_append_printf(text, "\nThe last lines of its %s:", last == log ? "log" : "console");
    for (const GList *line = failure_last_lines(last); line; line = line->next)
        g_string_append_printf(text, "\n  | %s", (const char *)line->data);
}

void wait_set_error(const struct wait *w, GError **error)
{
    const struct install_failure *f = w->record->failure;
    g_autofree char *took = text_duration(f->at);
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "the installation failed in the phase \"%s\", after %s: %s",
                           f->phase, took, f->cause);
    failure_append_last(text, w);
    ingot_set_error(error, INGOT_EXIT_INSTALL, f->remedy, "%s", text->str);
}

void wait_forget(struct wait *w)
{
    for (gsize i = 0; i < G_N_ELEMENTS(w->last); i++)
        g_queue_clear_full(&w->last[i], g_free);
    g_clear_pointer(&w->reason.cause, g_free);
    g_clear_pointer(&w->reason_line, g_free);
    g_clear_pointer(&w->resumed_at, g_free);
}
