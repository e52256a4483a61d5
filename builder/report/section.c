/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/section.h"

#include "base/text.h"

#include <string.h>

void put_duration(GString *out, double seconds)
{
    g_autofree char *text = text_duration(seconds);
    markup_text(out, text);
}

void put_number(GString *out, double value)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append(out, g_ascii_formatd(buffer, sizeof buffer, "%.2f", value));
}

void section_begin(GString *out, const char *id, const char *heading)
{
    markup(out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id, heading);
}

void section_end(GString *out)
{
    g_string_append(out, "</section>\n");
}

const char *outcome_class(const char *outcome)
{
    static const char *const classes[][2] = {
        {"done", "good"},      {"passed", "good"},       {"good", "good"},
        {"reused", "kept"},    {"failed", "bad"},        {"skipped", "quiet"},
        {"left out", "quiet"}, {"not reached", "quiet"}, {"interrupted", "halted"}};
    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++)
        if (strcmp(outcome, classes[i][0]) == 0)
            return classes[i][1];
    return "quiet";
}
