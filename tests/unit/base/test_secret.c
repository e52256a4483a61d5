/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/secret.h"

#include <string.h>

static void redact(void **state)
{
    (void)state;
    g_autoptr(secrets) s = secrets_new();
    secrets_add(s, "hunter2");
    secrets_add(s, "hunter2-and-more");
    secrets_add(s, "abc"); /* too short: would hide every other word */
    secrets_add(s, NULL);
    g_autofree char *a = secrets_redact(s, "pw=hunter2 other=hunter2-and-more abc");
    g_autofree char *b = secrets_redact(NULL, "hunter2");
    assert_string_equal(a, "pw=<secret> other=<secret> abc");
    assert_string_equal(b, "hunter2");
}

static void secrets_that_overlap(void **state)
{
    (void)state;
    g_autoptr(secrets) s = secrets_new();
    secrets_add(s, "abcdef");
    secrets_add(s, "efghij");
    secrets_add(s, "secret");
    g_autofree char *a = secrets_redact(s, "-abcdefghij- secret");
    g_autofree char *again = secrets_redact(s, a);
    assert_string_equal(a, "-<secret>- <secret>");
    assert_string_equal(again, a);
}

static const char *const odd[] = {"qu\"ote-back\\slash",
                                  "tick'and<tag>&",
                                  "Gr\xc3\xbc\xc3\x9f"
                                  "e-\xe2\x82\xac",
                                  "latin-\xe9-byte",
                                  "bell\a-and-\x1b[31mred",
                                  "first line of it\nsecond line of it",
                                  NULL};

static secrets *odd_secrets(void)
{
    secrets *s = secrets_new();
    for (const char *const *o = odd; *o; o++)
        secrets_add(s, *o);
    return s;
}

static void json_values_and_names(void **state)
{
    (void)state;
    g_autoptr(secrets) s = odd_secrets();
    for (const char *const *o = odd; *o; o++) {
        if (!g_utf8_validate(*o, -1, NULL))
            continue;
        json_t *tree = json_object();
        json_object_set_new(tree, "list", json_pack("[s, {s:s}]", *o, "in", *o));
        json_object_set_new(tree, *o, json_integer(1));
        g_autofree char *text = secrets_dump_json(s, tree, JSON_COMPACT | JSON_SORT_KEYS);
        g_autofree char *ascii =
            secrets_dump_json(s, tree, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
        assert_string_equal(text, "{\"<secret>\":1,\"list\":[\"<secret>\",{\"in\":\"<secret>\"}]}");
        assert_string_equal(ascii, text);
        json_decref(tree);
    }
}

/* What others make of it: a template, a shell's trace, a log in JSON. */
static void other_spellings(void **state)
{
    (void)state;
    g_autoptr(secrets) s = odd_secrets();
    const char *const texts[] = {"qu\\\"ote-back\\\\slash",       "'tick'\\''and<tag>&'",
                                 "tick&apos;and&lt;tag&gt;&amp;", "Gr\\u00FC\\u00DFe-\\u20AC",
                                 "latin-\xef\xbf\xbd-byte",       "bell?-and-red"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *safe = secrets_redact(s, texts[i]);
        if (!strstr(safe, "<secret>"))
            fail_msg("it passes: %s", safe);
    }
}

static const char key[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
                          "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUA\n"
                          "QyNTUxOQAAACBzZWNyZXQta2V5LWhlcm\n"
                          "AAAAtz\n"
                          "-----END OPENSSH PRIVATE KEY-----\n";

static void a_line_at_a_time(void **state)
{
    (void)state;
    g_autoptr(secrets) s = secrets_new();
    secrets_add(s, key);
    g_auto(GStrv) lines = g_strsplit(key, "\n", -1);
    g_autofree char *crlf = g_strjoinv("\r\n", lines);
    g_autofree char *whole = secrets_redact(s, crlf);
    g_autofree char *line = secrets_redact(s, "+ echo QyNTUxOQAAACBzZWNyZXQta2V5LWhlcm");
    g_autofree char *foreign = secrets_redact(s, "-----BEGIN OPENSSH PRIVATE KEY-----");
    assert_string_equal(whole, "<secret>");
    assert_string_equal(line, "+ echo <secret>");
    assert_string_equal(foreign, "-----BEGIN OPENSSH PRIVATE KEY-----");
}

/* ---- bytes that come in pieces ---- */

static void append(const char *bytes, gsize length, gpointer user)
{
    g_string_append_len(user, bytes, (gssize)length);
}

/* For every size of a piece what comes out is what comes out of the whole. */
static void every_piece(const secrets *s, const char *text, const char *wanted)
{
    for (gsize piece = 1; piece <= strlen(text); piece++) {
        g_autoptr(GString) out = g_string_new(NULL);
        secrets_stream *stream = secrets_stream_new(s, append, out);
        for (gsize i = 0; i < strlen(text); i += piece)
            secrets_stream_feed(stream, text + i, MIN(piece, strlen(text) - i));
        secrets_stream_end(stream);
        secrets_stream_free(stream);
        assert_string_equal(out->str, wanted);
    }
}

static void in_pieces(void **state)
{
    (void)state;
    g_autoptr(secrets) s = secrets_new();
    secrets_add(s, "hunter2");
    secrets_add(s, "abcdef");
    secrets_add(s, "efghij");
    every_piece(s, "x hunter2 hunter huhunter2\r\nabcdefghij abcd",
                "x <secret> hunter hu<secret>\r\n<secret> abcd");
    every_piece(NULL, "hunter2", "hunter2");
    secrets_add(s, key);
    every_piece(s, "$ cat key\r\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUA\r\n$ ",
                "$ cat key\r\n<secret>\r\n$ ");
}

/* A prompt must be seen before anything is typed at it. */
static void what_is_no_secret_is_not_held_back(void **state)
{
    (void)state;
    g_autoptr(secrets) s = secrets_new();
    g_autoptr(GString) out = g_string_new(NULL);
    secrets_add(s, "hunter2");
    secrets_stream *stream = secrets_stream_new(s, append, out);
    secrets_stream_feed(stream, "login: ", 7);
    assert_string_equal(out->str, "login: ");
    secrets_stream_free(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redact),
        cmocka_unit_test(secrets_that_overlap),
        cmocka_unit_test(json_values_and_names),
        cmocka_unit_test(other_spellings),
        cmocka_unit_test(a_line_at_a_time),
        cmocka_unit_test(in_pieces),
        cmocka_unit_test(what_is_no_secret_is_not_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
