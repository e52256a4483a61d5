/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "screen/bootcmd.h"

#include <string.h>

/* A guest with a keyboard and a text screen, and with the faults of real ones.  It answers keys
 * later, as a guest does: never from inside the typist. */

#define ROWS       25u
#define COLUMNS    80u
#define LEFT_SHIFT 0xffe1u

struct fake {
    char screen[ROWS][COLUMNS + 1];
    guint row, column;
    guint64 changes;
    gboolean shift, graphics, deaf, hides;
    const char *swap;     /* "zy": shows y for z */
    GArray *lost;         /* of guint: which character keys are lost, from 0 */
    guint pressed;        /* character keys so far */
    guint late_key;       /* this one … */
    guint late;           /* … is answered so many ms later, with all that follow at once */
    guint fail_at;        /* port->key fails for this press; 0: never */
    guint lose_backspace; /* so many are lost */
    gint down;            /* keys that are down */
    GQueue keys;          /* of what waits to be answered */
    GString *entered;     /* lines that were ended with Enter, and the names of other keys */
    guint source;
    typist *typist;
    gboolean over;
    GError *failure;
};

static void put(struct fake *f, char c)
{
    if (f->column == COLUMNS || c == '\n') {
        f->column = 0;
        f->row++;
    }
    if (f->row == ROWS) {
        memmove(f->screen[0], f->screen[1], sizeof f->screen - sizeof f->screen[0]);
        memset(f->screen[ROWS - 1], ' ', COLUMNS);
        f->row--;
    }
    if (c != '\n')
        f->screen[f->row][f->column++] = c;
}

static void print(struct fake *f, const char *text)
{
    for (; *text; text++)
        put(f, *text);
    f->changes++;
}

static void enter(struct fake *f)
{
    g_autofree char *line = g_strchomp(g_strdup(f->screen[f->row]));
    g_string_append_printf(f->entered, "%s|", line);
    print(f, "\n");
}

static void backspace(struct fake *f)
{
    if (f->column)
        f->screen[f->row][--f->column] = ' ';
    f->changes++;
}

static void show(struct fake *f, guint32 keysym)
{
    char c = (char)keysym;
    if (keysym == 0xff0d)
        enter(f);
    else if (keysym == 0xff08)
        backspace(f);
    else if (keysym > 0x7f)
        g_string_append_printf(f->entered, "<%x>", keysym);
    else {
        if (f->swap && c == f->swap[0])
            c = f->swap[1];
        put(f, f->hides ? '*' : c);
        f->changes++;
    }
}

static gboolean answer(gpointer data)
{
    struct fake *f = data;
    f->source = 0;
    while (!g_queue_is_empty(&f->keys))
        show(f, GPOINTER_TO_UINT(g_queue_pop_head(&f->keys)));
    if (!f->over)
        typist_screen_changed(f->typist);
    return G_SOURCE_REMOVE;
}

static gboolean is_lost(const struct fake *f)
{
    for (guint i = 0; i < f->lost->len; i++)
        if (g_array_index(f->lost, guint, i) == f->pressed)
            return TRUE;
    return FALSE;
}

static gboolean on_key(guint32 keysym, gboolean down, gpointer user, GError **error)
{
    struct fake *f = user;
    f->down += down ? 1 : -1;
    assert_true(f->down >= 0);
    if (keysym == LEFT_SHIFT)
        f->shift = down;
    if (!down || keysym >= 0xffe1)
        return TRUE;
    if (keysym == 0xff08 && f->lose_backspace) {
        f->lose_backspace--;
        return TRUE;
    }
    /* A keyboard: Shift is down for what needs it and for nothing else. */
    assert_true(keysym > 0x7f || keysym == ' ' ||
                f->shift == (g_ascii_isupper((char)keysym) ||
                             strchr("~!@#$%^&*()_+{}|:\"<>?", (int)keysym) != NULL));
    if (f->fail_at && f->pressed + 1 == f->fail_at) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "the screen is gone");
        f->down--;
        return FALSE;
    }
    gboolean lost = keysym < 0x80 && is_lost(f);
    guint delay = keysym < 0x80 && f->late && f->pressed == f->late_key ? f->late : 1;
    f->pressed += keysym < 0x80;
    if (lost || f->deaf)
        return TRUE;
    g_queue_push_tail(&f->keys, GUINT_TO_POINTER(keysym));
    if (!f->source)
        f->source = g_timeout_add(delay, answer, f);
    return TRUE;
}

