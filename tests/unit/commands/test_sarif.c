/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "commands/sarif.h"

#include <string.h>

static const inspect_rule swap = {"swap-file", "No swap file", INSPECT_ERROR};
static const inspect_rule key = {"key", "No key", INSPECT_WARNING};

static const char *text_at(const json_t *object, const char *const *keys)
{
    for (; *keys; keys++)
        object = json_is_array(object)
                     ? json_array_get(object, (size_t)g_ascii_strtoull(*keys, NULL, 10))
                     : json_object_get(object, *keys);
    return json_string_value(object);
}

#define AT(object, ...) text_at(object, (const char *const[]){__VA_ARGS__, NULL})
#define FILE_OF(log, n)                                                                            \
    AT(log, "runs", "0", "results", n, "locations", "0", "physicalLocation", "artifactLocation",   \
       "uri")

/* SARIF 2.1.0, 3.4.3: a URI reference of RFC 3986. */
static void paths_are_references(void **state)
{
    (void)state;
    struct inspect_finding all[] = {{&key, (char *)"/etc/a b:c%\"é", (char *)"first"},
                                    {&key, (char *)"//etc", (char *)"second"},
                                    {&swap, NULL, (char *)"third"}};
    g_autoptr(GPtrArray) rules = g_ptr_array_new();
    g_autoptr(GPtrArray) findings = g_ptr_array_new();
    g_ptr_array_add(rules, (gpointer)&swap);
    g_ptr_array_add(rules, (gpointer)&key);
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        g_ptr_array_add(findings, &all[i]);
    json_t *log = sarif_log("out/my image.qcow2", rules, findings);
    assert_string_equal(FILE_OF(log, "0"), "etc/a%20b%3Ac%25%22%C3%A9");
    assert_string_equal(FILE_OF(log, "1"), "etc");
    assert_string_equal(FILE_OF(log, "2"), "my%20image.qcow2");
    assert_string_equal(AT(log, "runs", "0", "results", "0", "level"), "warning");
    assert_string_equal(AT(log, "runs", "0", "results", "2", "ruleId"), "swap-file");
    assert_string_equal(AT(log, "runs", "0", "results", "2", "message", "text"), "third");
    assert_string_equal(AT(log, "runs", "0", "tool", "driver", "rules", "1", "id"), "key");
    json_t *index = json_object_get(
        json_array_get(json_object_get(json_array_get(json_object_get(log, "runs"), 0), "results"),
                       0),
        "ruleIndex");
    assert_int_equal(json_integer_value(index), 1);
    json_decref(log);
}

/* Nothing found is a log, too, and a name of an image need not be UTF-8. */
static void nothing_found(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    json_t *log = sarif_log("\377\n.qcow2", none, none);
    assert_non_null(log);
    assert_string_equal(AT(log, "version"), "2.1.0");
    assert_true(
        json_is_array(json_object_get(json_array_get(json_object_get(log, "runs"), 0), "results")));
    json_decref(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths_are_references),
                                       cmocka_unit_test(nothing_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
