/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/progress.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct capture {
    char *text;
    size_t length;
    FILE *stream;
};

static struct capture begin(void)
{
    struct capture c = {0};
    return c;
}

static void script(progress *p)
{
    g_autoptr(GError) error = NULL;
    progress_stage(p, "install");
    progress_phase(p, "base system");
    progress_amount(p, "kernel", 50, 100);
    progress_phase(p, "boot loader");
    progress_info(p, "password is %s", "hunter2");
    progress_detail(p, "detail");
    progress_stage_end(p, FALSE, FALSE);
    ingot_set_error(&error, INGOT_EXIT_INSTALL, "look at %s", "it failed at %s", "hunter2");
    progress_error(p, error, INGOT_EXIT_INSTALL);
}

static char *said(enum progress_format format, enum progress_level level)
{
    struct capture c = begin();
    g_autoptr(secrets) hidden = secrets_new();
    secrets_add(hidden, "hunter2");
    c.stream = open_memstream(&c.text, &c.length);
    progress *p = progress_new(format, level, c.stream, hidden);
    script(p);
    progress_free(p);
    fclose(c.stream);
    char *text = g_strdup(c.text);
    free(c.text);
    assert_null(strstr(text, "hunter2"));
    return text;
}

static void plain(void **state)
{
    (void)state;
    g_autofree char *text = said(PROGRESS_TEXT, PROGRESS_NORMAL);
    assert_non_null(strstr(text, "install  ..."));
    assert_non_null(strstr(text, "  base system "));
    assert_non_null(strstr(text, "password is <secret>"));
    assert_non_null(strstr(text, "install  failed"));
    assert_non_null(strstr(text, "ingot: it failed at <secret>"));
    assert_null(strstr(text, "detail"));
    assert_null(strchr(text, '\r'));
}

static void quiet(void **state)
{
    (void)state;
    g_autofree char *text = said(PROGRESS_TEXT, PROGRESS_QUIET);
    assert_true(g_str_has_prefix(text, "ingot: it failed"));
}

/* One object per line, each with its event and time. */
static void json(void **state)
{
    (void)state;
    g_autofree char *text = said(PROGRESS_JSON, PROGRESS_VERBOSE);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    assert_true(g_strv_length(lines) >= 8);
    for (char **l = lines; *l; l++) {
        json_t *event = json_loads(*l, 0, NULL);
        assert_non_null(event);
        assert_non_null(json_object_get(event, "event"));
        assert_non_null(json_object_get(event, "time"));
        json_decref(event);
    }
}

/* Who watches hears of every beginning, and what he expects is told. */
static double watch(const char *kind, const char *phase, gpointer user)
{
    g_string_append_printf(user, "%s/%s ", kind, phase ? phase : "");
    return phase && strcmp(phase, "boot loader") == 0 ? -1
           : phase                                    ? 40
           : strchr(kind, ' ')                        ? 25
                                                      : 170;
}

static char *watched(enum progress_format format, GString *heard)
{
    struct capture c = begin();
    c.stream = open_memstream(&c.text, &c.length);
    g_autoptr(timeline) t = timeline_new(watch, heard);
    progress *p = progress_new(format, PROGRESS_NORMAL, c.stream, NULL);
    progress_follow(p, t);
    script(p);
    progress_stage(p, "seal");
    progress_stage_kind(p, "seal again");
    progress_follow(p, NULL);
    progress_phase(p, "policy");
    progress_free(p);
    fclose(c.stream);
    char *text = g_strdup(c.text);
    free(c.text);
    return text;
}

static void expectations(void **state)
{
    (void)state;
    g_autoptr(GString) heard = g_string_new(NULL);
    g_autofree char *plain_text = watched(PROGRESS_TEXT, heard);
    assert_string_equal(heard->str, "install/ install/base system install/boot loader seal/ "
                                    "seal again/ ");
    assert_non_null(strstr(plain_text, "install  ...  about 3 min\n"));
    g_autofree char *events = watched(PROGRESS_JSON, heard);
    assert_non_null(strstr(events, "{\"event\":\"stage-begin\",\"expected\":170.0,"));
    assert_non_null(strstr(events, "{\"event\":\"phase-begin\",\"expected\":40.0,"));
    assert_non_null(strstr(events, "{\"event\":\"phase-begin\",\"phase\":\"boot loader\""));
    assert_non_null(strstr(events, "{\"event\":\"expected\",\"expected\":25.0,\"stage\":\"seal\""));
}

static void nobody(void **state)
{
    (void)state;
    script(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plain), cmocka_unit_test(quiet),
                                       cmocka_unit_test(json), cmocka_unit_test(expectations),
                                       cmocka_unit_test(nobody)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
