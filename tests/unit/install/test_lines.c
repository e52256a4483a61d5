/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/lines.h"
#include "install/matcher.h"

#include <string.h>

static void on_line(const char *line, gpointer user)
{
    g_string_append_printf(user, "[%s]", line);
}

static char *split(const char *text, gsize length, gsize step)
{
    GString *out = g_string_new(NULL);
    lines *l = lines_new(on_line, out);
    for (gsize i = 0; i < length; i += step)
        lines_feed(l, text + i, MIN(step, length - i));
    g_autofree char *rest = lines_partial(l);
    if (rest)
        g_string_append_printf(out, "(%s)", rest);
    lines_free(l);
    return g_string_free(out, FALSE);
}

/* However the bytes come in pieces. */
static void pieces(void **state)
{
    (void)state;
    static const char text[] = "one\r\ntwo\n\n  10%\r  20%\rPrompt: ";
    for (gsize step = 1; step < sizeof text; step++) {
        g_autofree char *got = split(text, sizeof text - 1, step);
        assert_string_equal(got, "[one][two][  10%][  20%](Prompt: )");
    }
}

static void hostile(void **state)
{
    (void)state;
    static const char text[] = "\033[1;31mred\033[0m\n\xff\xfe\n\0x\n\033[\n";
    g_autofree char *got = split(text, sizeof text - 1, 3);
    assert_true(g_utf8_validate(got, -1, NULL));
    assert_non_null(strstr(got, "[red]"));
    assert_null(strchr(got, '\033'));
}

static void long_line(void **state)
{
    (void)state;
    g_autofree char *text = g_strnfill(100000, 'a');
    g_autofree char *got = split(text, 100000, 7);
    assert_int_equal(strlen(got), LINES_LIMIT + 2);
    text[99999] = '\n';
    g_autofree char *whole = split(text, 100000, 4096);
    assert_int_equal(strlen(whole), LINES_LIMIT + 2);
}

/* ---- what they mean ---- */

static const struct os_phase phases[] = {{"Menu item '([a-z-]+)' selected", "some item", FALSE},
                                         {"base", "base system", FALSE},
                                         {"off$", "power-off", TRUE},
                                         {NULL, NULL, FALSE}};
static const struct os_failure failures[] = {
    {"step '(\\S+)' failed: (.*)", "the step \\1 failed (\\2)", "look at it"}, {NULL, NULL, NULL}};
static const struct os_failure reasons[] = {{"no package (\\S+)", "\\1 is not there", NULL},
                                            {NULL, NULL, NULL}};
static const struct os_failure console[] = {{"Prompt: $", "it asks", NULL}, {NULL, NULL, NULL}};

static void meaning(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    const struct matcher_lists lists = {phases, failures, console, reasons};
    g_autoptr(matcher) m = matcher_new(&lists, &error);
    struct match match;
    assert_no_error(error);
    assert_string_equal(matcher_phase(m, "Menu item 'base-x' selected")->phase, "some item");
    assert_string_equal(matcher_phase(m, "the base")->phase, "base system");
    assert_true(matcher_phase(m, "going off")->final);
    assert_null(matcher_phase(m, "nothing"));
    assert_true(matcher_log(m, "x: step 'grub' failed: no disk", &match));
    assert_string_equal(match.cause, "the step grub failed (no disk)");
    assert_string_equal(match.remedy, "look at it");
    g_free(match.cause);
    assert_false(matcher_log(m, "Prompt: ", &match));
    assert_true(matcher_console(m, "Prompt: ", &match));
    g_free(match.cause);
    assert_false(matcher_console(m, "Prompt: yes", &match));
    assert_true(matcher_reason(m, "E: no package vim", &match));
    assert_string_equal(match.cause, "vim is not there");
    g_free(match.cause);
    assert_false(matcher_log(m, "E: no package vim", &match));
}

/* What the guest says cannot become part of how the cause is made. */
static void references(void **state)
{
    (void)state;
    const struct matcher_lists lists = {.log = failures};
    g_autoptr(matcher) m = matcher_new(&lists, NULL);
    struct match match;
    assert_true(matcher_log(m, "step '\\2' failed: \\1\\g<9>", &match));
    assert_string_equal(match.cause, "the step \\2 failed (\\1\\g<9>)");
    g_free(match.cause);
}

/* Without any list a panic is still one. */
static void panic(void **state)
{
    (void)state;
    const struct matcher_lists none = {0};
    g_autoptr(matcher) m = matcher_new(&none, NULL);
    struct match match;
    assert_true(matcher_console(m, "[ 1.0] Kernel panic - not syncing: VFS: no root", &match));
    assert_string_equal(match.cause, "the guest's kernel panicked: VFS: no root");
    g_free(match.cause);
    assert_null(matcher_phase(m, "x"));
    assert_false(matcher_log(m, "x", &match));
}

static void bad_pattern(void **state)
{
    (void)state;
    static const struct os_failure bad[] = {{"(", "x", NULL}, {NULL, NULL, NULL}};
    static const struct os_phase bad_phase[] = {{"[", "x", FALSE}, {NULL, NULL, FALSE}};
    const struct matcher_lists wrong[] = {
        {.log = bad}, {.console = bad}, {.reasons = bad}, {.phases = bad_phase}};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(matcher_new(&wrong[i], &error));
        assert_error_says(error, INGOT_EXIT_FAILURE,
                          wrong[i].phases ? "invalid pattern \"[\"" : "invalid pattern \"(\"");
    }
}

/* Where a guest may end without any installer being at fault. */
static void dead_ends(void **state)
{
    (void)state;
    static const struct {
        const char *text, *cause; /* NULL: it goes on */
    } ends[] = {
        {"You are in emergency mode. After logging in,", "the guest is in its emergency shell"},
        {"Give root password for maintenance\n(or press Control-D to continue): ",
         "the guest is in its emergency shell"},
        {"ALERT!  /dev/vda1 does not exist.\n(initramfs) ",
         "the guest's initramfs gave up and started a shell"},
        {"dracut:/# ", "the guest's initramfs gave up and started a shell"},
        {"grub rescue> ", "the boot loader stopped at its own prompt"},
        {"GNU GRUB\ngrub> ", "the boot loader stopped at its own prompt"},
        {"Booting from Hard Disk...\nNo bootable device.", "the firmware found no bootable device"},
        {"BdsDxe: No bootable option or device was found.",
         "the firmware found no bootable device"},
        {"startup.nsh, any other key to continue.\nShell> ",
         "the firmware found nothing to boot and has started its own shell"},
        {"Setting up grub> now", NULL},
        {"the package shell> is set up", NULL},
        {"Setting up initramfs-tools (initramfs) ...", NULL},
    };
    const struct matcher_lists none = {0};
    g_autoptr(matcher) m = matcher_new(&none, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        struct match match = {0};
        assert_int_equal(matcher_console(m, ends[i].text, &match), ends[i].cause != NULL);
        if (ends[i].cause)
            assert_string_equal(match.cause, ends[i].cause);
        g_free(match.cause);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pieces),     cmocka_unit_test(hostile),
                                       cmocka_unit_test(long_line),  cmocka_unit_test(meaning),
                                       cmocka_unit_test(panic),      cmocka_unit_test(bad_pattern),
                                       cmocka_unit_test(references), cmocka_unit_test(dead_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
