/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"

#include "commands/image.h"
#include "commands/sarif.h"
#include "sysprep/sysprep.h"

#include <string.h>

/* What is in an image, and where it breaks the policy. */

struct options {
    struct image_options image;
    gboolean list;
    char *disable;
};

static const GOptionEntry entries[] = {
    {"list", 0, 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct options, list),
     "List the rules, each with its level", NULL},
    {"disable", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, disable),
     "Ignore violations of these rules (NAME,NAME…)", "LIST"},
    IMAGE_FORMAT_ENTRY(struct options),
    IMAGE_TRUST_ENTRY(struct options),
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

/* ---- rules ---- */

static void inspect_list(const struct call *c, const GPtrArray *rules)
{
    json_t *all = json_array();
    for (guint i = 0; i < rules->len; i++) {
        const inspect_rule *rule = g_ptr_array_index(rules, i);
        const char *level = inspect_level_name(rule->level);
        if (c->json)
            json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "name", rule->name, "level",
                                                 level, "heading", rule->heading));
        else
            printf("%-20s %-8s %s\n", rule->name, level, rule->heading);
    }
    if (c->json)
        call_print_json(c, all);
    else
        json_decref(all);
}

/* ---- text ---- */

static void print_findings(const GPtrArray *findings)
{
    for (int level = INSPECT_ERROR; level >= INSPECT_NOTE; level--)
        for (guint i = 0; i < findings->len; i++) {
            const struct inspect_finding *finding = g_ptr_array_index(findings, i);
            if ((int)finding->rule->level == level)
                printf("  %-8s %s: %s\n", inspect_level_name(finding->rule->level),
                       finding->rule->name, finding->text);
        }
}

static void inspect_print_text(const inspect_survey *survey)
{
    const inspect_section *section = NULL;
    for (guint i = 0; i < survey->items->len; i++) {
        const struct inspect_item *item = g_ptr_array_index(survey->items, i);
        if (item->section != section)
            printf("%s%s\n", i ? "\n" : "", item->section->heading);
        section = item->section;
        printf("  %-20s %s\n", item->key, item->value);
    }
    printf("\nFindings\n");
    print_findings(survey->findings);
    printf("%serrors: %u, warnings: %u, notes: %u\n", survey->findings->len ? "\n" : "  ",
           inspect_survey_count(survey, INSPECT_ERROR),
           inspect_survey_count(survey, INSPECT_WARNING),
           inspect_survey_count(survey, INSPECT_NOTE));
}

/* ---- JSON ---- */

static json_t *items_json(const GPtrArray *items)
{
    json_t *sections = json_object();
    for (guint i = 0; i < items->len; i++) {
        const struct inspect_item *item = g_ptr_array_index(items, i);
        const char *name = item->section->name;
        if (!json_object_get(sections, name))
            json_object_set_new(sections, name, json_array());
        json_array_append_new(json_object_get(sections, name),
                              json_pack("{s:s, s:s}", "item", item->key, "value", item->value));
    }
    return sections;
}

static json_t *findings_json(const GPtrArray *findings)
{
    json_t *all = json_array();
    for (guint i = 0; i < findings->len; i++) {
        const struct inspect_finding *finding = g_ptr_array_index(findings, i);
        json_array_append_new(all, json_pack("{s:s, s:s, s:s*, s:s}", "rule", finding->rule->name,
                                             "level", inspect_level_name(finding->rule->level),
                                             "path", finding->path, "message", finding->text));
    }
    return all;
}

static void inspect_print_json(const struct call *c, const inspect_survey *survey)
{
    json_t *numbers = json_object();
    for (int level = INSPECT_NOTE; level <= INSPECT_ERROR; level++)
        json_object_set_new(numbers, inspect_level_name((enum inspect_level)level),
                            json_integer(inspect_survey_count(survey, (enum inspect_level)level)));
    call_print_json(c, json_pack("{s:o, s:b, s:o, s:o, s:o}", "image", json_string(c->args[0]),
                                 "clean", inspect_survey_count(survey, INSPECT_ERROR) == 0,
                                 "counts", numbers, "sections", items_json(survey->items),
                                 "findings", findings_json(survey->findings)));
}

/* ---- the work ---- */

static void inspect_print(const struct call *c, const GPtrArray *rules,
                          const inspect_survey *survey)
{
    if (c->json)
        inspect_print_json(c, survey);
    else if (g_strcmp0(c->common.format, "sarif") == 0)
        call_print_json(c, sarif_log(c->args[0], rules, survey->findings));
    else
        inspect_print_text(survey);
}

static inspect_survey *inspect_take(struct call *c, GError **error)
{
    gboolean force_tcg;
    const struct options *o = c->options;
    g_autoptr(image_file) i = image_take(c, c->args[0], &o->image, IMAGE_PLAIN, error);
    if (!i || !image_probe(c, &force_tcg, error))
        return NULL;
    /* With --format json, standard output is one document. */
    progress *p = c->json ? NULL : c->progress;
    progress_stage(p, "inspect");
    inspect_survey *survey = inspect_survey_image(i, force_tcg, p, c->cancel, error);
    progress_stage_end(p, survey != NULL, FALSE);
    return survey;
}

static gboolean inspect_work(struct call *c, const GPtrArray *rules, char **disabled,
                             GError **error)
{
    g_autoptr(inspect_survey) survey = inspect_take(c, error);
    if (!survey)
        return FALSE;
    inspect_survey_ignore(survey, (const char *const *)disabled);
    inspect_print(c, rules, survey);
    c->exit_code = inspect_survey_count(survey, INSPECT_ERROR) ? INGOT_EXIT_POLICY : INGOT_EXIT_OK;
    return TRUE;
}

static gboolean inspect_command(struct call *c, GError **error)
{
    const struct options *o = c->options;
    g_auto(GStrv) disabled = inspect_rules_named(o->disable, error);
    g_autoptr(GPtrArray) rules = inspect_rules();
    if (!disabled)
        return FALSE;
    if (o->list) {
        inspect_list(c, rules);
        return TRUE;
    }
    return image_named(c, error) && inspect_work(c, rules, disabled, error);
}

const command command_inspect = {
    .name = "inspect",
    .arguments = "IMAGE",
    .heading = "Report what is in an image, and what is not clean",
    .description =
        "Looks into an image without changing it: system, disk, boot loader, accounts, "
        "services, network; then checks every rule for templates (--list), including keys and "
        "credentials left in it. Exits with 8 if a rule of level error is broken, else with 0.",
    .formats = "text|json|sarif",
    .least = 0,
    .most = 1,
    .plans = FALSE,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = inspect_command,
};
