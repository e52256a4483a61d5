/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/space.h"
#include "base/watch.h"

#include <string.h>

#define SECONDS G_USEC_PER_SEC

/* A second's step of one kind after another, as often as said, and what comes of it. */
struct step {
    guint seconds;
    gint64 cpu, bytes; /* a second */
    guint64 activity;
    gboolean full;
};

static enum watch_verdict after(const struct step *steps, const struct watch_limits *limits,
                                gint64 *when)
{
    struct watch_sample s = {.at = 1000 * SECONDS, .cpu = 5 * SECONDS, .bytes = 1 << 20};
    struct watch_state state;
    enum watch_verdict verdict = WATCH_GOES_ON;
    watch_begin(&state, &s);
    for (; steps->seconds; steps++)
        for (guint i = 0; i < steps->seconds && verdict == WATCH_GOES_ON; i++) {
            s.at += SECONDS;
            s.cpu += steps->cpu;
            s.bytes += steps->bytes;
            s.activity += steps->activity;
            s.full = steps->full;
            verdict = watch_judge(&state, limits, &s);
        }
    *when = (s.at - 1000 * SECONDS) / SECONDS;
    return verdict;
}

static const struct watch_limits limits = {.still = 60, .total = 300};

static void verdicts(void **state)
{
    (void)state;
    static const struct {
        struct step steps[4];
        enum watch_verdict verdict;
        gint64 when;
    } cases[] = {
        {{{299, SECONDS, 0, 0, FALSE}}, WATCH_GOES_ON, 299},
        {{{400, SECONDS, 0, 0, FALSE}}, WATCH_LATE, 300},
        {{{200, 0, 1 << 20, 0, FALSE}}, WATCH_GOES_ON, 200},
        {{{200, 0, 0, 1, FALSE}}, WATCH_GOES_ON, 200},
        /* An idle machine's crumbs are no progress. */
        {{{400, SECONDS / 50, 200, 0, FALSE}}, WATCH_STILL, 60},
        {{{59, 0, 0, 0, FALSE}, {1, SECONDS, 0, 0, FALSE}, {400, 0, 0, 0, FALSE}},
         WATCH_STILL,
         120},
        /* Full and idle; full and busy; idle and not full. */
        {{{10, SECONDS, 0, 0, TRUE}, {20, SECONDS / 50, 0, 0, TRUE}}, WATCH_FULL, 15},
        {{{100, SECONDS, 0, 0, TRUE}}, WATCH_GOES_ON, 100},
        {{{59, 0, 0, 0, FALSE}}, WATCH_GOES_ON, 59},
        /* A child that ends takes its numbers with it. */
        {{{59, 0, 0, 0, FALSE}, {1, -SECONDS, 0, 0, FALSE}, {59, 0, 0, 0, FALSE}},
         WATCH_GOES_ON,
         119},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 when;
        enum watch_verdict verdict = after(cases[i].steps, &limits, &when);
        if (verdict != cases[i].verdict || when != cases[i].when)
            fail_msg("case %zu: %d after %" G_GINT64_FORMAT " s", i, (int)verdict, when);
    }
}

static void no_limits(void **state)
{
    (void)state;
    const struct step still[] = {{100000, 0, 0, 0, FALSE}, {0}};
    const struct watch_limits none = {0};
    gint64 when;
    assert_int_equal(after(still, &none, &when), WATCH_GOES_ON);
}

/* ---- the thread ---- */

struct work {
    GMutex mutex;
    GCond over;
    guint ends;
};

static void end_work(gpointer user)
{
    struct work *work = user;
    g_mutex_lock(&work->mutex);
    work->ends++;
    g_cond_broadcast(&work->over);
    g_mutex_unlock(&work->mutex);
}

static enum watch_verdict watched(struct watch_limits of, const char *path, char **cause)
{
    struct work work = {.ends = 0};
    const char *const paths[] = {path, NULL};
    const struct watch_spec spec = {
        .limits = of, .paths = path ? paths : NULL, .end = end_work, .user = &work};
    gint64 late = g_get_monotonic_time() + 30 * SECONDS;
    g_autoptr(watch) w = watch_start(&spec);
    g_mutex_lock(&work.mutex);
    while (!work.ends && g_cond_wait_until(&work.over, &work.mutex, late))
        continue;
    g_mutex_unlock(&work.mutex);
    assert_int_equal(work.ends, 1);
    *cause = watch_cause(w, NULL);
    return watch_verdict(w);
}

static void ends_the_work(void **state)
{
    (void)state;
    g_autofree char *late = NULL;
    assert_int_equal(watched((struct watch_limits){.total = 0.01}, NULL, &late), WATCH_LATE);
    assert_non_null(strstr(late, "its limit"));
    g_autofree char *still = NULL;
    assert_int_equal(watched((struct watch_limits){.still = 0.01}, NULL, &still), WATCH_STILL);
    assert_non_null(strstr(still, "no progress"));
}

/* /dev/full is no file system, but /proc is one that has no room at all. */
static void full(void **state)
{
    (void)state;
    g_autofree char *cause = NULL;
    guint64 left = 1;
    assert_true(space_is_full("/proc/no/such/file"));
    assert_true(space_left("/proc", &left) && left == 0);
    assert_int_equal(watched((struct watch_limits){.total = 60}, "/proc/self", &cause), WATCH_FULL);
    assert_non_null(strstr(cause, "the host's disk is full: the file system of /proc/self has "));
    assert_true(space_is_shared("/proc/self", "/proc/no/such"));
    assert_false(space_is_shared("/proc", "/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(verdicts), cmocka_unit_test(no_limits),
                                       cmocka_unit_test(ends_the_work), cmocka_unit_test(full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
