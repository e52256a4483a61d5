/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include "report/report.h"

#include <string.h>

static void good(void **state)
{
    (void)state;
    json_t *record = record_from(good_record);
    g_autofree char *xml = report_junit(record);
    assert_string_equal(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"ingot build web\" tests=\"4\" failures=\"0\" skipped=\"2\" "
        "time=\"100.0\">\n"
        "<testsuite name=\"ingot build\" tests=\"4\" failures=\"0\" skipped=\"2\" time=\"100.0\">\n"
        "  <testcase classname=\"web\" name=\"media\" time=\"20.0\"/>\n"
        "  <testcase classname=\"web\" name=\"install\" time=\"0.2\">\n"
        "    <skipped message=\"reused: the same inputs\"/>\n"
        "  </testcase>\n"
        "  <testcase classname=\"web\" name=\"seal\" time=\"50.0\"/>\n"
        "  <testcase classname=\"web\" name=\"verify\" time=\"0.0\">\n"
        "    <skipped message=\"left out: not requested\"/>\n"
        "  </testcase>\n"
        "</testsuite>\n"
        "</testsuites>\n");
    json_decref(record);
}

static void bad(void **state)
{
    (void)state;
    json_t *record = record_from(bad_record);
    g_autofree char *xml = report_junit(record);
    assert_non_null(strstr(xml, "tests=\"3\" failures=\"1\" skipped=\"1\""));
    assert_non_null(strstr(xml, "    <failure message=\"no room &lt;left&gt;\" type=\"exit 6\">"
                                "no room &lt;left&gt;\n"
                                "phase: boot\n"
                                "what to do: make disk.size larger\n"
                                "  | a &amp; b\n"
                                "logs and screens: /out/web.failed\n"
                                "</failure>\n"));
    assert_non_null(strstr(xml, "<skipped message=\"not reached: the build ended before it\"/>"));
    json_decref(record);
}

/* The assertions are a suite of their own, in a build and alone. */
static void assertions(void **state)
{
    (void)state;
    json_t *record = record_from(good_record);
    json_t *verify = record_from(
        "{'seconds': 9, 'assertions': ["
        "{'name': 'one', 'heading': 'first', 'outcome': 'passed', 'says': ''},"
        "{'name': 'two', 'heading': 'second', 'outcome': 'failed', 'says': 'a<b'},"
        "{'name': 'three', 'heading': 'third', 'outcome': 'skipped', 'says': 'not here'}]}");
    g_autofree char *alone = report_junit_verify(verify, "x.qcow2");
    assert_string_equal(alone,
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<testsuite name=\"ingot verify\" tests=\"3\" failures=\"1\" skipped=\"1\" "
                        "time=\"9.0\">\n"
                        "  <testcase classname=\"x.qcow2\" name=\"one\"/>\n"
                        "  <testcase classname=\"x.qcow2\" name=\"two\">\n"
                        "    <failure message=\"second: a&lt;b\"/>\n"
                        "  </testcase>\n"
                        "  <testcase classname=\"x.qcow2\" name=\"three\">\n"
                        "    <skipped message=\"third: not here\"/>\n"
                        "  </testcase>\n"
                        "</testsuite>\n");
    json_object_set_new(record, "verify", verify);
    g_autofree char *xml = report_junit(record);
    assert_non_null(strstr(xml, "tests=\"7\" failures=\"1\" skipped=\"3\""));
    assert_non_null(strstr(xml, "classname=\"web.qcow2\" name=\"two\""));
    json_decref(record);
}

/* A record of which nothing is as it should be still makes XML. */
static void strange(void **state)
{
    (void)state;
    static const char *const records[] = {
        "{}", "[]", "{'stages': 'x', 'verify': [], 'failure': 3}",
        "{'stages': [1, 'a', {'outcome': 'failed'}, {}], 'verify': {'assertions': [[]]}}"};
    for (gsize i = 0; i < G_N_ELEMENTS(records); i++) {
        json_t *record = record_from(records[i]);
        g_autofree char *xml = report_junit(record);
        assert_true(g_str_has_suffix(xml, "</testsuites>\n"));
        json_decref(record);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(bad),
                                       cmocka_unit_test(assertions), cmocka_unit_test(strange)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
