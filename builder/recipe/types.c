/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe/internal.h"

#include "base/text.h"

#include <string.h>

/* ---- text ---- */

/* Control characters cannot be typed into YAML, but its escapes ("\x1b") can say them. */
static gboolean has_controls(const char *text, gboolean lines)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_iscntrl(c) && !(lines && (c == '\n' || c == '\t')))
            return TRUE;
    }
    return FALSE;
}

static gboolean types_matches(const char *pattern, const char *text)
{
    return g_regex_match_simple(pattern, text, G_REGEX_DOLLAR_ENDONLY, 0);
}

static gboolean types_fits(const struct field *field, const char *text)
{
    const struct form *form = field->form;
    if (field->secrecy == SECRET_NOT && strstr(text, "${env:"))
        return FALSE;
    return strlen(text) <= form->longest && g_utf8_validate(text, -1, NULL) &&
           !has_controls(text, form->lines) &&
           (!form->pattern || types_matches(form->pattern, text)) &&
           (!form->check || form->check(field, text));
}

gboolean types_text_fits(const struct field *field, const char *text, char **hint)
{
    *hint = NULL;
    if (types_fits(field, text))
        return TRUE;
    if (field->secrecy == SECRET_NOT && strstr(text, "${env:"))
        *hint = g_strdup(
            "${env:NAME} is replaced only in password, password_hash, extra and late_command");
    else if (field->form->advise && g_utf8_validate(text, -1, NULL))
        *hint = field->form->advise(field, text);
    return FALSE;
}

static gboolean store_text(const struct field *field, struct written value, void *target,
                           char **hint)
{
    char **text = target;
    if (!types_text_fits(field, value.text, hint))
        return FALSE;
    g_free(*text);
    *text = field->form == &form_sha256 ? g_ascii_strdown(value.text, -1) : g_strdup(value.text);
    return TRUE;
}

/* A default of a list is its one item. */
static gboolean store_list(const struct field *field, struct written value, void *target,
                           char **hint)
{
    char ***list = target;
    if (!types_text_fits(field, value.text, hint))
        return FALSE;
    const char *items[] = {value.text, NULL};
    g_strfreev(*list);
    *list = g_strdupv((char **)items);
    return TRUE;
}

/* ---- numbers ---- */

static gboolean store_size(const struct field *field, struct written value, void *target,
                           char **hint)
{
    guint64 bytes = 0;
    if (text_parse_size(value.text, &bytes)) {
        if (bytes < field->least || bytes > field->most)
            return FALSE;
        *(guint64 *)target = bytes;
        return TRUE;
    }
    *hint = g_strdup("a number and a unit: K, M, G, T (powers of 1024), or kB, MB, GB, TB");
    return FALSE;
}

static gboolean store_duration(const struct field *field, struct written value, void *target,
                               char **hint)
{
    guint seconds = 0;
    if (text_parse_duration(value.text, &seconds)) {
        if (seconds < field->least || seconds > field->most)
            return FALSE;
        *(guint *)target = seconds;
        return TRUE;
    }
    *hint = g_strdup("a number and a unit: s, m, h or d, the largest first");
    return FALSE;
}

static gboolean store_count(const struct field *field, struct written value, void *target,
                            char **hint)
{
    guint64 number = 0;
    if (value.quoted) {
        *hint = g_strdup("leave out the quotes");
        return FALSE;
    }
    if (!g_ascii_string_to_unsigned(value.text, 10, field->least, field->most, &number, NULL))
        return FALSE;
    *(guint *)target = (guint)number;
    return TRUE;
}

static gboolean store_bool(const struct field *field, struct written value, void *target,
                           char **hint)
{
    (void)field;
    static const char *const yes[] = {"yes", "on", "y", "1", "enabled", "true", NULL};
    static const char *const no[] = {"no", "off", "n", "0", "disabled", "false", NULL};
    gboolean is_true = strcmp(value.text, "true") == 0;
    if (!value.quoted && (is_true || strcmp(value.text, "false") == 0)) {
        *(gboolean *)target = is_true;
        return TRUE;
    }
    g_autofree char *lower = g_ascii_strdown(value.text, -1);
    if (g_strv_contains(yes, lower) || g_strv_contains(no, lower))
        *hint = g_strdup_printf("write %s%s", g_strv_contains(yes, lower) ? "true" : "false",
                                value.quoted ? ", without quotes" : "");
    return FALSE;
}

/* ---- the kinds ---- */

struct type {
    gboolean (*store)(const struct field *, struct written, void *, char **);
    const char *example, *pattern;
};

static const struct type types[] = {
    [KIND_LIST] = {store_list, NULL, NULL},
    [KIND_TEXT] = {store_text, NULL, NULL},
    [KIND_SIZE] = {store_size, "20GiB", "^[0-9]+(?:\\.[0-9]+)? *(?:B|[KMGT](?:iB)?|[kKMGT]B)?$"},
    [KIND_DURATION] = {store_duration, "1h30m",
                       "^(?=[0-9])(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?$"},
    [KIND_COUNT] = {store_count, "2", NULL},
    [KIND_BOOL] = {store_bool, NULL, NULL},
};

gboolean types_store(const struct field *field, struct written value, void *target, char **hint)
{
    *hint = NULL;
    return types[field->kind].store(field, value, target, hint);
}

const char *types_example(const struct field *field)
{
    if (field->example)
        return field->example;
    return field->form ? field->form->example : types[field->kind].example;
}

const char *types_pattern(const struct field *field)
{
    return field->form ? field->form->pattern : types[field->kind].pattern;
}

char *types_duration(guint64 seconds)
{
    static const struct {
        guint64 seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    GString *out = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(units); seconds %= units[i++].seconds)
        if (seconds >= units[i].seconds)
            g_string_append_printf(out, "%" G_GUINT64_FORMAT "%c", seconds / units[i].seconds,
                                   units[i].unit);
    return g_string_free(out, FALSE);
}

static char *expected_range(const struct field *field, const char *what,
                            char *(*show)(guint64 value))
{
    g_autofree char *least = show(field->least), *most = show(field->most);
    return g_strdup_printf("%s from %s to %s", what, least, most);
}

static char *plain_number(guint64 value)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT, value);
}

char *types_expected(const struct field *field)
{
    g_autofree char *choices = NULL;
    switch (field->kind) {
    case KIND_SIZE:
        return expected_range(field, "a size", text_size);
    case KIND_DURATION:
        return expected_range(field, "a duration", types_duration);
    case KIND_COUNT:
        return expected_range(field, "a whole number", plain_number);
    case KIND_BOOL:
        return g_strdup("true or false");
    default:
        if (field->form->what)
            return g_strdup(field->form->what);
        choices = g_strjoinv(", ", (char **)field->choices);
        return g_strdup_printf("%s%s", field->choices[1] ? "one of " : "", choices);
    }
}
