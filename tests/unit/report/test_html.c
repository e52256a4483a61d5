/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"
#include "record.h"

#include "report/report.h"

#include <string.h>

/* Pieces of the page; how it looks is for a browser to say (tests/image/report.py). */

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-report");
}

static char *page_of(const char *text)
{
    json_t *record = record_from(text);
    char *html = report_html(record);
    json_decref(record);
    return html;
}

static guint count(const char *text, const char *word)
{
    guint n = 0;
    for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
        n++;
    return n;
}

static void good(void **state)
{
    (void)state;
    g_autofree char *html = page_of(good_record);
    assert_true(g_str_has_prefix(html, "<!DOCTYPE html>\n<html lang=\"en\">"));
    assert_non_null(strstr(html, "<span class=\"mark good\">Built</span> in 1 min 40 s"));
    assert_non_null(strstr(html, "<dt>Image</dt><dd>1 MiB<small>web.qcow2</small></dd>"));
    /* The seal: from a quarter of the axis, half of it long; usually half of that. */
    assert_non_null(strstr(html, "<b class=\"bar\" style=\"left:25.00%;width:50.00%\"></b>"
                                 "<b class=\"usual\" style=\"left:25.00%;width:25.00%\"></b>"));
    assert_non_null(strstr(html, "<span>50.0 s</span> <small>usually 25 s, <span class=\"slower\">"
                                 "25 s more</span></small>"));
    assert_non_null(strstr(html, "<span class=\"name\">install <em>reused</em></span>"));
    assert_null(strstr(html, "usually 8 min")); /* what was reused is not compared */
    assert_non_null(
        strstr(html, "<span class=\"mark kept\">reused</span></td><td>the same inputs"));
    assert_non_null(strstr(html, "<li>vim <small>9.1</small></li>"));
    assert_non_null(strstr(html, "<summary>1 package</summary>"));
    assert_null(strstr(html, "Why it failed"));
    assert_null(strstr(html, "id=\"screens\""));
    assert_null(strstr(html, "id=\"activity\""));
    assert_null(strstr(html, "id=\"verify\""));
}

/* The failure comes before everything else. */
static void bad(void **state)
{
    (void)state;
    g_autofree char *html = page_of(bad_record);
    const char *why = strstr(html, "<p class=\"cause\">no room &lt;left&gt;</p>");
    assert_non_null(why);
    assert_true(why < strstr(html, "<h2 id=\"timeline\""));
    assert_non_null(strstr(html, "<h3>What to do</h3>\n<p>make disk.size larger</p>"));
    assert_non_null(strstr(html, "  | a &amp; b\n</pre>"));
    assert_non_null(strstr(html, "<code>/out/web.failed</code>"));
    assert_non_null(strstr(html, "stage install, phase boot"));
    assert_non_null(strstr(html, "<div class=\"row phase bad\">"));
}

/* No text of a record becomes markup, whichever it is. */
static json_t *spoiled(json_t *value)
{
    if (json_is_string(value))
        return json_string("</script><i onclick=\"a\">'&");
    json_t *copy = json_is_array(value) ? json_array() : json_object(), *member;
    const char *name;
    size_t i;
    if (json_is_array(value))
        json_array_foreach(value, i, member) json_array_append_new(copy, spoiled(member));
    else if (json_is_object(value))
        json_object_foreach(value, name, member) json_object_set_new(copy, name, spoiled(member));
    else
        return json_decref(copy), json_incref(value);
    return copy;
}

static void hostile(void **state)
{
    (void)state;
    static const char *const records[] = {good_record, bad_record};
    for (gsize i = 0; i < G_N_ELEMENTS(records); i++) {
        json_t *record = record_from(records[i]), *bad_one = spoiled(record);
        g_autofree char *html = report_html(bad_one);
        assert_null(strstr(html, "<i onclick"));
        assert_null(strstr(html, "onclick=\"a"));
        assert_int_equal(count(html, "</script>"), 1);
        assert_int_equal(count(html, "<script>"), 1);
        json_decref(record);
        json_decref(bad_one);
    }
}

/* Lists without end make a page of a size, that says what it leaves out. */
static void bounded(void **state)
{
    (void)state;
    json_t *record = record_from(bad_record), *packages = json_array(), *lines = json_array();
    json_t *phases = json_array();
    for (int i = 0; i < 20000; i++) {
        json_array_append_new(packages, json_pack("{s:s}", "name", "p"));
        json_array_append_new(lines, json_string("line"));
        json_array_append_new(phases, json_pack("{s:s, s:s}", "stage", "install", "phase", "x"));
    }
    json_object_set_new(record, "os", json_pack("{s:o}", "packages", packages));
    json_object_set_new(json_object_get(record, "failure"), "evidence", lines);
    json_object_set_new(record, "phases", phases);
    g_autofree char *html = report_html(record);
    assert_int_equal(count(html, "<li>p <small>"), 10000);
    assert_int_equal(count(html, "row phase"), 300);
    assert_int_equal(count(html, "line\n"), 80);
    assert_non_null(strstr(html, "19920 more lines are left out"));
    assert_non_null(strstr(html, "20000 packages"));
    json_decref(record);
}

