/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "base/files.h"
#include "install/install.h"

#include <string.h>

/* The wait for a program in a real sandbox, in the place of a machine. */

#define BUSYBOX "/bin/busybox"

static const struct os_phase phases[] = {
    {"^phase: one", "one", FALSE}, {"^phase: end", "end", TRUE}, {NULL, NULL, FALSE}};
static const struct os_failure failures[] = {{"^error: (.*)", "\\1", "mend it"},
                                             {NULL, NULL, NULL}};

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-program");
}

static gboolean program_test_run(const char *script, const struct install_limits *limits,
                                 const secrets *hidden, GCancellable *cancel,
                                 struct install_record **record, GError **error)
{
    const char *const argv[] = {"/busybox", "sh", "-c", script, NULL};
    static const char *const env[] = {"PATH=/", NULL};
    static const struct sandbox_mount mounts[] = {
        {"/", NULL, TRUE}, {"/busybox", BUSYBOX, FALSE}, {NULL, NULL, FALSE}};
    const struct sandbox_spec sandbox = {
        .kind = SANDBOX_USER, .argv = argv, .env = env, .mounts = mounts, .socket = -1};
    const struct install_spec spec = {.sandbox = &sandbox,
                                      .hidden = hidden,
                                      .name = "system",
                                      .phases = phases,
                                      .failures = failures,
                                      .limits = limits ? *limits : (struct install_limits){0},
                                      .dir = folder,
                                      .log_dir = folder};
    return install_run(&spec, NULL, cancel, record, error);
}

static void succeeds(void **state)
{
    (void)state;
    struct install_record *record = NULL;
    g_autoptr(GError) error = NULL;
    assert_true(
        program_test_run("echo phase: one; echo phase: end", NULL, NULL, NULL, &record, &error));
    assert_no_error(error);
    assert_null(record->failure);
    assert_int_equal(record->phases->len, 3); /* start, one, end */
    install_record_free(record);
}

/* Every way in which it can end badly, and what is said of it. */
static void fails(void **state)
{
    (void)state;
    static const struct {
        const char *script, *cause;
    } all[] = {{"echo phase: one; exit 3", "status 3"},
               {"echo phase: end; exit 1", "status 1"},
               {"echo phase: one", "status 0 before"},
               {"echo phase: one; echo error: it burns; /busybox sleep 1000", "it burns"},
               {"echo phase: one; kill -SEGV $$", "signal 11"}};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        struct install_record *record = NULL;
        g_autoptr(GError) error = NULL;
        assert_false(program_test_run(all[i].script, NULL, NULL, NULL, &record, &error));
        if (!strstr(error->message, all[i].cause))
            fail_msg("not '%s' but: %s", all[i].cause, error->message);
        assert_int_equal(ingot_error_exit(error, 0), INGOT_EXIT_INSTALL);
        assert_non_null(record->failure);
        install_record_free(record);
    }
}

static void has_limits(void **state)
{
    (void)state;
    const struct install_limits total = {.total = 2}, still = {.inactivity = 2};
    g_autoptr(GError) late = NULL, silent = NULL;
    assert_false(program_test_run("while :; do echo on; /busybox sleep 0.1; done", &total, NULL,
                                  NULL, NULL, &late));
    assert_non_null(strstr(late->message, "exceeded its limit"));
    assert_false(program_test_run("echo phase: one; /busybox sleep 1000", &still, NULL, NULL, NULL,
                                  &silent));
    assert_non_null(strstr(silent->message, "nothing moved"));
}

/* The log on the host is masked; what the lines mean is judged unmasked. */
static void hides_secrets(void **state)
{
    (void)state;
    secrets *hidden = secrets_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *log = g_build_filename(folder, "log.log", NULL);
    secrets_add(hidden, "correct-horse");
    assert_true(program_test_run("echo is correct-horse; echo phase: end", NULL, hidden, NULL, NULL,
                                 &error));
    g_autofree char *text = files_read(log, 1 << 16, NULL, NULL);
    assert_non_null(strstr(text, "phase: end"));
    assert_null(strstr(text, "correct-horse"));
    secrets_free(hidden);
}

static gboolean on_time(gpointer cancel)
{
    g_cancellable_cancel(cancel);
    return G_SOURCE_REMOVE;
}

static void can_be_cancelled(void **state)
{
    (void)state;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_timeout_add(500, on_time, cancel);
    assert_false(program_test_run("/busybox sleep 1000", NULL, NULL, cancel, NULL, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(succeeds), cmocka_unit_test(fails), cmocka_unit_test(has_limits),
        cmocka_unit_test(hides_secrets), cmocka_unit_test(can_be_cancelled)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
