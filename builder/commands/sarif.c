/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/sarif.h"

#include "base/text.h"

#define BASE "IMAGE"

static json_t *rule_json(const inspect_rule *rule)
{
    return json_pack("{s:s, s:{s:s}, s:{s:s}}", "id", rule->name, "shortDescription", "text",
                     rule->heading, "defaultConfiguration", "level",
                     inspect_level_name(rule->level));
}

static json_t *driver_json(const GPtrArray *rules)
{
    json_t *list = json_array();
    for (guint i = 0; i < rules->len; i++)
        json_array_append_new(list, rule_json(g_ptr_array_index(rules, i)));
    return json_pack("{s:s, s:s, s:s, s:o}", "name", "ingot", "version", INGOT_VERSION,
                     "semanticVersion", INGOT_VERSION, "rules", list);
}

/* A path as a relative reference of RFC 3986. */
static json_t *artifact_json(const char *image, const char *path)
{
    if (!path) {
        g_autofree char *name = g_path_get_basename(image);
        g_autofree char *uri = g_uri_escape_string(name, NULL, FALSE);
        return json_pack("{s:s}", "uri", uri);
    }
    while (*path == '/')
        path++;
    g_autofree char *uri = g_uri_escape_string(path, "/", FALSE);
    return json_pack("{s:s, s:s}", "uri", uri, "uriBaseId", BASE);
}

static json_t *result_json(const char *image, const GPtrArray *rules,
                           const struct inspect_finding *finding)
{
    guint index = 0;
    (void)g_ptr_array_find((GPtrArray *)rules, finding->rule, &index);
    return json_pack("{s:s, s:i, s:s, s:{s:s}, s:[{s:{s:o}}]}", "ruleId", finding->rule->name,
                     "ruleIndex", (int)index, "level", inspect_level_name(finding->rule->level),
                     "message", "text", finding->text, "locations", "physicalLocation",
                     "artifactLocation", artifact_json(image, finding->path));
}

json_t *sarif_log(const char *image, const GPtrArray *rules, const GPtrArray *findings)
{
    g_autofree char *said = g_strdup_printf("The root directory in %s", image);
    g_autofree char *root = text_printable(said, -1);
    json_t *results = json_array();
    for (guint i = 0; i < findings->len; i++)
        json_array_append_new(results, result_json(image, rules, g_ptr_array_index(findings, i)));
    json_t *run = json_pack("{s:{s:o}, s:{s:{s:{s:s}}}, s:[{s:b}], s:s, s:o}", "tool", "driver",
                            driver_json(rules), "originalUriBaseIds", BASE, "description", "text",
                            root, "invocations", "executionSuccessful", 1, "columnKind",
                            "unicodeCodePoints", "results", results);
    return json_pack("{s:s, s:s, s:[o]}", "$schema",
                     "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs",
                     run);
}
