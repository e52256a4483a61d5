/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe/internal.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define MAX_SHOWN    100u /* more than a person reads; a hostile file must not fill a disk */
#define QUOTE_CHARS  60
#define WINDOW_CHARS 100 /* of a long line, around the caret */

struct problem {
    struct place at;
    char *text; /* all its lines, without the last line feed */
};

struct recipe_problems {
    GPtrArray *list; /* of struct problem */
    guint hidden;    /* found, but more than MAX_SHOWN */
};

static void free_problem(gpointer data)
{
    struct problem *p = data;
    g_free(p->text);
    g_free(p);
}

recipe_problems *recipe_problems_new(void)
{
    recipe_problems *problems = g_new0(recipe_problems, 1);
    problems->list = g_ptr_array_new_with_free_func(free_problem);
    return problems;
}

void recipe_problems_free(recipe_problems *problems)
{
    if (!problems)
        return;
    g_ptr_array_unref(problems->list);
    g_free(problems);
}

guint recipe_problems_count(const recipe_problems *problems)
{
    return problems->list->len + problems->hidden;
}

char *problems_quote(const char *text)
{
    g_autofree char *clean = text_printable(text, -1);
    g_strdelimit(clean, "\n\t", ' ');
    if (g_utf8_strlen(clean, -1) <= QUOTE_CHARS)
        return g_strdup_printf("\"%s\"", clean);
    g_autofree char *cut = g_utf8_substring(clean, 0, QUOTE_CHARS);
    return g_strdup_printf("\"%s…\"", cut);
}

static int cells(gunichar c)
{
    if (!g_unichar_isprint(c))
        return 1; /* shown as '?' */
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

static void append_char(GString *out, gunichar c)
{
    g_string_append_unichar(out, c == '\t' || g_unichar_isprint(c) ? c : '?');
}

/* The line and a caret below the character of that column.  A tab is copied to the caret's line,
 * so that both are expanded alike. */
static void append_excerpt(GString *out, const char *line, guint column)
{
    glong target = (glong)column - 1, length = g_utf8_strlen(line, -1);
    glong from = length > WINDOW_CHARS ? MAX(0, target - WINDOW_CHARS / 2) : 0;
    glong to = MIN(length, from + WINDOW_CHARS);
    g_autoptr(GString) caret = g_string_new(from > 0 ? " " : "");
    g_string_append_printf(out, "\n    %s", from > 0 ? "…" : "");
    const char *p = g_utf8_offset_to_pointer(line, MIN(from, length));
    for (glong i = from; i < to; i++, p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        append_char(out, c);
        for (int n = i < target ? cells(c) : 0; n > 0; n--)
            g_string_append_c(caret, c == '\t' ? '\t' : ' ');
    }
    g_string_append_printf(out, "%s\n    %s^", to < length ? "…" : "", caret->str);
}

static const char *problems_line_at(const struct recipe *of, guint number)
{
    guint count = of->lines ? g_strv_length(of->lines) : 0;
    const char *line = number >= 1 && number <= count ? of->lines[number - 1] : NULL;
    return line && line[strspn(line, " ")] ? line : NULL;
}

static void problems_add(recipe_problems *problems, const struct recipe *of, struct place at,
                         const char *hint, const char *message)
{
    if (problems->list->len >= MAX_SHOWN) {
        problems->hidden++;
        return;
    }
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%s:%u:%u: %s", of->path, at.line, at.column, message);
    const char *line = problems_line_at(of, at.line);
    if (line)
        append_excerpt(text, line, at.column);
    if (hint)
        g_string_append_printf(text, "\n(hint: %s)", hint);
    struct problem *p = g_new0(struct problem, 1);
    p->at = at;
    p->text = g_string_free(text, FALSE);
    g_ptr_array_add(problems->list, p);
}

void problems_at(recipe_problems *problems, const struct recipe *of, struct place at,
                 const char *hint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    problems_add(problems, of, at, hint, message);
}

/* The key, or the nearest parent that is in the file: "users[1].name", "users[1]", "users", top. */
static struct place place_of(const struct recipe *of, const char *key)
{
    g_autofree char *part = g_strdup(key ? key : "");
    for (;;) {
        const struct place *found = of->places ? g_hash_table_lookup(of->places, part) : NULL;
        if (found)
            return *found;
        if (!*part)
            return (struct place){1, 1};
        char *dot = strrchr(part, '.'), *bracket = strrchr(part, '[');
        char *end = !dot || (bracket && bracket > dot) ? bracket : dot;
        *(end ? end : part) = '\0';
    }
}

void recipe_problem(recipe_problems *problems, const struct recipe *of, const char *key,
                    const char *hint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    problems_add(problems, of, place_of(of, key), hint, message);
}

/* Ties keep the order in which they were found. */
static gint by_place(gconstpointer a, gconstpointer b)
{
    const struct problem *x = *(const struct problem *const *)a;
    const struct problem *y = *(const struct problem *const *)b;
    if (x->at.line != y->at.line)
        return x->at.line < y->at.line ? -1 : 1;
    return x->at.column < y->at.column ? -1 : x->at.column > y->at.column;
}

gboolean recipe_problems_report(const recipe_problems *problems, GError **error)
{
    if (recipe_problems_count(problems) == 0)
        return TRUE;
    g_ptr_array_sort(problems->list, by_place);
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < problems->list->len; i++) {
        const struct problem *p = g_ptr_array_index(problems->list, i);
        g_string_append_printf(all, "%s%s", i ? "\n" : "", p->text);
    }
    if (problems->hidden)
        g_string_append_printf(all, "\nand %u more problems", problems->hidden);
    ingot_set_error(error, INGOT_EXIT_RECIPE, NULL, "%s", all->str);
    g_string_free(all, TRUE);
    return FALSE;
}
