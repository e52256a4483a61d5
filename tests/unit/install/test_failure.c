/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "install/wait.h"

#include <string.h>

/* Why an installation fails, of what the real debian-installer says before it does. */

#define OWN "ingot: kernel modules: of 6.12.117+deb13-amd64: none; of others: 6.12.107+deb13-amd64"
#define ANNA                                                                                       \
    "anna[2301]: WARNING **: no packages matching running kernel 6.12.117+deb13-amd64 in archive"
#define BARE  "no packages matching running kernel 6.12.117+deb13-amd64 in archive"
#define WGET  "wget: can't connect to remote host (10.0.2.2): Connection refused"
#define CAUSE "the archive has no modules for the installer's kernel 6.12.117+deb13-amd64"

static int setup(void **state)
{
    const struct matcher_lists lists = {.reasons = os_installer_find("debian-installer")->reasons};
    struct wait *w = g_new0(struct wait, 1);
    w->matcher = matcher_new(&lists, NULL);
    assert_non_null(w->matcher);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct wait *w = *state;
    wait_forget(w);
    matcher_free(w->matcher);
    g_free(w);
    return 0;
}

static void assert_reason(struct wait *w, const char *const *said, const char *cause,
                          const char *line)
{
    for (; *said; said++)
        wait_reason(w, *said);
    assert_non_null(w->reason.cause);
    assert_string_equal(w->reason.cause, cause);
    assert_non_null(w->reason.remedy);
    assert_string_equal(w->reason_line, line);
}

/* As a medium's own retriever has it: nothing of ours says which kernels there are. */
static void bare(void **state)
{
    assert_reason(*state, (const char *[]){BARE, NULL}, CAUSE, BARE);
}

static void with_prefix(void **state)
{
    assert_reason(*state, (const char *[]){"Nov 22 07:43:32 " ANNA, NULL}, CAUSE,
                  "Nov 22 07:43:32 " ANNA);
}

/* What says less than is known already does not take its place. */
static void both_versions_stay(void **state)
{
    assert_reason(*state, (const char *[]){WGET, OWN, ANNA, BARE, NULL},
                  CAUSE ", only for 6.12.107+deb13-amd64", OWN);
}

static void newest_counts(void **state)
{
    assert_reason(*state, (const char *[]){OWN, BARE, WGET, NULL},
                  "the mirror cannot be reached (wget: to remote host (10.0.2.2): Connection "
                  "refused)",
                  WGET);
}

/* A name that begins like the one before it is another name. */
static void longer_name(void **state)
{
    assert_reason(
        *state,
        (const char *[]){"E: Unable to locate package vim", "E: Unable to locate package vi", NULL},
        "the archive has no package vi", "E: Unable to locate package vi");
}

int main(void)
{
#define OF_WAIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {OF_WAIT(bare), OF_WAIT(with_prefix),
                                       OF_WAIT(both_versions_stay), OF_WAIT(newest_counts),
                                       OF_WAIT(longer_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
