/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/bootcmd.h"

#include "base/error.h"
#include "screen/keys.h"

#include <string.h>

/* The language is that of Packer's boot_command (packer-plugin-sdk, bootcommand/
 * boot_command.pigeon) with waits for a text and blind typing, but strict: what looks like a key
 * and is none is an error here, where Packer types it literally. */

struct held {
    guint32 keysym;
    guint column;
    char *name;
};

struct parser {
    const char *text, *at; /* at: what is read next */
    GArray *steps;         /* of struct bootcmd_step */
    GArray *held;          /* of struct held */
    guint blind;           /* column of the <blind> that holds, or 0 */
    GError **error;
};

/* ---- errors ---- */

static guint column_of(const struct parser *p, const char *at)
{
    return (guint)g_utf8_pointer_to_offset(p->text, at) + 1;
}

static gboolean bootcmd_wrong(const struct parser *p, guint column, const char *hint,
                              const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Always FALSE. */
static gboolean bootcmd_wrong(const struct parser *p, guint column, const char *hint,
                              const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    ingot_set_error(p->error, INGOT_EXIT_RECIPE, hint, "character %u: %s", column, what);
    return FALSE;
}

/* ---- steps ---- */

static gboolean bootcmd_add(struct parser *p, struct bootcmd_step step)
{
    if (p->steps->len >= BOOTCMD_STEPS_MAX) {
        g_free(step.text);
        return bootcmd_wrong(p, step.column,
                             "put the rest into a script that the installer fetches",
                             "a boot command has at most %u steps", BOOTCMD_STEPS_MAX);
    }
    g_array_append_val(p->steps, step);
    return TRUE;
}

/* The key on which a keysym is: a character and its shifted one are on one. */
static guint32 place(guint32 keysym)
{
    return keysym < 0x80 ? (guint32)(guchar)keys_unshifted((char)keysym) : keysym;
}

static gint find_held(const struct parser *p, guint32 keysym)
{
    for (guint i = 0; i < p->held->len; i++)
        if (place(g_array_index(p->held, struct held, i).keysym) == place(keysym))
            return (gint)i;
    return -1;
}

/* The key as it is written between < and >; the caller owns the text. */
static char *bootcmd_name_of(const struct bootcmd_step *step)
{
    return step->name ? g_strdup(step->name) : g_strdup_printf("%c", step->character);
}

static gboolean add_press(struct parser *p, struct bootcmd_step step)
{
    gint at = find_held(p, step.keysym);
    if (at < 0)
        return bootcmd_add(p, step);
    const struct held *held = &g_array_index(p->held, struct held, at);
    g_autofree char *hint = g_strdup_printf("write <%sOff> before it", held->name);
    return bootcmd_wrong(p, step.column, hint, "the key has been down since <%sOn> at character %u",
                         held->name, held->column);
}

static gboolean add_hold(struct parser *p, struct bootcmd_step step)
{
    g_autofree char *name = bootcmd_name_of(&step);
    gint at = find_held(p, step.keysym);
    g_autofree char *plain =
        g_strdup_printf("write <leftShiftOn><%cOn>", keys_unshifted(step.character));
    if (step.character && keys_needs_shift(step.character))
        return bootcmd_wrong(p, step.column, plain, "<%sOn> would be two keys, Shift and another",
                             name);
    if (at >= 0)
        return bootcmd_wrong(p, step.column, "remove the second",
                             "<%sOn>, but that key has been down since character %u", name,
                             g_array_index(p->held, struct held, at).column);
    struct held held = {step.keysym, step.column, g_steal_pointer(&name)};
    g_array_append_val(p->held, held);
    return bootcmd_add(p, step);
}

static gboolean add_release(struct parser *p, struct bootcmd_step step)
{
    gint at = find_held(p, step.keysym);
    g_autofree char *name = bootcmd_name_of(&step);
    g_autofree char *hint = g_strdup_printf("write <%sOn> where it is pressed", name);
    if (at < 0)
        return bootcmd_wrong(p, step.column, hint, "<%sOff>, but that key is not down", name);
    g_array_remove_index(p->held, (guint)at);
    return bootcmd_add(p, step);
}

/* ---- waits ---- */

#define WAIT_FORMS "write <wait>, <wait5>, <wait1m30s>, <wait \"text\"> or <wait \"text\" 2m>"

static const struct {
    const char *name;
    double milliseconds;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

/* The unit at *at, which is moved past it; 0: none. */
static double unit(const char **at, const char *end)
{
    gsize length = 0;
    while (*at + length < end && g_ascii_isalpha((*at)[length]))
        length++;
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (strlen(units[i].name) == length && memcmp(units[i].name, *at, length) == 0) {
            *at += length;
            return units[i].milliseconds;
        }
    return 0;
}

/* Digits with an optional fraction; FALSE: none, or beyond all use. */
static gboolean bootcmd_number(const char **at, const char *end, double *value)
{
    const char *begin = *at;
    *value = 0;
    for (; *at < end && g_ascii_isdigit(**at); (*at)++)
        *value = *value * 10 + g_ascii_digit_value(**at);
    gboolean some = *at > begin;
    if (some && *at + 1 < end && **at == '.' && g_ascii_isdigit((*at)[1])) {
        double scale = 1;
        for ((*at)++; *at < end && g_ascii_isdigit(**at); (*at)++)
            *value += g_ascii_digit_value(**at) * (scale /= 10);
    }
    return some;
}

/* "5" (seconds), "1.5s", "1m30s", "300ms", from at to end. */
static gboolean duration(const struct parser *p, const char *at, const char *end,
                         guint *milliseconds)
{
    const char *begin = at;
    double sum = 0, value;
    g_autofree char *written = g_strndup(at, (gsize)(end - at));
    do {
        gboolean some = bootcmd_number(&at, end, &value);
        double factor = at == end && sum == 0 ? 1000 : unit(&at, end);
        if (!some || factor == 0)
            return bootcmd_wrong(p, column_of(p, begin), "write it as 5, 90s, 1m30s or 300ms",
                                 "\"%s\" is not a time", written);
        sum += value * factor;
    } while (at < end);
    if (sum > BOOTCMD_WAIT_MAX)
        return bootcmd_wrong(p, column_of(p, begin), "wait for a text instead: <wait \"text\">",
                             "no wait is longer than %u hours", BOOTCMD_WAIT_MAX / 3600000);
    *milliseconds = (guint)sum;
    return TRUE;
}

/* The quoted text at *at, which is moved past it; the caller owns it. */
static char *quoted(const struct parser *p, const char **at)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *begin = (*at)++;
    for (; **at && **at != '"'; (*at)++) {
        if (**at == '\\' && ((*at)[1] == '"' || (*at)[1] == '\\'))
            (*at)++;
        g_string_append_c(text, **at);
    }
    if (!**at) {
        bootcmd_wrong(p, column_of(p, begin), "end the text with a quotation mark: <wait \"text\">",
                      "the text to wait for is not terminated");
        return NULL;
    }
    (*at)++;
    g_autofree char *words = g_strstrip(g_strdup(text->str));
    if (*words && text->len <= BOOTCMD_TEXT_MAX)
        return g_string_free(g_steal_pointer(&text), FALSE);
    if (*words)
        bootcmd_wrong(p, column_of(p, begin), "a few words are enough",
                      "the text to wait for is longer than %u bytes", BOOTCMD_TEXT_MAX);
    else
        bootcmd_wrong(p, column_of(p, begin), WAIT_FORMS, "there is no text to wait for");
    return NULL;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " ");
}