static char *on_text(gpointer user)
{
    struct fake *f = user;
    GString *out = g_string_new(NULL);
    for (guint r = 0; r < ROWS; r++)
        g_string_append_printf(out, "%s\n", f->screen[r]);
    if (!f->graphics)
        return g_string_free(out, FALSE);
    g_string_free(out, TRUE);
    return NULL;
}

static guint64 on_changes(gpointer user)
{
    return ((struct fake *)user)->changes;
}

static void on_done(typist *t, const GError *failure, gpointer user)
{
    struct fake *f = user;
    assert_ptr_equal(t, f->typist);
    assert_false(f->over);
    assert_int_equal(f->down, 0);
    f->over = TRUE;
    f->failure = failure ? g_error_copy(failure) : NULL;
    typist_free(g_steal_pointer(&f->typist));
}

static const struct typist_port port = {.key = on_key, .text = on_text, .changes = on_changes};
static const struct typist_limits brief = {.echo = 60,
                                           .tries = 3,
                                           .settle = 30,
                                           .calm = 5,
                                           .uneasy = 50,
                                           .move = 20,
                                           .blind = 10,
                                           .wait = 100};

static struct fake *fake_new(void)
{
    struct fake *f = g_new0(struct fake, 1);
    memset(f->screen, ' ', sizeof f->screen);
    for (guint r = 0; r < ROWS; r++)
        f->screen[r][COLUMNS] = '\0';
    f->lost = g_array_new(FALSE, FALSE, sizeof(guint));
    f->entered = g_string_new(NULL);
    return f;
}

static void fake_free(struct fake *f)
{
    typist_free(f->typist);
    assert_int_equal(f->down, 0);
    if (f->source)
        g_source_remove(f->source);
    g_queue_clear(&f->keys);
    g_array_unref(f->lost);
    g_string_free(f->entered, TRUE);
    g_clear_error(&f->failure);
    g_free(f);
}

static bootcmd *parsed(const char *text)
{
    g_autoptr(GError) error = NULL;
    bootcmd *command = bootcmd_parse(text, &error);
    assert_no_error(error);
    return command;
}

static void begin(struct fake *f, const bootcmd *command)
{
    struct typist_port own = port;
    own.user = f;
    f->typist = typist_start(command, &own, &brief, on_done, f);
}

static void type(struct fake *f, const char *text)
{
    g_autoptr(bootcmd) command = parsed(text);
    begin(f, command);
    while (!f->over)
        g_main_context_iteration(NULL, TRUE);
}

static void lose(struct fake *f, guint key)
{
    g_array_append_val(f->lost, key);
}

static void assert_typed(struct fake *f, const char *entered)
{
    assert_no_error(f->failure);
    assert_string_equal(f->entered->str, entered);
    fake_free(f);
}

static void assert_fails(struct fake *f, const char *text)
{
    assert_error_says(f->failure, INGOT_EXIT_INSTALL, text);
    fake_free(f);
}

/* ---- what goes well ---- */

static void all_characters(void **state)
{
    struct fake *f = fake_new();
    GString *text = g_string_new(NULL), *expected = g_string_new(NULL);
    (void)state;
    for (char c = ' '; c < 0x7f; c++) {
        g_string_append_printf(text, c == '<' ? "<lt>" : "%c", c);
        g_string_append_c(expected, c);
        if (c == 'Z') {
            g_string_append(text, "<enter>");
            g_string_append_c(expected, '|');
        }
    }
    g_string_append(text, "<enter>");
    g_string_append_c(expected, '|');
    type(f, text->str);
    assert_typed(f, expected->str);
    g_string_free(text, TRUE);
    g_string_free(expected, TRUE);
}

