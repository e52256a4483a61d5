/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/lines.h"
#include "install/matcher.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct os_phase phases[] = {{"Menu item '([a-z-]+)' selected", "item", FALSE},
                                         {NULL, NULL, FALSE}};
static const struct os_failure failures[] = {{"(\\w+) failed: (.*)$", "\\1 failed (\\2)", NULL},
                                             {NULL, NULL, NULL}};
static const struct matcher_lists lists = {
    .phases = phases, .log = failures, .console = failures, .reasons = failures};

static void look(const matcher *m, const char *line)
{
    struct match match;
    g_assert(strlen(line) <= 3 * LINES_LIMIT); /* a bad byte becomes three */
    g_assert(g_utf8_validate(line, -1, NULL));
    (void)matcher_phase(m, line);
    if (matcher_log(m, line, &match))
        g_free(match.cause);
    if (matcher_console(m, line, &match))
        g_free(match.cause);
    if (matcher_reason(m, line, &match))
        g_free(match.cause);
}

static void on_line(const char *line, gpointer user)
{
    look(user, line);
}

/* Any bytes from a serial port, in pieces of the size that the first one says. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static matcher *m; /* compiled once; fuzzing is one process without an end */
    if (!m)
        m = matcher_new(&lists, NULL);
    g_assert(m);
    gsize step = size ? data[0] + 1u : 1;
    lines *l = lines_new(on_line, m);
    for (gsize i = 1; i < size; i += step)
        lines_feed(l, (const char *)data + i, MIN(step, size - i));
    g_autofree char *rest = lines_partial(l);
    if (rest)
        look(m, rest);
    lines_free(l);
    return 0;
}
