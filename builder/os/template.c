/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/template.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define DEPTH_MAX 16u

struct section {
    char *key;
    guint line;
    gboolean shown;
};

struct renderer {
    const char *name;
    const char *text, *at;
    guint line;
    gboolean blanks_out; /* what stood before the tag was written */
    GHashTable *values;
    template_escape_fn escape;
    GString *out;
    GArray *sections; /* of struct section, the innermost last */
};

static void section_clear(gpointer data)
{
    g_free(((struct section *)data)->key);
}

static gboolean template_fail(const struct renderer *r, const char *hint, GError **error,
                              const char *format, ...) G_GNUC_PRINTF(4, 5);

static gboolean template_fail(const struct renderer *r, const char *hint, GError **error,
                              const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    ingot_set_error(error, INGOT_EXIT_RECIPE, hint, "%s:%u: %s", r->name, r->line, text);
    return FALSE;
}

static const char *template_look_up(const struct renderer *r, const char *key, GError **error)
{
    const char *value = g_hash_table_lookup(r->values, key);
    if (value)
        return value;
    g_autofree gpointer *keys = g_hash_table_get_keys_as_array(r->values, NULL);
    g_autofree char *hint = text_did_you_mean(key, (const char *const *)keys, NULL);
    template_fail(r, hint, error, "the template uses the unknown key '%s'", key);
    return NULL;
}

static gboolean is_shown(const struct renderer *r)
{
    return r->sections->len == 0 ||
           g_array_index(r->sections, struct section, r->sections->len - 1).shown;
}

static gboolean put_value(struct renderer *r, const char *key, gboolean raw, GError **error)
{
    const char *value = template_look_up(r, key, error);
    g_autoptr(GError) local = NULL;
    if (!value || !is_shown(r))
        return value != NULL;
    g_autofree char *escaped = raw ? g_strdup(value) : r->escape(value, &local);
    if (!escaped)
        return template_fail(r, NULL, error, "the value of '%s' cannot be written here: %s", key,
                             local ? local->message : "its format does not allow it");
    g_string_append(r->out, escaped);
    return TRUE;
}

static gboolean open_section(struct renderer *r, const char *key, gboolean inverted, GError **error)
{
    const char *value = template_look_up(r, key, error);
    if (!value)
        return FALSE;
    if (r->sections->len >= DEPTH_MAX)
        return template_fail(r, NULL, error, "sections are nested too deeply");
    struct section s = {.key = g_strdup(key),
                        .line = r->line,
                        .shown = is_shown(r) && (*value != '\0') != inverted};
    g_array_append_val(r->sections, s);
    return TRUE;
}

static gboolean close_section(struct renderer *r, const char *key, GError **error)
{
    if (r->sections->len == 0)
        return template_fail(r, NULL, error, "{{/%s}} closes a section that is not open", key);
    const struct section *s = &g_array_index(r->sections, struct section, r->sections->len - 1);
    if (strcmp(s->key, key) != 0)
        return template_fail(r, NULL, error, "found {{/%s}}, expected {{/%s}} for line %u", key,
                             s->key, s->line);
    g_array_set_size(r->sections, r->sections->len - 1);
    return TRUE;
}

/* A section tag alone on its line takes the line with it: the blanks before it that are already
 * out, and the line's end (mustache(5), "standalone"). */
static void template_take_line(struct renderer *r, const char *tag)
{
    const char *before = tag, *behind = r->at;
    while (before > r->text && (before[-1] == ' ' || before[-1] == '\t'))
        before--;
    while (*behind == ' ' || *behind == '\t')
        behind++;
    if ((before > r->text && before[-1] != '\n') || (*behind != '\n' && *behind != '\0'))
        return;
    gsize blanks = (gsize)(tag - before);
    if (r->out->len >= blanks && r->blanks_out)
        g_string_truncate(r->out, r->out->len - blanks);
    r->at = *behind == '\n' ? behind + 1 : behind;
    r->line += *behind == '\n';
}

