/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/section.h"
#include "report/sections.h"

#include "base/text.h"

#include <string.h>

/* What is in the image and what went into it. */

#define ASSERTIONS_MOST 500
#define OPERATIONS_MOST 500
#define PACKAGES_MOST   10000
#define INPUTS_MOST     500
#define SAYS_MOST       1000

static gsize count_outcome(const json_t *list, const char *outcome)
{
    gsize n = 0;
    for (gsize i = 0; i < json_array_size(list); i++)
        n += strcmp(member_text(json_array_get(list, i), "outcome"), outcome) == 0;
    return n;
}

/* ---- verify ---- */

/* Failed ones first; outcome NULL: all the others. */
static void put_assertions(GString *out, const json_t *verify, gboolean failed)
{
    for (gsize i = 0; i < member_count(verify, "assertions", ASSERTIONS_MOST); i++) {
        const json_t *a = member_at(verify, "assertions", i);
        const char *outcome = member_text(a, "outcome");
        if ((strcmp(outcome, "failed") == 0) != failed)
            continue;
        markup(out,
               "<tr><td><span class=\"mark %s\">%s</span></td><th scope=\"row\">%s<small>%s</small>"
               "</th><td>",
               outcome_class(outcome), outcome, member_text(a, "heading"), member_text(a, "name"));
        markup_cut(out, member_text(a, "says"), SAYS_MOST);
        g_string_append(out, "</td></tr>\n");
    }
}

void section_verify(GString *out, const json_t *record)
{
    const json_t *verify = json_object_get(record, "verify");
    const json_t *list = json_object_get(verify, "assertions");
    if (!json_array_size(list))
        return;
    gsize failed = count_outcome(list, "failed"), skipped = count_outcome(list, "skipped");
    section_begin(out, "verify", "Two clones, two machines");
    markup(out, "<p class=\"lead\">%u passed, %u failed, %u skipped, in ",
           (guint)count_outcome(list, "passed"), (guint)failed, (guint)skipped);
    put_duration(out, member_number(verify, "seconds"));
    g_string_append(out, ".</p>\n");
    markup(out, "<details%s><summary>All assertions</summary>\n", failed ? " open" : "");
    g_string_append(out,
                    "<table class=\"stack\">\n<thead><tr><th scope=\"col\">Outcome</th><th "
                    "scope=\"col\">What must be so</th><th scope=\"col\">What was seen</th></tr>"
                    "</thead>\n<tbody>\n");
    put_assertions(out, verify, TRUE);
    put_assertions(out, verify, FALSE);
    g_string_append(out, "</tbody>\n</table>\n</details>\n");
    section_end(out);
}

/* ---- sysprep ---- */

void section_operations(GString *out, const json_t *record)
{
    const json_t *os = json_object_get(record, "os");
    gsize n = member_count(os, "sysprep", OPERATIONS_MOST);
    if (!n)
        return;
    section_begin(out, "sysprep", "Sysprep");
    markup(out, "<p class=\"lead\">%u operations ran on the image.</p>\n<ul class=\"tags\">\n",
           (guint)n);
    for (gsize i = 0; i < n; i++) {
        const char *name = json_string_value(member_at(os, "sysprep", i));
        markup(out, "<li>%s</li>\n", name ? name : "");
    }
    g_string_append(out, "</ul>\n");
    section_end(out);
}

/* ---- packages ---- */

void section_packages(GString *out, const json_t *record)
{
    const json_t *os = json_object_get(record, "os");
    gsize all = json_array_size(json_object_get(os, "packages"));
    gsize n = MIN(all, PACKAGES_MOST);
    if (!n)
        return;
    section_begin(out, "packages", "Packages");
    markup(
        out,
        "<details id=\"package-list\"><summary>%u package%s</summary>\n<ul class=\"packages\">\n",
        (guint)all, all == 1 ? "" : "s");
    for (gsize i = 0; i < n; i++) {
        const json_t *p = member_at(os, "packages", i);
        markup(out, "<li>%s <small>%s</small></li>\n", member_text(p, "name"),
               member_text(p, "version"));
    }
    g_string_append(out, "</ul>\n");
    if (n < all)
        markup(out, "<p class=\"lead\">The first %u; the manifest lists all.</p>\n", (guint)n);
    g_string_append(out, "</details>\n");
    section_end(out);
}

