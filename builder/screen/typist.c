/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/bootcmd.h"

#include "base/error.h"
#include "base/text.h"
#include "screen/echo.h"
#include "screen/keys.h"

#include <string.h>

/* Bytes of the serial console that are remembered for a wait. */
#define SERIAL_MAX 16384u
/* How often what a guest has lost or doubled is mended before that is given up. */
#define REPAIRS_MAX 3u
/* Lines of the screen that go into an error, and how much of each. */
#define LAST_LINES  6u
#define LAST_LENGTH 120

/* Under TCG a boot loader takes up to a second for a key, a frame comes after 30 ms at best and
 * 2 s at worst (QEMU ui/vnc.c, VNC_REFRESH_INTERVAL_MAX). */
const struct typist_limits typist_usual_limits = {
    .echo = 10000,
    .tries = 3,
    .settle = 700,
    .calm = 150,
    .uneasy = 3000,
    .move = 500,
    .blind = 200,
    .wait = 5 * 60 * 1000,
};

enum doing {
    NEXT,    /* nothing: the next step can begin */
    CALM,    /* waits until the text stands still, to type then */
    ECHO,    /* waits for the character that was typed */
    SETTLE,  /* waits whether an odd answer stands */
    SURPLUS, /* waits whether a character that was typed again comes twice */
    UNDO,    /* waits until surplus characters are gone */
    REWIND,  /* waits until a character is gone, to type the lost blanks before it */
    MOVE,    /* waits for any change, a short while */
    PAUSE,
    WAIT, /* for a text */
    OVER,
};

struct typist {
    const bootcmd *command;
    struct typist_port port;
    struct typist_limits limits;
    typist_done done;
    gpointer user;
    enum doing doing;
    gsize next; /* the step that is done now */
    guint timer;
    GArray *down;           /* of guint32: keysyms */
    gboolean moved;         /* the screen may change by itself after what was done last */
    struct echo_place last; /* of the last character … */
    guint blanks;           /* … and what has been typed since */
    char *before;           /* the text before the character, NULL: graphics */
    guint64 changes;        /* … and the port's number of changes */
    guint tries, repairs;
    gint64 uneasy_until;
    GString *serial;
    GError *failure;
};

static void run(typist *t);
static gboolean on_timer(gpointer data);

/* ---- time, and the end ---- */

static void stop_timer(typist *t)
{
    if (t->timer)
        g_source_remove(t->timer);
    t->timer = 0;
}

static void wait_in(typist *t, enum doing doing, guint milliseconds)
{
    stop_timer(t);
    t->doing = doing;
    t->timer = g_timeout_add(milliseconds, on_timer, t);
}

static gboolean on_over(gpointer data)
{
    typist *t = data;
    t->timer = 0;
    t->done(t, t->failure, t->user);
    return G_SOURCE_REMOVE;
}

static void release_all(typist *t)
{
    while (t->down->len) {
        guint32 keysym = g_array_index(t->down, guint32, t->down->len - 1);
        g_array_set_size(t->down, t->down->len - 1);
        (void)!t->port.key(keysym, FALSE, t->port.user, NULL);
    }
}

static void over(typist *t)
{
    release_all(t);
    stop_timer(t);
    t->doing = OVER;
    t->timer = g_idle_add(on_over, t);
}

