/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe/internal.h"

#include <string.h>

#define MAX_REFUSED 1000u /* then the file is not worth reading on */
#define BOM         "\xef\xbb\xbf"

/* ---- lines ---- */

/* Literal passwords are in lines that are shown below other problems, and error output ends up
 * in the logs of CI systems.  References (file:, ${env:) stay, since they may be what is wrong. */
static const char *const masks[] = {
    "(?i)(?:p[a-z]{0,8}w[a-z_]{0,16}|pass[a-z_]{0,16}|secret|token)[\"']?[ \\t]*:[ \\t]+"
    "(?![\"']?(?:file:|\\$\\{)|[{\\[|>#])\\K.+",
    "://[^/@:\\s]{0,256}:\\K[^/@\\s]{1,256}(?=@)",
};

static gboolean stars(const GMatchInfo *match, GString *out, gpointer data)
{
    (void)data;
    g_autofree char *found = g_match_info_fetch(match, 0);
    for (glong n = g_utf8_strlen(found, -1); n > 0; n--)
        g_string_append_c(out, '*');
    return FALSE;
}

static void mask_lines(char **lines, const char *pattern)
{
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_OPTIMIZE, 0, NULL);
    for (char **l = lines; *l; l++) {
        char *next =
            !strchr(*l, ':') ? NULL : g_regex_replace_eval(regex, *l, -1, 0, 0, stars, NULL, NULL);
        if (!next)
            continue;
        g_free(*l);
        *l = next;
    }
}

static char *copy_line(const char *begin, const char *end)
{
    if (end > begin && end[-1] == '\r')
        end--;
    return g_strndup(begin, (gsize)(end - begin));
}

char **document_lines(const char *text, gsize length)
{
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)length);
    const char *p = g_str_has_prefix(valid, BOM) ? valid + strlen(BOM) : valid;
    const char *end = p + strlen(p), *feed;
    GPtrArray *list = g_ptr_array_new();
    while ((feed = memchr(p, '\n', (gsize)(end - p)))) {
        g_ptr_array_add(list, copy_line(p, feed));
        p = feed + 1;
    }
    g_ptr_array_add(list, copy_line(p, end));
    g_ptr_array_add(list, NULL);
    char **lines = (char **)g_ptr_array_free(list, FALSE);
    for (gsize i = 0; i < G_N_ELEMENTS(masks); i++)
        mask_lines(lines, masks[i]);
    return lines;
}

struct place document_place(yaml_mark_t mark)
{
    return (struct place){(guint)mark.line + 1, (guint)mark.column + 1};
}

/* ---- characters ---- */

static struct place place_of_byte(const char *text, const char *at)
{
    struct place place = {1, 1};
    const char *begin = g_str_has_prefix(text, BOM) ? text + strlen(BOM) : text;
    for (const char *p = begin; p < at; p++)
        if (*p == '\n') {
            place.line++;
            begin = p + 1;
        }
    if (at > begin)
        place.column += (guint)g_utf8_strlen(begin, at - begin);
    return place;
}

/* What YAML 1.2 (5.1) does not allow, and the line ends that YAML 1.1, which libyaml reads, knows
 * and editors do not: lines would be counted differently. */
static gboolean is_refused(gunichar c, const char *next)
{
    if (c == '\r')
        return *next != '\n';
    if (c == '\t' || c == '\n')
        return FALSE;
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029;
}

static gboolean check_characters(const struct reading *r, const char *text, gsize length)
{
    const char *bad = NULL;
    if (!g_utf8_validate_len(text, length, &bad)) {
        unsigned byte = (unsigned char)*bad;
        problems_at(
            r->problems, r->recipe, place_of_byte(text, bad),
            byte ? "save the recipe as UTF-8" : "remove it",
            byte ? "the byte 0x%02x is not UTF-8 text" : "a NUL byte (0x%02x) in the recipe", byte);
        return FALSE;
    }
    for (const char *p = text; p < text + length; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (!is_refused(c, g_utf8_next_char(p)))
            continue;
        problems_at(r->problems, r->recipe, place_of_byte(text, p),
                    c == '\r' ? "end lines with a line feed" : "remove it",
                    "a recipe cannot contain the control character U+%04X", (unsigned)c);
        return FALSE;
    }
    return TRUE;
}