/* ---- pictures and curves ---- */

static const char pixel[] = /* the smallest PNG, of one pixel */
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg==";

static char *put(const char *name, gconstpointer data, gsize length)
{
    char *path = g_build_filename(folder, name, NULL);
    assert_true(g_file_set_contents(path, data, (gssize)length, NULL));
    return path;
}

static json_t *picture(const char *path)
{
    return json_pack("{s:f, s:s, s:s, s:s}", "at", 61.0, "phase", "boot \"x\"", "file", path,
                     "text", "login: <");
}

/* What is a PNG is in the page; what is not is counted. */
static void filmstrip(void **state)
{
    (void)state;
    gsize length;
    g_autofree guchar *png = g_base64_decode(pixel, &length);
    g_autofree char *right = put("right.png", png, length), *text = put("text.png", "hello", 5);
    png[16] = 0x7f; /* a width of two thousand million */
    g_autofree char *wide = put("wide.png", png, length), *cut = put("cut.png", png, 20);
    json_t *record = record_from(good_record);
    json_object_set_new(record, "machines",
                        json_pack("[{s:s, s:[o, o, o, o, o, o]}]", "name", "system", "pictures",
                                  picture(right), picture(right), picture(text), picture(wide),
                                  picture(cut), picture("/no/such/file")));
    g_autofree char *html = report_html(record);
    assert_int_equal(count(html, "<img"), 1);
    g_autofree char *image = g_strconcat(
        "<img width=\"1\" height=\"1\" alt=\"The screen after 1 min 01 s, in the phase boot "
        "&quot;x&quot;\" src=\"data:image/png;base64,",
        pixel, "\">", NULL);
    assert_non_null(strstr(html, image));
    assert_non_null(strstr(html, "<pre>login: &lt;</pre>"));
    assert_non_null(strstr(html, "4 more could not be read"));
    json_decref(record);
}

/* Two mebibytes in two seconds, whatever else the samples say. */
static void curves(void **state)
{
    (void)state;
    g_autofree char *html =
        page_of("{'name': 'a', 'machines': [{'name': 'system', 'samples': ["
                "[0, 0, 0, 0, 0], [2, 2097152, 0, 5, 0], [1, 9, 9, 9, 9], ['x'], 7, [4]],"
                " 'phases': [{'phase': 'a', 'begin': 0}, {'phase': '<b>', 'begin': 2}]}]}");
    assert_non_null(strstr(html, "aria-label=\"Disk over 4.0 s: read 2 MiB, written 0 B, at most"));
    assert_non_null(strstr(html, "1 MiB/s"));
    assert_non_null(strstr(html, "<title>&lt;b&gt;</title>"));
    assert_null(strstr(html, "nan"));
    assert_null(strstr(html, "inf"));
}

/* Wrong types are as good as absent. */
static void strange(void **state)
{
    (void)state;
    static const char *const records[] = {
        "{}",
        "[]",
        "'x'",
        "{'stages': [1, [], 'a', {}], 'phases': [{}], 'failure': []}",
        "{'machines': [{'samples': [[], [], []], 'pictures': [[], 4]}, 'a'], 'os': 'linux'}",
        "{'seconds': -1, 'stages': [{'stage': 'a', 'begin': 1e300, 'seconds': 1e300}]}"};
    for (gsize i = 0; i < G_N_ELEMENTS(records); i++) {
        json_error_t error;
        g_autofree char *text = g_strdelimit(g_strdup(records[i]), "'", '"');
        json_t *record = json_loads(text, JSON_DECODE_ANY, &error);
        g_autofree char *html = report_html(record);
        assert_true(g_str_has_suffix(html, "</html>\n"));
        json_decref(record);
    }
}

/* The first file is the image; further ones are named. */
static void files_of_a_template(void **state)
{
    (void)state;
    json_t *record = record_from(good_record);
    json_t *image = json_object_get(record, "image");
    json_object_set_new(image, "sha256", json_string("aa11"));
    json_t *outputs = record_from("{'outputs': [{'files': [{'file': 'web.qcow2', 'sha256': "
                                  "'aa11'}]}, {'files': [{'file': 'web.<raw>', 'sha256': "
                                  "'bb22'}]}, {'files': 7}, 7]}");
    json_object_update(record, outputs);
    g_autofree char *html = report_html(record);
    assert_non_null(strstr(html, "SHA-256 of the image</dt><dd><code>aa11<"));
    assert_non_null(strstr(html, "SHA-256 of web.&lt;raw&gt;</dt><dd><code>bb22<"));
    assert_null(strstr(html, "SHA-256 of web.qcow2"));
    json_decref(outputs);
    json_decref(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(files_of_a_template),
                                       cmocka_unit_test(good),
                                       cmocka_unit_test(bad),
                                       cmocka_unit_test(hostile),
                                       cmocka_unit_test(bounded),
                                       cmocka_unit_test(filmstrip),
                                       cmocka_unit_test(curves),
                                       cmocka_unit_test(strange)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