/* The key between "{{" (and a sigil) and "}}"; NULL: the tag is not closed. */
static char *template_take_key(struct renderer *r, GError **error)
{
    const char *end = strstr(r->at, "}}");
    const char *newline = strchr(r->at, '\n');
    if (!end || (newline && newline < end)) {
        template_fail(r, "write a literal {{ through a value", error,
                      "{{ without }} on the same line");
        return NULL;
    }
    char *key = g_strstrip(g_strndup(r->at, (gsize)(end - r->at)));
    r->at = end + 2;
    return key;
}

static gboolean put_tag(struct renderer *r, GError **error)
{
    const char *tag = r->at;
    char sigil = tag[2];
    gboolean marked = sigil && strchr("&#^/", sigil);
    gboolean shown = is_shown(r), good;
    r->at += marked ? 3 : 2;
    g_autofree char *key = template_take_key(r, error);
    if (!key)
        return FALSE;
    if (!marked || sigil == '&')
        return put_value(r, key, marked, error);
    good = sigil == '/' ? close_section(r, key, error) : open_section(r, key, sigil == '^', error);
    r->blanks_out = shown;
    if (good)
        template_take_line(r, tag);
    return good;
}

static gboolean os_template_render(struct renderer *r, GError **error)
{
    while (*r->at) {
        if (r->at[0] == '{' && r->at[1] == '{') {
            if (!put_tag(r, error))
                return FALSE;
            continue;
        }
        r->line += *r->at == '\n';
        if (is_shown(r))
            g_string_append_c(r->out, *r->at);
        r->at++;
    }
    if (r->sections->len == 0)
        return TRUE;
    const struct section *s = &g_array_index(r->sections, struct section, r->sections->len - 1);
    r->line = s->line;
    return template_fail(r, NULL, error, "the section {{#%s}} is not closed", s->key);
}

char *template_render(const char *name, const char *text, GHashTable *values,
                      template_escape_fn escape, GError **error)
{
    struct renderer r = {.name = name, .text = text, .at = text, .line = 1, .values = values};
    r.escape = escape;
    r.out = g_string_new(NULL);
    r.sections = g_array_new(FALSE, TRUE, sizeof(struct section));
    g_array_set_clear_func(r.sections, section_clear);
    gboolean good = os_template_render(&r, error);
    g_array_unref(r.sections);
    return g_string_free(r.out, !good);
}

/* ---- formats ---- */

static gboolean template_refuse(const char *value, gboolean lines, GError **error)
{
    for (const char *c = value; *c; c++)
        if ((*c == '\n' && !lines) || (g_ascii_iscntrl(*c) && *c != '\n' && *c != '\t')) {
            ingot_set_error(error, INGOT_EXIT_RECIPE, NULL, "it has a %s",
                            *c == '\n' ? "line break" : "control character");
            return TRUE;
        }
    return FALSE;
}

/* debconf-set-selections(1): the value is the rest of the line, and the installer strips it; a
 * backslash at the end of the line would continue it. */
char *template_escape_preseed(const char *value, GError **error)
{
    if (template_refuse(value, FALSE, error))
        return NULL;
    gsize length = strlen(value);
    if (length && (g_ascii_isspace(value[0]) || g_ascii_isspace(value[length - 1]))) {
        ingot_set_error(error, INGOT_EXIT_RECIPE, NULL, "it begins or ends with a blank");
        return NULL;
    }
    if (g_str_has_suffix(value, "\\")) {
        ingot_set_error(error, INGOT_EXIT_RECIPE, NULL, "it ends with a backslash");
        return NULL;
    }
    return g_strdup(value);
}

char *template_escape_shell(const char *value, GError **error)
{
    if (template_refuse(value, TRUE, error))
        return NULL;
    GString *out = g_string_new(value);
    g_string_replace(out, "'", "'\\''", 0);
    return g_string_free(out, FALSE);
}