/* The '>' that ends the tag, or NULL with the error. */
static const char *end_of_tag(const struct parser *p, const char *begin, const char *at)
{
    const char *end = strpbrk(at, "<>");
    if (end && *end == '>')
        return end;
    bootcmd_wrong(p, column_of(p, begin), "for the character < itself write <lt>",
                  "no > follows this <");
    return NULL;
}

/* <wait "text" limit>; at is the quotation mark. */
static gboolean wait_for_text(struct parser *p, const char *begin, const char *at)
{
    struct bootcmd_step step = {.kind = BOOTCMD_WAIT, .column = column_of(p, begin)};
    g_autofree char *text = quoted(p, &at);
    const char *end = text ? end_of_tag(p, begin, at) : NULL;
    if (!end)
        return FALSE;
    g_autofree char *limit = g_strndup(at, (gsize)(end - at));
    g_strstrip(limit);
    at = skip_blanks(at);
    if (*limit && !duration(p, at, at + strlen(limit), &step.milliseconds))
        return FALSE;
    if (*limit && step.milliseconds == 0)
        return bootcmd_wrong(p, column_of(p, at), "leave it out for the default limit",
                             "a limit of 0 would expire at once");
    step.text = g_steal_pointer(&text);
    p->at = end + 1;
    return bootcmd_add(p, step);
}

/* at is after "<wait". */
static gboolean wait_tag(struct parser *p, const char *begin, const char *at)
{
    struct bootcmd_step step = {
        .kind = BOOTCMD_PAUSE, .column = column_of(p, begin), .milliseconds = 1000};
    if (*skip_blanks(at) == '"')
        return wait_for_text(p, begin, skip_blanks(at));
    const char *end = end_of_tag(p, begin, at);
    if (!end)
        return FALSE;
    if (*at == ' ')
        return bootcmd_wrong(p, step.column, WAIT_FORMS, "it does not say what to wait for");
    if (end > at && !duration(p, at, end, &step.milliseconds))
        return FALSE;
    p->at = end + 1;
    return bootcmd_add(p, step);
}