/* ---- syntax ---- */

struct syntax {
    const char *problem, *context; /* of libyaml; context NULL: any */
    gboolean at_context;           /* the place to look at is where the construct began */
    const char *message, *hint;
};

static const struct syntax syntax_errors[] = {
    {"found a tab character that violates indentation", NULL, FALSE, "a tab cannot indent",
     "indent with spaces"},
    {"found a tab character where an indentation space is expected", NULL, FALSE,
     "a tab cannot indent", "indent with spaces"},
    {"mapping values are not allowed in this context", NULL, FALSE, "a ':' is not expected here",
     "put a value that holds ': ' in quotes, and check the indentation"},
    {"did not find expected key", NULL, FALSE, "this does not fit the lines above it",
     "keys of one mapping begin in the same column"},
    {"did not find expected '-' indicator", NULL, FALSE, "this does not fit the list above it",
     "items of one list begin with '-' in the same column"},
    {"could not find expected ':'", NULL, TRUE, "a key without ':'", "write 'key: value'"},
    {"found unexpected end of stream", "while scanning a quoted scalar", TRUE,
     "this quote is never closed", NULL},
    {"found unexpected document indicator", "while scanning a quoted scalar", TRUE,
     "this quote is never closed", NULL},
    {"did not find expected ',' or ']'", NULL, TRUE,
     "this '[' is never closed, or a comma is missing after it", NULL},
    {"did not find expected ',' or '}'", NULL, TRUE,
     "this '{' is never closed, or a comma is missing after it", NULL},
    {"found unknown escape character", NULL, FALSE, "an unknown escape in double quotes",
     "in single quotes a backslash is only a backslash"},
    {"did not find expected hexdecimal number", NULL, FALSE,
     "an escape without its hexadecimal digits",
     "in single quotes a backslash is only a backslash"},
    {"did not find expected <document start>", NULL, FALSE, "text after the end of the recipe",
     NULL},
};

static const struct syntax *find_syntax(const yaml_parser_t *parser)
{
    for (gsize i = 0; i < G_N_ELEMENTS(syntax_errors); i++) {
        const struct syntax *s = &syntax_errors[i];
        if (g_strcmp0(s->problem, parser->problem) == 0 &&
            (!s->context || g_strcmp0(s->context, parser->context) == 0))
            return s;
    }
    return NULL;
}

/* "found character that cannot start any token": libyaml does not say which. */
static gboolean report_start_character(const struct reading *r, const yaml_parser_t *parser)
{
    struct place at = document_place(parser->problem_mark);
    if (g_strcmp0(parser->problem, "found character that cannot start any token") != 0 ||
        at.line > g_strv_length(r->recipe->lines))
        return FALSE;
    const char *line = r->recipe->lines[at.line - 1];
    if ((glong)at.column > g_utf8_strlen(line, -1))
        return FALSE;
    char c = *g_utf8_offset_to_pointer(line, (glong)at.column - 1);
    if (c == '\t')
        problems_at(r->problems, r->recipe, at, "indent with spaces", "a tab cannot indent");
    else
        problems_at(r->problems, r->recipe, at, "put the value in quotes",
                    "a value cannot begin with '%c'", c);
    return TRUE;
}

static void report_syntax(const struct reading *r, const yaml_parser_t *parser)
{
    if (report_start_character(r, parser))
        return;
    const struct syntax *s = find_syntax(parser);
    struct place at =
        document_place(s && s->at_context ? parser->context_mark : parser->problem_mark);
    if (s)
        problems_at(r->problems, r->recipe, at, s->hint, "%s", s->message);
    else
        problems_at(r->problems, r->recipe, at, NULL, "this is not YAML: %s%s%s",
                    parser->problem ? parser->problem : "out of memory", parser->context ? " " : "",
                    parser->context ? parser->context : "");
}

/* ---- limits: on the events, before a document of them is made ---- */

struct scan {
    const struct reading *reading;
    guint depth, nodes, documents;
    gboolean stop; /* there is no sense in reading on */
    gboolean bad;  /* read on for more problems, but make no document of it */
};

