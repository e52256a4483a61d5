/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/wait.h"

double wait_seconds_since(gint64 began)
{
    return (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
}

void wait_moved(struct wait *w)
{
    w->last_active = g_get_monotonic_time();
    w->sent_then = w->now.sent;
}

struct timeline_phase *wait_phase(const struct wait *w)
{
    const GPtrArray *phases = w->record->phases;
    return g_ptr_array_index(phases, phases->len - 1);
}

void wait_over(struct wait *w)
{
    w->over = TRUE;
    g_main_loop_quit(w->loop);
}