/* ---- keys ---- */

/* What a tag does besides pressing a key: the length without its "on" or "off". */
static enum bootcmd_kind toggle(const char *name, gsize *length)
{
    if (*length > 2 && g_ascii_strncasecmp(name + *length - 2, "on", 2) == 0) {
        *length -= 2;
        return BOOTCMD_HOLD;
    }
    if (*length > 3 && g_ascii_strncasecmp(name + *length - 3, "off", 3) == 0) {
        *length -= 3;
        return BOOTCMD_RELEASE;
    }
    return BOOTCMD_KEY;
}

static gboolean add_key(struct parser *p, struct bootcmd_step step, char character)
{
    step.character = character;
    if (step.kind == BOOTCMD_HOLD)
        return add_hold(p, step);
    if (step.kind == BOOTCMD_RELEASE)
        return add_release(p, step);
    if (character)
        step.kind = BOOTCMD_CHARACTER;
    step.blind = p->blind != 0;
    return add_press(p, step);
}

static gboolean unknown_key(const struct parser *p, guint column, const char *name)
{
    const char *near = keys_nearest(name);
    g_autofree char *hint =
        near ? g_strdup_printf("did you mean <%s>?  For the character < itself write <lt>", near)
             : g_strdup(
                   "docs/boot-command.md lists all keys; for the character < itself write <lt>");
    g_autofree char *brief = g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), 40));
    return bootcmd_wrong(p, column, hint, "there is no key <%s>", brief);
}

static gboolean blind_tag(struct parser *p, guint column, gboolean on)
{
    if (on && p->blind)
        return bootcmd_wrong(p, column, "remove the second",
                             "<blind> has applied since character %u", p->blind);
    if (!on && !p->blind)
        return bootcmd_wrong(p, column, "write <blind> before what the screen does not show",
                             "<seen> without <blind> before it");
    p->blind = on ? column : 0;
    return TRUE;
}

/* A "<" followed by a letter: a tag, or an error. */
static gboolean tag(struct parser *p)
{
    const char *begin = p->at, *name = begin + 1;
    if (g_ascii_strncasecmp(name, "wait", 4) == 0 && !g_ascii_isalpha(name[4]))
        return wait_tag(p, begin, name + 4);
    const char *end = end_of_tag(p, begin, name);
    if (!end)
        return FALSE;
    struct bootcmd_step step = {.column = column_of(p, begin)};
    gsize whole = (gsize)(end - name), length = whole;
    g_autofree char *text = g_strndup(name, whole);
    p->at = end + 1;
    if (g_ascii_strcasecmp(text, "blind") == 0 || g_ascii_strcasecmp(text, "seen") == 0)
        return blind_tag(p, step.column, g_ascii_strcasecmp(text, "blind") == 0);
    step.kind = toggle(name, &length);
    const struct bootcmd_key *key = keys_find(name, length);
    if (key) {
        step.keysym = key->keysym;
        step.name = key->name;
        return add_key(p, step, key->character);
    }
    if (step.kind == BOOTCMD_KEY || length != 1)
        return unknown_key(p, step.column, text);
    step.keysym = (guint32)(guchar)*name;
    return add_key(p, step, *name);
}

/* "<1On>", "< Off>": a character that is not a letter is pressed or released. */
static gboolean is_character_toggle(const char *at)
{
    const char *end = at[1] ? strchr(at + 2, '>') : NULL;
    gsize length = end ? (gsize)(end - at - 1) : 0;
    return length <= 4 && g_ascii_isprint(at[1]) && toggle(at + 1, &length) != BOOTCMD_KEY &&
           length == 1;
}

static gboolean character(struct parser *p)
{
    gunichar c = g_utf8_get_char(p->at);
    struct bootcmd_step step = {.keysym = c, .column = column_of(p, p->at)};
    if (c == '\n' || c == '\r')
        return bootcmd_wrong(p, step.column, "write <enter> for the key, or join the lines",
                             "a line end is not a key");
    if (c == '\t')
        return bootcmd_wrong(p, step.column, "write <tab>", "a tab character is not a key");
    if (c < ' ' || c == 0x7f)
        return bootcmd_wrong(p, step.column, "write the key by name, such as <esc>",
                             "no key produces the control character U+%04X", c);
    if (c > 0x7f)
        return bootcmd_wrong(p, step.column, "boot commands are typed on a US keyboard",
                             "no key produces the character U+%04X", c);
    p->at++;
    return add_key(p, step, (char)c);
}

/* ---- the whole ---- */