static void document_refuse(struct scan *s, const yaml_event_t *event, const char *hint,
                            const char *message)
{
    problems_at(s->reading->problems, s->reading->recipe, document_place(event->start_mark), hint,
                "%s", message);
}

static void scan_properties(struct scan *s, const yaml_event_t *event, const yaml_char_t *anchor,
                            const yaml_char_t *tag)
{
    if (anchor)
        document_refuse(s, event, "write the value out wherever it is needed",
                        "anchors (&name) are not part of a recipe");
    if (tag)
        document_refuse(s, event, "remove it: ingot knows the type of every key",
                        "tags (!name) are not part of a recipe");
}

static void scan_node(struct scan *s, const yaml_event_t *event)
{
    if (++s->nodes <= RECIPE_MAX_NODES && s->depth <= RECIPE_MAX_DEPTH)
        return;
    g_autofree char *message =
        s->nodes > RECIPE_MAX_NODES
            ? g_strdup_printf("a recipe has at most %u keys and values", RECIPE_MAX_NODES)
            : g_strdup_printf("nested deeper than %u levels", RECIPE_MAX_DEPTH);
    document_refuse(s, event, NULL, message);
    s->stop = TRUE;
}

static void scan_alias(struct scan *s, const yaml_event_t *event)
{
    document_refuse(s, event, "write the value out", "aliases (*name) are not part of a recipe");
    s->bad = TRUE;
    s->stop = recipe_problems_count(s->reading->problems) > MAX_REFUSED;
}

static void scan_event(struct scan *s, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++s->documents < 2)
            return;
        document_refuse(s, event, "put each recipe into a file of its own",
                        "a second document begins here");
        s->stop = TRUE;
        return;
    case YAML_ALIAS_EVENT:
        scan_alias(s, event);
        return;
    case YAML_SCALAR_EVENT:
        scan_properties(s, event, event->data.scalar.anchor, event->data.scalar.tag);
        scan_node(s, event);
        return;
    case YAML_SEQUENCE_START_EVENT:
        s->depth++;
        scan_properties(s, event, event->data.sequence_start.anchor,
                        event->data.sequence_start.tag);
        scan_node(s, event);
        return;
    case YAML_MAPPING_START_EVENT:
        s->depth++;
        scan_properties(s, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        scan_node(s, event);
        return;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        s->depth--;
        return;
    default:
        return;
    }
}

static void set_input(yaml_parser_t *parser, const char *text, gsize length)
{
    if (!yaml_parser_initialize(parser))
        g_error("out of memory");
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, (const unsigned char *)text, length);
}

static gboolean scan(const struct reading *r, const char *text, gsize length)
{
    struct scan s = {.reading = r};
    yaml_parser_t parser;
    set_input(&parser, text, length);
    gboolean end = FALSE;
    while (!end && !s.stop) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            report_syntax(r, &parser);
            s.stop = TRUE;
            break;
        }
        scan_event(&s, &event);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return !s.stop && !s.bad;
}

/* ---- the document ---- */

static gboolean check_root(const struct reading *r)
{
    yaml_node_t *root = yaml_document_get_root_node(r->document);
    if (root && root->type == YAML_MAPPING_NODE)
        return TRUE;
    if (!root)
        problems_at(r->problems, r->recipe, (struct place){1, 1},
                    "recipes/ has recipes to start from", "the recipe is empty");
    else
        problems_at(r->problems, r->recipe, document_place(root->start_mark),
                    "a recipe begins with a line such as 'name: web'",
                    "the recipe is not a mapping (lines of 'key: value')");
    yaml_document_delete(r->document);
    return FALSE;
}

gboolean document_load(const struct reading *reading, const char *text, gsize length)
{
    if (!check_characters(reading, text, length))
        return FALSE;
    gsize skip = g_str_has_prefix(text, BOM) ? strlen(BOM) : 0;
    if (!scan(reading, text + skip, length - skip))
        return FALSE;
    yaml_parser_t parser;
    set_input(&parser, text + skip, length - skip);
    gboolean good = yaml_parser_load(&parser, reading->document) != 0;
    if (!good)
        report_syntax(reading, &parser);
    yaml_parser_delete(&parser);
    return good && check_root(reading);
}