/* ---- inputs ---- */

void section_inputs(GString *out, const json_t *record)
{
    gsize n = member_count(record, "inputs", INPUTS_MOST);
    if (!n)
        return;
    section_begin(out, "inputs", "Inputs");
    markup(out, "<details><summary>%u fetched and verified files</summary>\n", (guint)n);
    g_string_append(out, "<table class=\"stack\">\n<thead><tr><th scope=\"col\">Name</th><th "
                         "scope=\"col\">Size</th><th scope=\"col\">SHA-256</th></tr></thead>\n"
                         "<tbody>\n");
    for (gsize i = 0; i < n; i++) {
        const json_t *input = member_at(record, "inputs", i);
        g_autofree char *size = text_size((guint64)member_number(input, "size"));
        markup(out,
               "<tr><th scope=\"row\">%s<small>%s</small></th><td>%s</td><td><code>%s</code></td>"
               "</tr>\n",
               member_text(input, "name"), member_text(input, "origin"), size,
               member_text(input, "sha256"));
    }
    g_string_append(out, "</tbody>\n</table>\n</details>\n");
    section_end(out);
}

/* ---- the machine and the tools ---- */

static void put_pair(GString *out, const char *term, const char *value)
{
    if (*value)
        markup(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", term, value);
}

static void put_tools(GString *out, const json_t *tools)
{
    static const char *const names[] = {"ingot", "qemu", "libguestfs", "libarchive", "libcurl"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        put_pair(out, names[i], member_text(tools, names[i]));
}

static void contents_put_recipe(GString *out, const json_t *recipe)
{
    if (*member_text(recipe, "path"))
        markup(out, "<div><dt>Recipe</dt><dd>%s<small><code>%s</code></small></dd></div>\n",
               member_text(recipe, "path"), member_text(recipe, "sha256"));
}

static void put_sum(GString *out, const char *what, const json_t *file)
{
    markup(out, "<div><dt>SHA-256 of %s</dt><dd><code>%s</code></dd></div>\n", what,
           member_text(file, "sha256"));
}

/* Of what a template has besides its image. */
static void put_further_sums(GString *out, const json_t *record)
{
    size_t i, k;
    const json_t *output, *file;
    json_array_foreach(json_object_get(record, "outputs"), i, output)
    {
        json_array_foreach(json_object_get(output, "files"), k, file)
        {
            if (i + k > 0)
                put_sum(out, member_text(file, "file"), file);
        }
    }
}

void section_machine(GString *out, const json_t *record)
{
    const json_t *machine = json_object_get(json_object_get(record, "plan"), "machine");
    const json_t *image = json_object_get(record, "image");
    guint cpus = (guint)MIN(member_number(machine, "cpus"), 1e6);
    g_autofree char *memory = text_size((guint64)member_number(machine, "memory"));
    g_autofree char *size = g_strdup_printf("%u CPU%s, %s", cpus, cpus == 1 ? "" : "s", memory);
    section_begin(out, "built-with", "Built with");
    g_string_append(out, "<dl class=\"pairs\">\n");
    contents_put_recipe(out, json_object_get(record, "recipe"));
    if (machine) {
        put_pair(out, "Machine", size);
        put_pair(out, "Accelerator", member_text(machine, "accelerator_reason"));
    }
    put_tools(out, json_object_get(record, "tools"));
    if (*member_text(image, "sha256"))
        put_sum(out, "the image", image);
    put_further_sums(out, record);
    g_string_append(out, "</dl>\n");
    section_end(out);
}

void section_footer(GString *out, const json_t *record)
{
    markup(out, "<footer>Written by ingot %s",
           member_text(json_object_get(record, "tools"), "ingot"));
    if (*member_text(record, "built"))
        markup(out, " at <time>%s</time>", member_text(record, "built"));
    g_string_append(out, ". This page loads nothing from elsewhere.</footer>\n");
}