static gboolean check_text(const struct parser *p)
{
    const char *bad = NULL;
    if (strlen(p->text) > BOOTCMD_LENGTH_MAX)
        return bootcmd_wrong(p, BOOTCMD_LENGTH_MAX + 1,
                             "put the rest into a script that the installer fetches",
                             "a boot command is at most %u bytes long", BOOTCMD_LENGTH_MAX);
    if (!g_utf8_validate(p->text, -1, &bad)) {
        g_autofree char *good = g_strndup(p->text, (gsize)(bad - p->text));
        return bootcmd_wrong(p, (guint)g_utf8_strlen(good, -1) + 1, "save the file as UTF-8",
                             "this is not UTF-8");
    }
    return TRUE;
}

static gboolean check_end(const struct parser *p)
{
    if (p->held->len) {
        const struct held *held = &g_array_index(p->held, struct held, 0);
        g_autofree char *hint = g_strdup_printf("write <%sOff> where it is released", held->name);
        return bootcmd_wrong(p, held->column, hint, "<%sOn> is never released", held->name);
    }
    if (p->blind)
        return bootcmd_wrong(p, p->blind, "write <seen> after what the screen does not show",
                             "<blind> has no <seen>");
    return TRUE;
}

static gboolean screen_bootcmd_parse(struct parser *p)
{
    if (!check_text(p))
        return FALSE;
    while (*p->at) {
        gboolean is_tag =
            *p->at == '<' && (g_ascii_isalpha(p->at[1]) || is_character_toggle(p->at));
        if (!(is_tag ? tag(p) : character(p)))
            return FALSE;
    }
    return check_end(p);
}

static void clear_held(gpointer data)
{
    g_free(((struct held *)data)->name);
}

bootcmd *bootcmd_parse(const char *text, GError **error)
{
    struct parser p = {.text = text, .at = text, .error = error};
    p.steps = g_array_new(FALSE, TRUE, sizeof(struct bootcmd_step));
    p.held = g_array_new(FALSE, TRUE, sizeof(struct held));
    g_array_set_clear_func(p.held, clear_held);
    gboolean good = screen_bootcmd_parse(&p);
    bootcmd *command = g_new0(bootcmd, 1);
    command->count = p.steps->len;
    command->steps = (struct bootcmd_step *)(gpointer)g_array_free(p.steps, FALSE);
    g_array_unref(p.held);
    if (good)
        return command;
    bootcmd_free(command);
    return NULL;
}

void bootcmd_free(bootcmd *command)
{
    if (!command)
        return;
    for (gsize i = 0; i < command->count; i++)
        g_free(command->steps[i].text);
    g_free(command->steps);
    g_free(command);
}

/* ---- for people ---- */

/* Characters in a row, from *i on, which is moved to the last of them. */
static void describe_typing(GString *out, const bootcmd *command, gsize *i)
{
    const struct bootcmd_step *first = &command->steps[*i], *s = first;
    g_autoptr(GString) text = g_string_new(NULL);
    gsize end = *i;
    for (; end < command->count && s->kind == BOOTCMD_CHARACTER && s->blind == first->blind;
         s = &command->steps[++end])
        g_string_append_c(text, s->character);
    if (first->blind)
        g_string_append_printf(out, "type %" G_GSIZE_FORMAT " blind", text->len);
    else
        g_string_append_printf(out, "type \"%s\"", text->str);
    *i = end - 1;
}

static void describe_key(GString *out, const char *verb, const struct bootcmd_step *s)
{
    g_autofree char *name = bootcmd_name_of(s);
    g_string_append_printf(out, "%s %s%s", verb, name, s->blind ? " blind" : "");
}

char *bootcmd_describe(const bootcmd *command)
{
    GString *out = g_string_new(NULL);
    for (gsize i = 0; i < command->count; i++) {
        const struct bootcmd_step *s = &command->steps[i];
        if (out->len)
            g_string_append(out, "; ");
        if (s->kind == BOOTCMD_CHARACTER)
            describe_typing(out, command, &i);
        else if (s->kind == BOOTCMD_PAUSE)
            g_string_append_printf(out, "wait %u ms", s->milliseconds);
        else if (s->kind == BOOTCMD_WAIT && s->milliseconds)
            g_string_append_printf(out, "wait for \"%s\", %u ms", s->text, s->milliseconds);
        else if (s->kind == BOOTCMD_WAIT)
            g_string_append_printf(out, "wait for \"%s\"", s->text);
        else
            describe_key(out,
                         s->kind == BOOTCMD_KEY    ? "press"
                         : s->kind == BOOTCMD_HOLD ? "hold"
                                                   : "release",
                         s);
    }
    return g_string_free(out, FALSE);
}