static void fail(typist *t, const char *hint, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void fail(typist *t, const char *hint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    guint column = t->next < t->command->count ? t->command->steps[t->next].column : 0;
    ingot_set_error(&t->failure, INGOT_EXIT_INSTALL, hint, "boot command, character %u: %s", column,
                    what);
    over(t);
}

static void step_done(typist *t)
{
    stop_timer(t);
    g_clear_pointer(&t->before, g_free);
    t->tries = 0;
    t->next++;
    t->doing = NEXT;
}

/* ---- keys ---- */

static gboolean key(typist *t, guint32 keysym, gboolean down)
{
    if (!t->port.key(keysym, down, t->port.user, &t->failure)) {
        over(t);
        return FALSE;
    }
    if (down)
        g_array_append_val(t->down, keysym);
    for (guint i = t->down->len; !down && i-- > 0;)
        if (g_array_index(t->down, guint32, i) == keysym)
            g_array_remove_index(t->down, i);
    return TRUE;
}

static gboolean press(typist *t, guint32 keysym)
{
    return key(t, keysym, TRUE) && key(t, keysym, FALSE);
}

static gboolean shift_is_down(const typist *t)
{
    for (guint i = 0; i < t->down->len; i++)
        if (keys_is_shift(g_array_index(t->down, guint32, i)))
            return TRUE;
    return FALSE;
}

/* Whether a modifier other than Shift is down: then a character is a command and makes no sign. */
static gboolean command_is_down(const typist *t)
{
    for (guint i = 0; i < t->down->len; i++) {
        guint32 keysym = g_array_index(t->down, guint32, i);
        if (keys_is_modifier(keysym) && !keys_is_shift(keysym))
            return TRUE;
    }
    return FALSE;
}

/* What the keyboard makes of the character's key now. */
static char made(const typist *t, char c)
{
    return shift_is_down(t) ? keys_shifted(c) : c;
}

/* QEMU takes a keysym for the key on which it is and leaves Shift to the client, but presses Caps
 * Lock by itself when the case of a letter and Shift do not go together (ui/vnc.c, do_key_event):
 * so Shift is down for exactly the characters that need it. */
static gboolean press_character(typist *t, char c)
{
    guint32 keysym = (guint32)(guchar)made(t, c);
    if (!keys_needs_shift((char)keysym) || shift_is_down(t))
        return press(t, keysym);
    return key(t, KEYS_LEFT_SHIFT, TRUE) && press(t, keysym) && key(t, KEYS_LEFT_SHIFT, FALSE);
}

static void forget_place(typist *t)
{
    t->last.known = FALSE;
    t->blanks = 0;
}

/* ---- a character and its echo ---- */

static const struct bootcmd_step *step(const typist *t)
{
    return &t->command->steps[t->next];
}

static char typed(const typist *t)
{
    return made(t, step(t)->character);
}

/* Types it, for the first time or again. */
static void type_visible(typist *t)
{
    t->tries++;
    if (press_character(t, step(t)->character))
        wait_in(t, ECHO, t->limits.echo);
}

static void begin_visible(typist *t)
{
    t->moved = FALSE;
    t->before = t->port.text(t->port.user);
    t->changes = t->port.changes(t->port.user);
    type_visible(t);
}

static struct echo look(const typist *t)
{
    struct echo echo = {.verdict = ECHO_NOTHING};
    g_autofree char *now = t->before ? t->port.text(t->port.user) : NULL;
    if (now)
        return echo_compare(t->before, now, typed(t), &t->last, t->blanks);
    if (t->port.changes(t->port.user) > t->changes)
        echo.verdict = t->before ? ECHO_MUCH : ECHO_TOOK;
    return echo;
}

static void accept(typist *t, const struct echo_place *place)
{
    t->last = *place;
    t->blanks = 0;
    step_done(t);
}

/* A character after lost blanks goes away again, and they are typed once more. */
static void mend_blanks(typist *t, const struct echo *echo)
{
    guint missing = t->last.column + 1 + t->blanks - echo->place.column;
    gsize first = t->next - missing;
    for (gsize i = first; i < t->next; i++)
        if (t->command->steps[i].character != ' ' || t->command->steps[i].kind != BOOTCMD_CHARACTER)
            missing = 0;
    if (!missing || ++t->repairs > REPAIRS_MAX) {
        fail(t, "let the guest be ready first, with <wait \"text\">",
             "the guest has lost blanks before '%c'", typed(t));
        return;
    }
    if (!press(t, KEYS_BACKSPACE))
        return;
    t->blanks -= missing;
    t->next = first;
    wait_in(t, REWIND, t->limits.echo);
}

static void take_away_surplus(typist *t, guint surplus)
{
    if (surplus == 0 || t->doing == UNDO)
        return;
    for (guint i = 0; i < surplus; i++)
        if (!press(t, KEYS_BACKSPACE))
            return;
    wait_in(t, UNDO, t->limits.echo);
}

static void took(typist *t, const struct echo *echo)
{
    if (t->tries <= 1 || !t->before || (t->doing == UNDO && echo->copies == 1))
        accept(t, &echo->place);
    else if (t->doing == ECHO || t->doing == SETTLE)
        wait_in(t, SURPLUS, t->limits.settle);
}

/* Something has changed while the echo of a character is waited for. */
static void check_echo(typist *t)
{
    struct echo echo = look(t);
    if (echo.verdict == ECHO_TOOK)
        took(t, &echo);
    else if (echo.verdict == ECHO_SHORT)
        mend_blanks(t, &echo);
    else if (echo.verdict != ECHO_NOTHING && t->doing == ECHO)
        wait_in(t, SETTLE, t->limits.settle);
}

static void type_again(typist *t)
{
    g_autofree char *now = t->port.text(t->port.user);
    if (t->tries < t->limits.tries)
        type_visible(t);
    else if (g_strcmp0(now, t->before) == 0)
        fail(t, "nothing there takes keys: wait for its prompt with <wait \"text\">",
             "the screen did not change after '%c' was typed %u times", typed(t), t->tries);
    else
        fail(t, "what is not shown when it is typed is written <blind>…<seen>",
             "'%c' is not on the screen after it was typed %u times", typed(t), t->tries);
}

static void fail_layout(typist *t, gunichar shown)
{
    char text[8] = {0};
    g_unichar_to_utf8(g_unichar_isprint(shown) ? shown : '?', text);
    gboolean hidden = strcmp(text, "*") == 0;
    fail(t,
         hidden ? "what the guest hides while it is typed is written <blind>…<seen>"
                : "boot commands are typed on a US keyboard: choose that layout in the guest",
         "the screen shows '%s' where '%c' was typed: the guest's keyboard layout is not the one "
         "of the boot command",
         text, typed(t));
}

/* The limit of ECHO or SETTLE is over. */
static void judge_echo(typist *t)
{
    struct echo echo = look(t);
    const struct echo_place nowhere = {.known = FALSE};
    if (echo.verdict == ECHO_TOOK) {
        took(t, &echo);
    } else if (echo.verdict == ECHO_SHORT) {
        mend_blanks(t, &echo);
    } else if (echo.verdict == ECHO_OTHER) {
        fail_layout(t, echo.shown);
    } else if (echo.verdict == ECHO_MUCH) {
        accept(t, &nowhere);
        t->moved = TRUE;
    } else {
        type_again(t);
    }
}

static void judge_surplus(typist *t)
{
    struct echo echo = look(t);
    if (echo.verdict == ECHO_TOOK && echo.copies > 1)
        take_away_surplus(t, echo.copies - 1);
    else
        accept(t, &echo.place);
}

static void check_rewind(typist *t)
{
    g_autofree char *now = t->port.text(t->port.user);
    if (g_strcmp0(now, t->before) != 0)
        return;
    stop_timer(t);
    g_clear_pointer(&t->before, g_free);
    t->tries = 0;
    t->doing = NEXT;
}

/* ---- the text stands still ---- */

static void begin_calm(typist *t)
{
    t->before = t->port.text(t->port.user);
    t->uneasy_until = g_get_monotonic_time() + (gint64)t->limits.uneasy * 1000;
    wait_in(t, CALM, t->limits.calm);
}

static void check_calm(typist *t)
{
    g_autofree char *now = t->port.text(t->port.user);
    if (g_strcmp0(now, t->before) == 0 || g_get_monotonic_time() >= t->uneasy_until)
        return;
    g_free(t->before);
    t->before = g_steal_pointer(&now);
    wait_in(t, CALM, t->limits.calm);
}

static void end_calm(typist *t)
{
    g_clear_pointer(&t->before, g_free);
    begin_visible(t);
}

/* ---- waits ---- */

/* Each run of white space is one blank: a line may be cut anywhere.  The caller owns the text. */
static char *one_line(const char *text)
{
    GString *out = g_string_new(NULL);
    for (; *text; text++)
        if (!g_ascii_isspace(*text))
            g_string_append_c(out, *text);
        else if (out->len && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    return g_string_free(out, FALSE);
}

static char *wanted_text(const typist *t)
{
    return g_strchomp(one_line(step(t)->text));
}

static gboolean is_on_screen(const typist *t, const char *wanted)
{
    g_autofree char *text = t->port.text(t->port.user);
    g_autofree char *line = text ? one_line(text) : NULL;
    return line && strstr(line, wanted) != NULL;
}

/* Takes it away with all that came before: what was waited for once does not count twice. */
static gboolean has_come(typist *t, const char *wanted)
{
    g_autofree char *clean = text_printable(t->serial->str, (gssize)t->serial->len);
    g_autofree char *line = one_line(clean);
    const char *at = strstr(line, wanted);
    if (!at)
        return FALSE;
    g_string_assign(t->serial, at + strlen(wanted));
    return TRUE;
}

static void check_wait(typist *t)
{
    g_autofree char *wanted = wanted_text(t);
    gboolean came = has_come(t, wanted);
    if (!came && !is_on_screen(t, wanted))
        return;
    step_done(t);
}

/* The last lines that say something; the caller owns the text. */
static char *last_lines(const char *text)
{
    g_autofree char *clean = text_printable(text, -1);
    g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    guint count = 0;
    for (guint i = g_strv_length(lines); i-- > 0 && count < LAST_LINES;) {
        g_autofree char *line =
            g_utf8_substring(lines[i], 0, MIN(g_utf8_strlen(lines[i], -1), LAST_LENGTH));
        if (!*g_strstrip(line))
            continue;
        g_string_prepend(out, line);
        g_string_prepend(out, "\n  ");
        count++;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void fail_wait(typist *t)
{
    guint limit = step(t)->milliseconds ? step(t)->milliseconds : t->limits.wait;
    g_autofree char *time = text_duration(limit / 1000.0);
    g_autofree char *text = t->port.text(t->port.user);
    g_autofree char *screen = text ? last_lines(text) : g_strdup("\n  (graphics)");
    g_autofree char *serial = last_lines(t->serial->str);
    g_autofree char *on_serial =
        *serial ? g_strconcat("\nthe serial console ends with:", serial, NULL) : g_strdup("");
    fail(t, "wait for a text that comes, or give it more time: <wait \"text\" 10m>",
         "\"%s\" did not appear within %s; the screen ends with:%s%s", step(t)->text, time,
         *screen ? screen : "\n  (nothing)", on_serial);
}

/* ---- steps ---- */

static void begin_move(typist *t, gboolean sent)
{
    if (sent)
        wait_in(t, MOVE, step(t)->blind ? t->limits.blind : t->limits.move);
}

/* One that no sign is expected of: a blank, one typed blind, one with Ctrl. */
static void begin_unseen(typist *t)
{
    t->changes = t->port.changes(t->port.user);
    if (typed(t) == ' ' && !step(t)->blind && !command_is_down(t)) {
        t->blanks++;
    } else {
        forget_place(t);
        t->moved = TRUE;
    }
    begin_move(t, press_character(t, step(t)->character));
}

static void begin_character(typist *t)
{
    if (step(t)->blind || typed(t) == ' ' || command_is_down(t))
        begin_unseen(t);
    else if (t->moved)
        begin_calm(t);
    else
        begin_visible(t);
}

static void begin_key(typist *t)
{
    forget_place(t);
    t->moved = TRUE;
    t->changes = t->port.changes(t->port.user);
    begin_move(t, press(t, step(t)->keysym));
}

static void begin_wait(typist *t)
{
    forget_place(t);
    t->moved = TRUE;
    wait_in(t, WAIT, step(t)->milliseconds ? step(t)->milliseconds : t->limits.wait);
    check_wait(t);
}

static void begin(typist *t)
{
    switch (step(t)->kind) {
    case BOOTCMD_CHARACTER:
        begin_character(t);
        break;
    case BOOTCMD_KEY:
        begin_key(t);
        break;
    case BOOTCMD_HOLD:
    case BOOTCMD_RELEASE:
        if (key(t, step(t)->keysym, step(t)->kind == BOOTCMD_HOLD))
            step_done(t);
        break;
    case BOOTCMD_PAUSE:
        wait_in(t, PAUSE, step(t)->milliseconds);
        break;
    case BOOTCMD_WAIT:
        begin_wait(t);
        break;
    }
}

static void run(typist *t)
{
    while (t->doing == NEXT && t->next < t->command->count)
        begin(t);
    if (t->doing == NEXT)
        over(t);
}

/* ---- what happens ---- */

static void timer_over(typist *t)
{
    switch (t->doing) {
    case CALM:
        end_calm(t);
        break;
    case ECHO:
    case SETTLE:
        judge_echo(t);
        break;
    case SURPLUS:
        judge_surplus(t);
        break;
    case UNDO:
    case REWIND:
        fail(t, "let the guest be ready first, with <wait \"text\">",
             "what was typed twice or lost could not be mended with Backspace");
        break;
    case WAIT:
        fail_wait(t);
        break;
    case MOVE:
    case PAUSE:
        step_done(t);
        break;
    case NEXT:
    case OVER:
        break;
    }
}

static gboolean on_timer(gpointer data)
{
    typist *t = data;
    t->timer = 0;
    timer_over(t);
    run(t);
    return G_SOURCE_REMOVE;
}

void typist_screen_changed(typist *t)
{
    if (t->doing == ECHO || t->doing == SETTLE || t->doing == UNDO)
        check_echo(t);
    else if (t->doing == CALM)
        check_calm(t);
    else if (t->doing == REWIND)
        check_rewind(t);
    else if (t->doing == WAIT)
        check_wait(t);
    else if (t->doing == MOVE && t->port.changes(t->port.user) > t->changes)
        step_done(t);
    else
        return;
    run(t);
}

void typist_serial(typist *t, const char *bytes, gsize length)
{
    g_string_append_len(t->serial, bytes, (gssize)length);
    if (t->serial->len > SERIAL_MAX)
        g_string_erase(t->serial, 0, (gssize)(t->serial->len - SERIAL_MAX));
    if (t->doing != WAIT)
        return;
    check_wait(t);
    run(t);
}

/* ---- its life ---- */

static gboolean on_start(gpointer data)
{
    typist *t = data;
    t->timer = 0;
    run(t);
    return G_SOURCE_REMOVE;
}

typist *typist_start(const bootcmd *command, const struct typist_port *port,
                     const struct typist_limits *limits, typist_done done, gpointer user)
{
    typist *t = g_new0(typist, 1);
    t->command = command;
    t->port = *port;
    t->limits = limits ? *limits : typist_usual_limits;
    t->done = done;
    t->user = user;
    t->moved = TRUE;
    t->down = g_array_new(FALSE, FALSE, sizeof(guint32));
    t->serial = g_string_new(NULL);
    t->timer = g_idle_add(on_start, t);
    return t;
}

void typist_free(typist *t)
{
    if (!t)
        return;
    release_all(t);
    stop_timer(t);
    g_array_unref(t->down);
    g_string_free(t->serial, TRUE);
    g_free(t->before);
    g_clear_error(&t->failure);
    g_free(t);
}

char *typist_doing(const typist *t)
{
    gsize count = t->command->count;
    if (t->doing == OVER || t->next >= count)
        return g_strdup("has typed all");
    if (t->doing == WAIT)
        return g_strdup_printf("waits for \"%s\"", step(t)->text);
    return g_strdup_printf("types (%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT ")", t->next + 1,
                           count);
}