static void keys_and_pauses(void **state)
{
    struct fake *f = fake_new();
    gint64 began = g_get_monotonic_time();
    (void)state;
    type(f, "ab<bs>c<down><wait50ms><f12><enter>");
    assert_true(g_get_monotonic_time() - began >= 50000);
    assert_typed(f, "<ff54><ffc9>ac|");
}

static void nothing(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    type(f, "");
    assert_typed(f, "");
}

/* Longer than a line, and than the screen. */
static void scrolls(void **state)
{
    struct fake *f = fake_new();
    GString *text = g_string_new(NULL);
    (void)state;
    for (guint i = 0; i < ROWS * COLUMNS + 300; i++)
        g_string_append_c(text, (char)('a' + i % 23));
    type(f, text->str);
    assert_no_error(f->failure);
    assert_int_equal(f->pressed, text->len);
    g_string_free(text, TRUE);
    fake_free(f);
}

static void shift_held(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    type(f, "a<leftShiftOn>b1C<leftShiftOff>d<enter>");
    assert_typed(f, "aB!Cd|");
}

static void graphics(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    f->graphics = TRUE;
    lose(f, 2);
    type(f, "abc d<enter>");
    assert_typed(f, "abc d|");
}

/* ---- faults that are mended ---- */

static void lost_keys(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    lose(f, 0);
    lose(f, 3); /* the two attempts at 'c' */
    lose(f, 4);
    type(f, "abcd<enter>");
    assert_typed(f, "abcd|");
}

static void lost_blank(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    lose(f, 2);
    lose(f, 7);
    type(f, "ab cd  ef<enter>");
    assert_typed(f, "ab cd  ef|");
}

/* What mends is lost as well, once; or always. */
static void lost_backspace(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    lose(f, 2);
    f->lose_backspace = 1;
    type(f, "ab cd<enter>");
    assert_typed(f, "ab cd|");
    f = fake_new();
    lose(f, 2);
    f->lose_backspace = 100;
    type(f, "ab cd<enter>");
    assert_fails(f, "character 4: the guest loses or doubles keys at 'c'");
}

/* The guest was only slow: the character comes twice, and one goes away again. */
static void late_key(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    f->late_key = 2;
    f->late = 90;
    type(f, "abccd<enter>");
    assert_typed(f, "abccd|");
}

/* ---- faults that are not ---- */

static void wrong_layout(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    f->swap = "zy";
    type(f, "fuzzy");
    assert_int_equal(f->pressed, 3);
    assert_fails(f, "boot command, character 3: the screen shows 'y' where 'z' was typed: the "
                    "guest's keyboard layout is not the one of the boot command");
}

static void wrong_layout_at_once(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    f->swap = "/-";
    type(f, "/install");
    assert_fails(f, "the screen shows '-' where '/' was typed");
}

static void no_change(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    f->deaf = TRUE;
    type(f, "linux");
    assert_int_equal(f->pressed, 3);
    assert_fails(f, "character 1: the screen did not change after 'l' was typed 3 times");
}

static void no_change_in_graphics(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    f->deaf = f->graphics = TRUE;
    type(f, "linux");
    assert_fails(f, "the screen did not change after 'l' was typed 3 times");
}

static void port_fails(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    f->fail_at = 3;
    type(f, "<leftCtrlOn>abcdef<leftCtrlOff>");
    assert_error_says(f->failure, INGOT_EXIT_HOST, "the screen is gone");
    fake_free(f);
}

/* ---- blind ---- */

static void hidden(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    f->hides = TRUE;
    type(f, "pass");
    assert_true(strstr(f->failure->message, "<blind>") != NULL);
    assert_fails(f, "the screen shows '*' where 'p' was typed");
    f = fake_new();
    f->hides = TRUE;
    type(f, "<blind>pa s<enter><seen>");
    assert_typed(f, "****|");
    f = fake_new();
    f->deaf = TRUE;
    type(f, "<blind>pass<enter><seen>");
    assert_int_equal(f->pressed, 4);
    assert_typed(f, "");
}

/* ---- waits ---- */

static gboolean print_prompt(gpointer data)
{
    struct fake *f = data;
    print(f, "\nGuest\nboot: ");
    typist_screen_changed(f->typist);
    return G_SOURCE_REMOVE;
}

