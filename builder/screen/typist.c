/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/bootcmd.h"

#include "base/error.h"
#include "base/text.h"
#include "screen/expect.h"
#include "screen/echo.h"
#include "screen/keyboard.h"
#include "screen/keys.h"

#include <string.h>

/* Bytes of the serial console that are remembered for a wait. */
#define SERIAL_MAX 16384u
/* How often a guest's lost or doubled keys are corrected before giving up. */
#define REPAIRS_MAX 3u

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
    CALM,    /* waits until the text is still, then types */
    ECHO,    /* waits for the character that was typed */
    SETTLE,  /* waits to see whether an odd result lasts */
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
    struct keyboard keyboard;
    struct typist_limits limits;
    typist_done done;
    gpointer user;
    enum doing doing;
    gsize next; /* the step that is done now */
    guint timer;
    gboolean moved;         /* the screen may change by itself after what was done last */
    gboolean redrawn;       /* a command has begun to draw another screen */
    struct echo_place last; /* of the last character … */
    guint blanks;           /* … and what has been typed since */
    char *before;           /* the text before the character, NULL: graphics */
    guint64 changes;        /* … and the port's number of changes */
    guint tries, repairs;
    guint missing; /* blanks that were lost */
    gint64 uneasy_until;
    GString *serial;
    GError *failure;
};

static void typist_run(typist *t);
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

static void over(typist *t)
{
    keyboard_release_all(&t->keyboard);
    stop_timer(t);
    t->doing = OVER;
    t->timer = g_idle_add(on_over, t);
}

