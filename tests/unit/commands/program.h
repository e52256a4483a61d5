/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../test.h"

#include <gio/gio.h>
#include <jansson.h>

/* The program as people and CI servers call it. */

struct outcome {
    int code;
    char *out, *err;
};

static inline void outcome_clear(struct outcome *o)
{
    g_free(o->out);
    g_free(o->err);
}

/* With these words, in this environment (NULL: that of the test). */
static inline struct outcome program_run(char **environment, const char *const *args)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    struct outcome o = {0};
    g_ptr_array_add(argv, (gpointer)g_getenv("INGOT_TEST_PROGRAM"));
    for (; *args; args++)
        g_ptr_array_add(argv, (gpointer)*args);
    g_ptr_array_add(argv, NULL);
    if (environment)
        g_subprocess_launcher_set_environ(launcher, environment);
    g_autoptr(GSubprocess) child =
        g_subprocess_launcher_spawnv(launcher, (const char *const *)argv->pdata, NULL);
    assert_non_null(child);
    assert_true(g_subprocess_communicate_utf8(child, NULL, NULL, &o.out, &o.err, NULL));
    assert_true(g_subprocess_get_if_exited(child));
    o.code = g_subprocess_get_exit_status(child);
    return o;
}

#define RUN(...) program_run(NULL, (const char *const[]){__VA_ARGS__, NULL})

/* Standard output, which is one document; owned by the caller. */
static inline json_t *outcome_json(const struct outcome *o)
{
    json_error_t error;
    json_t *document = json_loads(o->out, 0, &error);
    if (!document)
        fail_msg("%s in '%s'; standard error: '%s'", error.text, o->out, o->err);
    return document;
}

static inline const char *text_of(const json_t *o, const char *member)
{
    const char *text = json_string_value(json_object_get(o, member));
    return text ? text : "";
}
