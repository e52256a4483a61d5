/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include "stages/history.h"
#include "stages/limit.h"

#include <string.h>

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-limit");
}

static const stage *stage_of(const char *name)
{
    const stage *const *s = stages_table();
    while (strcmp((*s)->name, name) != 0)
        s++;
    return *s;
}

/* Every stage ends some time, and what has no limits of its own inside ends when it stands still.
 */
static void every_stage(void **state)
{
    (void)state;
    plan p = sample_plan();
    p.limits.total = 7200;
    g_autoptr(build) b = sample_build(&p, NULL);
    for (const stage *const *s = stages_table(); *s; s++)
        assert_true(limit_of(b, *s).total > 0);
    assert_true(limit_of(b, stage_of("media")).still > 0);
    assert_true(limit_of(b, stage_of("export")).still > 0);
    assert_true(limit_of(b, stage_of("publish")).still > 0);
    /* Longer than the machines that it runs, and than a person who looks into one. */
    double plain = limit_of(b, stage_of("install")).total;
    assert_true(plain > 2 * 7200);
    b->options.keep = 8 * 3600;
    assert_true(limit_of(b, stage_of("install")).total >= plain + 8 * 3600);
}

static void scaled_and_learned(void **state)
{
    (void)state;
    plan p = sample_plan();
    g_autoptr(GError) error = NULL;
    g_autoptr(build) b = sample_build(&p, NULL);
    double emulated = limit_of(b, stage_of("seal")).total;
    p.vm.accel.kvm = TRUE;
    assert_true(limit_of(b, stage_of("seal")).total * LIMIT_EMULATED == emulated);
    p.vm.accel.kvm = FALSE;
    add_timing(b, "seal", 100, NULL);
    add_timing(b, "media", 100, NULL);
    assert_true(history_add(b->history, b, &error));
    assert_no_error(error);
    assert_true(limit_of(b, stage_of("seal")).total == LIMIT_SLOWER * 100.0 + LIMIT_SPARE);
    /* What it has to fetch differs. */
    assert_true(limit_of(b, stage_of("media")).total > LIMIT_SLOWER * 100.0 + LIMIT_SPARE);
}

/* How long one format takes says nothing of two, or of one that is made smaller. */
static void learned_for_the_same_formats(void **state)
{
    (void)state;
    static const output_format qcow2 = {.name = "qcow2"}, raw = {.name = "raw"};
    const output_format *const one[] = {&qcow2, NULL}, *const two[] = {&qcow2, &raw, NULL};
    plan p = sample_plan();
    p.name = (char *)"formats";
    g_autoptr(GError) error = NULL;
    g_autoptr(build) b = sample_build(&p, NULL);
    const stage *export = stage_of("export");
    double unlearned = limit_of(b, export).total;
    p.outputs = one;
    sample_add(b, &(struct sample_run){.name = "export", .kind = export->kind(b), .seconds = 100});
    assert_true(history_add(b->history, b, &error));
    assert_no_error(error);
    assert_true(limit_of(b, export).total == LIMIT_SLOWER * 100.0 + LIMIT_SPARE);
    p.outputs = two;
    assert_true(limit_of(b, export).total == unlearned);
    p.outputs = one;
    b->options.compact = OUTPUT_SMALL;
    assert_true(limit_of(b, export).total == unlearned);
}

/* What a person says counts, whatever was learned; the machines of an installation have their own.
 */
static void said_by_the_recipe(void **state)
{
    (void)state;
    plan p = sample_plan();
    p.limits.total = 7200;
    g_autoptr(build) b = sample_build(&p, NULL);
    double install = limit_of(b, stage_of("install")).total;
    p.stage_limit = 90 * 3600;
    for (const stage *const *s = stages_table(); *s; s++)
        assert_true(limit_of(b, *s).total >= 90 * 3600);
    assert_true(limit_of(b, stage_of("seal")).total == 90 * 3600);
    assert_true(limit_of(b, stage_of("install")).total > install);
    assert_true(limit_of(b, stage_of("media")).still > 0);
}

/* ---- a stage that does not end ---- */

static gboolean hang(build *b, const char *key, GError **error)
{
    (void)key;
    GPollFD fd;
    assert_true(g_cancellable_make_pollfd(b->cancel, &fd));
    int woken = g_poll(&fd, 1, 30000);
    g_cancellable_release_fd(b->cancel);
    assert_int_equal(woken, 1);
    return !g_cancellable_set_error_if_cancelled(b->cancel, error);
}

/* A mirror that drips: there is always a new byte. */
static gboolean drip(build *b, const char *key, GError **error)
{
    gint64 late = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
    guint64 n = 0;
    (void)key;
    while (!g_cancellable_is_cancelled(b->cancel) && g_get_monotonic_time() < late)
        progress_amount(b->progress, "drops", ++n, 1000000000);
    assert_true(g_get_monotonic_time() < late);
    return !g_cancellable_set_error_if_cancelled(b->cancel, error);
}

static void ended(const stage *s, struct watch_limits limits, const char *says)
{
    plan p = sample_plan();
    const struct build_options options = {.max_age = 1000};
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) caller = g_cancellable_new();
    g_autoptr(progress) told = progress_new(PROGRESS_TEXT, PROGRESS_QUIET, stderr, NULL);
    g_autoptr(build) b = build_new(&p, &options, told, NULL, caller, NULL);
    b->limits = limits;
    assert_false(limit_run(b, s, NULL, &error));
    assert_error_says(error, s->failure, says);
    if (limits.total < limits.still) /* more time would have helped */
        assert_non_null(strstr(ingot_error_hint(error), "limits.stage"));
    assert_false(g_cancellable_is_cancelled(caller));
}

static void stands_still(void **state)
{
    (void)state;
    const stage s = {.name = "hang", .failure = INGOT_EXIT_OUTPUT, .run = hang};
    ended(&s, (struct watch_limits){.still = 0.5, .total = 900},
          "hang was stopped: it made no progress for 0.5 s");
}

static void takes_too_long(void **state)
{
    (void)state;
    const stage s = {.name = "drip", .failure = INGOT_EXIT_MEDIA, .run = drip};
    ended(&s, (struct watch_limits){.still = 10, .total = 2.5},
          "drip was stopped: it exceeded its limit of 2.5 s");
}

static void interrupted(void **state)
{
    (void)state;
    plan p = sample_plan();
    const struct build_options options = {.max_age = 1000};
    const stage s = {.name = "hang", .failure = INGOT_EXIT_OUTPUT, .run = hang};
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) caller = g_cancellable_new();
    g_autoptr(build) b = build_new(&p, &options, NULL, NULL, caller, NULL);
    g_cancellable_cancel(caller);
    assert_false(limit_run(b, &s, NULL, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stage),
        cmocka_unit_test(scaled_and_learned),
        cmocka_unit_test(learned_for_the_same_formats),
        cmocka_unit_test(said_by_the_recipe),
        cmocka_unit_test(stands_still),
        cmocka_unit_test(takes_too_long),
        cmocka_unit_test(interrupted),
    };
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