static void typist_fail(typist *t, const char *hint, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void typist_fail(typist *t, const char *hint, const char *format, ...)
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

/* Whether the keys went out; else that is the end. */
static gboolean sent(typist *t, gboolean good)
{
    if (!good)
        over(t);
    return good;
}

static gboolean press(typist *t, guint32 keysym)
{
    return sent(t, keyboard_press(&t->keyboard, keysym, &t->failure));
}

static void forget_place(typist *t)
{
    t->last.known = FALSE;
    t->blanks = 0;
}

/* ---- a character and its echo ---- */

static const struct bootcmd_step *typist_step(const typist *t)
{
    return &t->command->steps[t->next];
}

static char typed(const typist *t)
{
    return keyboard_character(&t->keyboard, typist_step(t)->character);
}

/* Types it, for the first time or again. */
static void type_visible(typist *t)
{
    t->tries++;
    if (sent(t, keyboard_type(&t->keyboard, typist_step(t)->character, &t->failure)))
        wait_in(t, ECHO, t->limits.echo);
}

static void begin_visible(typist *t)
{
    t->moved = FALSE;
    t->before = t->keyboard.port.text(t->keyboard.port.user);
    t->changes = t->keyboard.port.changes(t->keyboard.port.user);
    type_visible(t);
}

static struct echo typist_look(const typist *t)
{
    struct echo echo = {.verdict = ECHO_NOTHING};
    g_autofree char *now = t->before ? t->keyboard.port.text(t->keyboard.port.user) : NULL;
    if (now)
        return echo_compare(t->before, now, typed(t), &t->last, t->blanks);
    if (t->keyboard.port.changes(t->keyboard.port.user) > t->changes)
        echo.verdict = t->before ? ECHO_MUCH : ECHO_TOOK;
    return echo;
}

static void typist_accept(typist *t, const struct echo_place *place)
{
    t->last = *place;
    t->blanks = t->repairs = 0;
    step_done(t);
}

static gboolean can_mend(typist *t)
{
    if (++t->repairs <= REPAIRS_MAX)
        return TRUE;
    typist_fail(t, "wait until the guest is ready, with <wait \"text\">",
                "the guest loses or doubles keys at '%c', and Backspace could not correct it",
                typed(t));
    return FALSE;
}

/* The blanks that were lost, when the steps just before are blanks; else 0. */
static guint missing_blanks(const typist *t, const struct echo *echo)
{
    guint missing = t->last.column + 1 + t->blanks - echo->place.column;
    for (gsize i = t->next - missing; i < t->next; i++)
        if (t->command->steps[i].kind != BOOTCMD_CHARACTER || t->command->steps[i].character != ' ')
            return 0;
    return missing;
}

/* A character after lost blanks is deleted; then they are typed again. */
static void mend_blanks(typist *t, const struct echo *echo)
{
    t->missing = missing_blanks(t, echo);
    if (!t->missing)
        typist_accept(t, &echo->place);
    else if (can_mend(t) && press(t, KEYS_BACKSPACE))
        wait_in(t, REWIND, t->limits.echo);
}

static void check_rewind(typist *t)
{
    g_autofree char *now = t->keyboard.port.text(t->keyboard.port.user);
    if (g_strcmp0(now, t->before) != 0)
        return;
    stop_timer(t);
    g_clear_pointer(&t->before, g_free);
    t->tries = 0;
    t->blanks -= t->missing;
    t->next -= t->missing;
    t->doing = NEXT;
}

static void take_away_surplus(typist *t, guint surplus)
{
    if (!can_mend(t))
        return;
    for (guint i = 0; i < surplus; i++)
        if (!press(t, KEYS_BACKSPACE))
            return;
    wait_in(t, UNDO, t->limits.echo);
}

static void took(typist *t, const struct echo *echo)
{
    if (t->tries <= 1 || !t->before || (t->doing == UNDO && echo->copies == 1))
        typist_accept(t, &echo->place);
    else if (t->doing == ECHO || t->doing == SETTLE)
        wait_in(t, SURPLUS, t->limits.settle);
}

/* Something has changed while the echo of a character is waited for. */
static void check_echo(typist *t)
{
    struct echo echo = typist_look(t);
    if (echo.verdict == ECHO_TOOK)
        took(t, &echo);
    else if (echo.verdict == ECHO_SHORT)
        mend_blanks(t, &echo);
    else if (echo.verdict != ECHO_NOTHING && t->doing == ECHO)
        wait_in(t, SETTLE, t->limits.settle);
}

static void type_again(typist *t)
{
    g_autofree char *now = t->keyboard.port.text(t->keyboard.port.user);
    if (t->tries < t->limits.tries)
        type_visible(t);
    else if (g_strcmp0(now, t->before) == 0)
        typist_fail(t, "nothing is reading keys: wait for the prompt with <wait \"text\">",
                    "the screen did not change after '%c' was typed %u times", typed(t), t->tries);
    else
        typist_fail(t, "write <blind>…<seen> around text that the screen does not show",
                    "'%c' is not on the screen after it was typed %u times", typed(t), t->tries);
}

static void fail_layout(typist *t, gunichar shown)
{
    char text[8] = {0};
    g_unichar_to_utf8(g_unichar_isprint(shown) ? shown : '?', text);
    gboolean hidden = strcmp(text, "*") == 0;
    typist_fail(
        t,
        hidden ? "write <blind>…<seen> around text that the guest hides"
               : "boot commands are typed on a US keyboard: choose that layout in the guest",
        "the screen shows '%s' where '%c' was typed: the guest's keyboard layout is not the one "
        "of the boot command",
        text, typed(t));
}

/* The limit of ECHO or SETTLE is over. */
static void judge_echo(typist *t)
{
    struct echo echo = typist_look(t);
    const struct echo_place nowhere = {.known = FALSE};
    if (echo.verdict == ECHO_TOOK) {
        took(t, &echo);
    } else if (echo.verdict == ECHO_SHORT) {
        mend_blanks(t, &echo);
    } else if (echo.verdict == ECHO_OTHER) {
        fail_layout(t, echo.shown);
    } else if (echo.verdict == ECHO_MUCH) {
        typist_accept(t, &nowhere);
        t->moved = t->redrawn = TRUE;
    } else {
        type_again(t);
    }
}

static void judge_surplus(typist *t)
{
    struct echo echo = typist_look(t);
    if (echo.verdict == ECHO_TOOK && echo.copies > 1)
        take_away_surplus(t, echo.copies - 1);
    else
        typist_accept(t, &echo.place);
}

/* Backspace can be lost like any key. */
static void mend_again(typist *t)
{
    struct echo echo = typist_look(t);
    if (t->doing == REWIND && echo.verdict == ECHO_SHORT)
        mend_blanks(t, &echo);
    else if (t->doing == UNDO && echo.verdict == ECHO_TOOK && echo.copies > 1)
        take_away_surplus(t, echo.copies - 1);
    else if (echo.verdict == ECHO_NOTHING)
        type_again(t);
    else
        typist_accept(t, &echo.place);
}

/* ---- a key without a sign ---- */

static void begin_move(typist *t, gboolean good)
{
    if (good)
        wait_in(t, MOVE, typist_step(t)->blind ? t->limits.blind : t->limits.move);
}

static void press_key(typist *t)
{
    forget_place(t);
    t->moved = TRUE;
    t->changes = t->keyboard.port.changes(t->keyboard.port.user);
    begin_move(t, press(t, typist_step(t)->keysym));
}

/* ---- the text is still ---- */

static void begin_calm(typist *t)
{
    t->before = t->keyboard.port.text(t->keyboard.port.user);
    t->uneasy_until = g_get_monotonic_time() + (gint64)t->limits.uneasy * 1000;
    wait_in(t, CALM, t->limits.calm);
}

static void check_calm(typist *t)
{
    g_autofree char *now = t->keyboard.port.text(t->keyboard.port.user);
    if (g_strcmp0(now, t->before) == 0 || g_get_monotonic_time() >= t->uneasy_until)
        return;
    g_free(t->before);
    t->before = g_steal_pointer(&now);
    wait_in(t, CALM, t->limits.calm);
}

static void end_calm(typist *t)
{
    g_clear_pointer(&t->before, g_free);
    t->redrawn = FALSE;
    if (typist_step(t)->kind == BOOTCMD_KEY)
        press_key(t);
    else
        begin_visible(t);
}

/* ---- waits ---- */

static void check_wait(typist *t)
{
    g_autofree char *text = t->keyboard.port.text(t->keyboard.port.user);
    gboolean came = expect_in_serial(t->serial, typist_step(t)->text);
    if (came || (text && expect_on_screen(text, typist_step(t)->text)))
        step_done(t);
}

static void fail_wait(typist *t)
{
    guint limit = typist_step(t)->milliseconds ? typist_step(t)->milliseconds : t->limits.wait;
    g_autofree char *time = text_duration(limit / 1000.0);
    g_autofree char *text = t->keyboard.port.text(t->keyboard.port.user);
    g_autofree char *screen = text ? expect_last_lines(text) : g_strdup("\n  (graphics)");
    g_autofree char *serial = expect_last_lines(t->serial->str);
    g_autofree char *on_serial =
        *serial ? g_strconcat("\nthe serial console ends with:", serial, NULL) : g_strdup("");
    typist_fail(t, "wait for a text that will appear, or allow more time: <wait \"text\" 10m>",
                "\"%s\" did not appear within %s; the screen ends with:%s%s", typist_step(t)->text,
                time, *screen ? screen : "\n  (nothing)", on_serial);
}

/* ---- steps ---- */

/* One that no sign is expected of: a blank, one typed blind, one with Ctrl. */
static void begin_unseen(typist *t)
{
    t->changes = t->keyboard.port.changes(t->keyboard.port.user);
    if (typed(t) == ' ' && !typist_step(t)->blind && !keyboard_is_command(&t->keyboard)) {
        t->blanks++;
    } else {
        forget_place(t);
        t->moved = TRUE;
    }
    begin_move(t, sent(t, keyboard_type(&t->keyboard, typist_step(t)->character, &t->failure)));
}

static void begin_character(typist *t)
{
    if (typist_step(t)->blind || typed(t) == ' ' || keyboard_is_command(&t->keyboard))
        begin_unseen(t);
    else if (t->moved)
        begin_calm(t);
    else
        begin_visible(t);
}

/* A boot loader that draws takes no keys, and the keyboard keeps only four of them meanwhile. */
static void begin_key(typist *t)
{
    if (t->redrawn)
        begin_calm(t);
    else
        press_key(t);
}

static void begin_wait(typist *t)
{
    forget_place(t);
    t->moved = TRUE;
    wait_in(t, WAIT, typist_step(t)->milliseconds ? typist_step(t)->milliseconds : t->limits.wait);
    check_wait(t);
}

static void typist_begin(typist *t)
{
    switch (typist_step(t)->kind) {
    case BOOTCMD_CHARACTER:
        begin_character(t);
        break;
    case BOOTCMD_KEY:
        begin_key(t);
        break;
    case BOOTCMD_HOLD:
    case BOOTCMD_RELEASE:
        if (sent(t, keyboard_key(&t->keyboard, typist_step(t)->keysym,
                                 typist_step(t)->kind == BOOTCMD_HOLD, &t->failure)))
            step_done(t);
        break;
    case BOOTCMD_PAUSE:
        wait_in(t, PAUSE, typist_step(t)->milliseconds);
        break;
    case BOOTCMD_WAIT:
        begin_wait(t);
        break;
    }
}

static void typist_run(typist *t)
{
    while (t->doing == NEXT && t->next < t->command->count)
        typist_begin(t);
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
        mend_again(t);
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
    typist_run(t);
    return G_SOURCE_REMOVE;
}

void typist_screen_changed(typist *t)
{
    guint64 changes = t->keyboard.port.changes(t->keyboard.port.user);
    if (t->doing == ECHO || t->doing == SETTLE || t->doing == UNDO)
        check_echo(t);
    else if (t->doing == CALM)
        check_calm(t);
    else if (t->doing == REWIND)
        check_rewind(t);
    else if (t->doing == WAIT)
        check_wait(t);
    else if (t->doing == MOVE && changes > t->changes)
        step_done(t);
    else
        return;
    typist_run(t);
}

void typist_serial(typist *t, const char *bytes, gsize length)
{
    g_string_append_len(t->serial, bytes, (gssize)length);
    if (t->serial->len > SERIAL_MAX)
        g_string_erase(t->serial, 0, (gssize)(t->serial->len - SERIAL_MAX));
    if (t->doing != WAIT)
        return;
    check_wait(t);
    typist_run(t);
}

/* ---- its life ---- */

static gboolean on_start(gpointer data)
{
    typist *t = data;
    t->timer = 0;
    typist_run(t);
    return G_SOURCE_REMOVE;
}

typist *typist_start(const bootcmd *command, const struct typist_port *port,
                     const struct typist_limits *limits, typist_done done, gpointer user)
{
    typist *t = g_new0(typist, 1);
    t->command = command;
    t->limits = limits ? *limits : typist_usual_limits;
    t->done = done;
    t->user = user;
    t->moved = TRUE;
    keyboard_init(&t->keyboard, port);
    t->serial = g_string_new(NULL);
    t->timer = g_idle_add(on_start, t);
    return t;
}

void typist_free(typist *t)
{
    if (!t)
        return;
    keyboard_clear(&t->keyboard);
    stop_timer(t);
    if (t->keyboard.port.free)
        t->keyboard.port.free(t->keyboard.port.user);
    g_string_free(t->serial, TRUE);
    g_free(t->before);
    g_clear_error(&t->failure);
    g_free(t);
}

char *typist_doing(const typist *t)
{
    gsize count = t->command->count;
    if (t->doing == OVER || t->next >= count)
        return g_strdup("typed everything");
    if (t->doing == WAIT)
        return g_strdup_printf("waiting for \"%s\"", typist_step(t)->text);
    return g_strdup_printf("types (%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT ")", t->next + 1,
                           count);
}