static void wait_for_screen(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    g_timeout_add(30, print_prompt, f);
    type(f, "<wait \"Guest boot:\">linux<enter>");
    assert_typed(f, "boot: linux|");
}

static gboolean serial_prompt(gpointer data)
{
    struct fake *f = data;
    static const char said[] = "\033[1mtiny\033[0m log", rest[] = "in: \r\nPass";
    typist_serial(f->typist, said, strlen(said));
    typist_serial(f->typist, rest, strlen(rest));
    return G_SOURCE_REMOVE;
}

static gboolean serial_more(gpointer data)
{
    typist_serial(((struct fake *)data)->typist, "word:", 5);
    return G_SOURCE_REMOVE;
}

/* What has been waited for is used up. */
static void wait_for_serial(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    g_timeout_add(20, serial_prompt, f);
    g_timeout_add(50, serial_more, f);
    type(f, "<wait \"tiny login:\">a<wait \"Password:\" 1s>b<enter>");
    assert_typed(f, "ab|");
    f = fake_new();
    g_timeout_add(20, serial_prompt, f);
    type(f, "<wait \"login:\">a<wait \"login:\" 50ms>b");
    assert_fails(f, "character 17: \"login:\" did not appear within 0.1 s");
}

static void wait_in_vain(void **state)
{
    struct fake *f = fake_new();
    gint64 began = g_get_monotonic_time();
    (void)state;
    print(f, "SeaBIOS\nBooting from Hard Disk...\nNo bootable device.");
    g_timeout_add(20, serial_prompt, f);
    type(f, "<wait \"login:\"><wait \"boot:\">linux");
    assert_true(g_get_monotonic_time() - began < G_USEC_PER_SEC * 10);
    assert_true(strstr(f->failure->message, "\n  Booting from Hard Disk...\n  No bootable device.\n"
                                            "the serial console ends with:\n  Pass") != NULL);
    assert_fails(f, "\"boot:\" did not appear within 0.1 s; the screen ends with:\n  SeaBIOS");
}

/* ---- cancelled in the middle ---- */

static void cancelled(void **state)
{
    struct fake *f = fake_new();
    g_autoptr(bootcmd) command = parsed("<leftCtrlOn><leftAltOn><wait \"never\"><leftAltOff>"
                                        "<leftCtrlOff>");
    (void)state;
    begin(f, command);
    while (f->down < 2)
        g_main_context_iteration(NULL, TRUE);
    g_autofree char *doing = typist_doing(f->typist);
    assert_string_equal(doing, "waiting for \"never\"");
    typist_free(g_steal_pointer(&f->typist));
    assert_int_equal(f->down, 0);
    fake_free(f);
}

static void released_on_failure(void **state)
{
    struct fake *f = fake_new();
    (void)state;
    type(f, "<leftCtrlOn><cOn><wait \"never\"><cOff><leftCtrlOff>");
    assert_int_equal(f->down, 0);
    assert_fails(f, "\"never\" did not appear");
}

static void freed_before_it_begins(void **state)
{
    struct fake *f = fake_new();
    g_autoptr(bootcmd) command = parsed("abc");
    (void)state;
    begin(f, command);
    typist_serial(f->typist, "x", 1);
    typist_screen_changed(f->typist);
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_characters),
        cmocka_unit_test(keys_and_pauses),
        cmocka_unit_test(nothing),
        cmocka_unit_test(scrolls),
        cmocka_unit_test(shift_held),
        cmocka_unit_test(graphics),
        cmocka_unit_test(lost_keys),
        cmocka_unit_test(lost_blank),
        cmocka_unit_test(lost_backspace),
        cmocka_unit_test(late_key),
        cmocka_unit_test(wrong_layout),
        cmocka_unit_test(wrong_layout_at_once),
        cmocka_unit_test(no_change),
        cmocka_unit_test(no_change_in_graphics),
        cmocka_unit_test(port_fails),
        cmocka_unit_test(hidden),
        cmocka_unit_test(wait_for_screen),
        cmocka_unit_test(wait_for_serial),
        cmocka_unit_test(wait_in_vain),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(released_on_failure),
        cmocka_unit_test(freed_before_it_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
