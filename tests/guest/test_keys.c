/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include "base/error.h"
#include "screen/screen.h"

#include <string.h>

/* Boot commands typed at a real machine, which says over serial which keys it got.  The machine is
 * a boot sector: it shows "boot: ", asks the BIOS for keys (int 0x16, function 0x10, as boot
 * loaders do), writes scan code and character of each as four hex digits on COM1, and shows
 * characters, Enter and Backspace as a prompt does.  At the labels every, from and to a test puts
 * faults in. */

#define EVERY 0xbb /* each key of so many is lost; 0: none */
#define FROM  0xbd /* this character … */
#define TO    0xbe /* … is that one: another layout */

/* clang-format off */
static const guint8 sector[512] = {
    /* start: */
    0xfa, /* cli */
    0x31, 0xc0, /* xorw %ax, %ax */
    0x8e, 0xd8, /* movw %ax, %ds */
    0x8e, 0xc0, /* movw %ax, %es */
    0x8e, 0xd0, /* movw %ax, %ss */
    0xbc, 0x00, 0x7c, /* movw $0x7c00, %sp */
    0xfb, /* sti */
    0xfc, /* cld */
    0xb8, 0x03, 0x00, /* movw $0x0003, %ax */
    0xcd, 0x10, /* int $0x10 */
    0xbe, 0xb2, 0x7c, /* movw $prompt, %si */
    /* next: */
    0xac, /* lodsb */
    0x84, 0xc0, /* testb %al, %al */
    0x74, 0x05, /* jz again */
    0xe8, 0x65, 0x00, /* call show */
    0xeb, 0xf6, /* jmp next */
    /* again: */
    0xb4, 0x10, /* movb $0x10, %ah */
    0xcd, 0x16, /* int $0x16 */
    0x80, 0x3e, 0xbb, 0x7c, 0x00, /* cmpb $0, every */
    0x74, 0x10, /* je keep */
    0xfe, 0x0e, 0xbc, 0x7c, /* decb left */
    0x75, 0x0a, /* jnz keep */
    0x8a, 0x0e, 0xbb, 0x7c, /* movb every, %cl */
    0x88, 0x0e, 0xbc, 0x7c, /* movb %cl, left */
    0xeb, 0xe5, /* jmp again */
    /* keep: */
    0x3a, 0x06, 0xbd, 0x7c, /* cmpb from, %al */
    0x75, 0x03, /* jne tell */
    0xa0, 0xbe, 0x7c, /* movb to, %al */
    /* tell: */
    0x50, /* pushw %ax */
    0x88, 0xe0, /* movb %ah, %al */
    0xe8, 0x41, 0x00, /* call hex */
    0x58, /* popw %ax */
    0xe8, 0x3d, 0x00, /* call hex */
    0x50, /* pushw %ax */
    0xb0, 0x0a, /* movb $0x0a, %al */
    0xe8, 0x4f, 0x00, /* call put */
    0x58, /* popw %ax */
    0x3c, 0xe0, /* cmpb $0xe0, %al */
    0x74, 0xc7, /* je again */
    0x3c, 0x0d, /* cmpb $0x0d, %al */
    0x74, 0x0d, /* je enter */
    0x3c, 0x08, /* cmpb $0x08, %al */
    0x74, 0x13, /* je erase */
    0x3c, 0x20, /* cmpb $0x20, %al */
    0x72, 0xbb, /* jb again */
    0xe8, 0x1b, 0x00, /* call show */
    0xeb, 0xb6, /* jmp again */
    /* enter: */
    0xe8, 0x16, 0x00, /* call show */
    0xb0, 0x0a, /* movb $0x0a, %al */
    0xe8, 0x11, 0x00, /* call show */
    0xeb, 0xac, /* jmp again */
    /* erase: */
    0xe8, 0x0c, 0x00, /* call show */
    0xb0, 0x20, /* movb $0x20, %al */
    0xe8, 0x07, 0x00, /* call show */
    0xb0, 0x08, /* movb $0x08, %al */
    0xe8, 0x02, 0x00, /* call show */
    0xeb, 0x9d, /* jmp again */
    /* show: */
    0xb4, 0x0e, /* movb $0x0e, %ah */
    0xbb, 0x07, 0x00, /* movw $0x0007, %bx */
    0xcd, 0x10, /* int $0x10 */
    0xc3, /* ret */
    /* hex: */
    0x50, /* pushw %ax */
    0xc0, 0xe8, 0x04, /* shrb $4, %al */
    0xe8, 0x09, 0x00, /* call digit */
    0x58, /* popw %ax */
    0x50, /* pushw %ax */
    0x24, 0x0f, /* andb $0x0f, %al */
    0xe8, 0x02, 0x00, /* call digit */
    0x58, /* popw %ax */
    0xc3, /* ret */
    /* digit: */
    0x04, 0x30, /* addb $0x30, %al */
    0x3c, 0x3a, /* cmpb $0x3a, %al */
    0x72, 0x02, /* jb put */
    0x04, 0x07, /* addb $0x07, %al */
    /* put: */
    0x50, /* pushw %ax */
    /* wait: */
    0xba, 0xfd, 0x03, /* movw $0x3fd, %dx */
    0xec, /* inb %dx, %al */
    0xa8, 0x20, /* testb $0x20, %al */
    0x74, 0xf8, /* jz wait */
    0x58, /* popw %ax */
    0xba, 0xf8, 0x03, /* movw $0x3f8, %dx */
    0xee, /* outb %al, %dx */
    0xc3, /* ret */
    /* prompt: */
    0x0d, 0x0a, 0x62, 0x6f, 0x6f, 0x74, 0x3a, 0x20, 0x00, /* .asciz "\r\nboot: " */
    0x00, /* every: .byte 0 */
    0x00, /* left: .byte 0 */
    0x00, /* from: .byte 0 */
    0x00, /* to: .byte 0 */
    [510] = 0x55, [511] = 0xaa,
};
/* clang-format on */

struct desk {
    struct guest *guest;
    screen *screen;
    screen_fonts *fonts;
    typist *typist;
    gsize told; /* bytes of the console that the typist knows */
    gboolean over;
    GError *failure;
    guint64 characters; /* to type in the test of that name */
};

/* ---- the desk ---- */

static void on_changed(screen *s, gpointer user)
{
    struct desk *d = user;
    (void)s;
    if (d->typist)
        typist_screen_changed(d->typist);
}

static void on_done(typist *t, const GError *failure, gpointer user)
{
    struct desk *d = user;
    assert_ptr_equal(t, d->typist);
    d->over = TRUE;
    d->failure = failure ? g_error_copy(failure) : NULL;
}

static struct desk *desk_new(guint8 every, char from, char to)
{
    g_autoptr(GError) error = NULL;
    guint8 bytes[sizeof sector];
    memcpy(bytes, sector, sizeof sector);
    bytes[EVERY] = bytes[EVERY + 1] = every;
    bytes[FROM] = (guint8)from;
    bytes[TO] = (guint8)to;
    struct desk *d = g_new0(struct desk, 1);
    d->guest = guest_new_booting(bytes);
    guest_start(d->guest);
    g_autofree char *vnc = g_build_filename(d->guest->dir, "vnc", NULL);
    const struct screen_calls calls = {.changed = on_changed, .user = d};
    d->screen = screen_open(vnc, &calls, &error);
    assert_no_error(error);
    d->fonts = screen_fonts_new();
    if (!screen_fonts_rom(d->fonts))
        print_message("# the host has no VGA BIOS: the screen is not read\n");
    return d;
}

static void desk_free(struct desk *d)
{
    GPid pid = vm_pid(d->guest->machine);
    typist_free(d->typist);
    screen_free(d->screen);
    screen_fonts_free(d->fonts);
    vm_free(g_steal_pointer(&d->guest->machine));
    guest_assert_nothing_left(d->guest, pid);
    guest_free(d->guest);
    g_clear_error(&d->failure);
    g_free(d);
}

static void tell_serial(struct desk *d)
{
    const GString *said = d->guest->said[VM_CONSOLE];
    if (said->len > d->told)
        typist_serial(d->typist, said->str + d->told, said->len - d->told);
    d->told = said->len;
}

/* What it took is printed.  limits NULL: the usual ones. */
static void type(struct desk *d, const char *text, const struct typist_limits *limits)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(bootcmd) command = bootcmd_parse(text, &error);
    assert_no_error(error);
    gint64 began = g_get_monotonic_time();
    struct typist_port port = screen_typist_port(d->screen, d->fonts);
    d->over = FALSE;
    d->typist = typist_start(command, &port, limits, on_done, d);
    while (!d->over) {
        g_main_context_iteration(NULL, TRUE);
        tell_serial(d);
    }
    double seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    g_clear_pointer(&d->typist, typist_free);
    print_message("# %" G_GSIZE_FORMAT " steps in %.1f s\n", command->count, seconds);
}

static gboolean has_lines(const struct guest *g, const char *lines)
{
    gsize count = 0;
    for (const char *p = g->said[VM_CONSOLE]->str; *p; p++)
        count += *p == '\n';
    return count >= (gsize)g_ascii_strtoull(lines, NULL, 10);
}

/* The keys that the guest got since it was asked last, "1E61 1C0D "; waits for so many. */
static char *keys(struct desk *d, gsize count)
{
    g_autofree char *lines = g_strdup_printf("%" G_GSIZE_FORMAT, count);
    guest_wait(d->guest, has_lines, lines);
    char *text = g_strdelimit(g_strdup(d->guest->said[VM_CONSOLE]->str), "\n", ' ');
    g_string_truncate(d->guest->said[VM_CONSOLE], 0);
    d->told = 0;
    return text;
}

/* The text on the line that these keys make. */
static char *typed_text(const char *codes)
{
    g_auto(GStrv) list = g_strsplit(codes, " ", -1);
    GString *out = g_string_new(NULL);
    for (char **code = list; *code; code++) {
        guint64 key = g_ascii_strtoull(*code, NULL, 16) & 0xff;
        if (key == 8 && out->len)
            g_string_truncate(out, out->len - 1);
        else if (key == 13)
            g_string_append_c(out, '\n');
        else if (key >= ' ' && key < 0x7f)
            g_string_append_c(out, (char)key);
    }
    return g_string_free(out, FALSE);
}

/* ---- the tests ---- */

/* One desk for the tests that leave it as it was; made by the first that runs, which can skip. */
struct shared {
    struct desk *desk;
    guint64 characters;
};

static struct desk *shared(void **state)
{
    struct shared *s = *state;
    if (!s->desk) {
        s->desk = desk_new(0, 0, 0);
        s->desk->characters = s->characters;
    }
    return s->desk;
}

/* What does not come does not come: so the faults here cost less time than those of others. */
static struct typist_limits patient_for(guint milliseconds)
{
    struct typist_limits limits = typist_usual_limits;
    limits.echo = milliseconds;
    limits.settle = milliseconds / 2;
    limits.move = 150;
    return limits;
}

/* Each key with a name is the right one; codes: SeaBIOS src/kbd.c, scan_to_keycode; the set is that
 * of IBM's enhanced keyboard.  The Super and Menu keys and lone modifiers say nothing in a BIOS. */
static void named_keys(void **state)
{
    struct desk *d = shared(state);
    static const char command[] =
        "<wait \"boot:\" 1m><esc><tab><del><spacebar><bs><lt><bs><up><down><left><right><insert>"
        "<home><end><pageUp><pageDown><f1><f2><f3><f4><f5><f6><f7><f8><f9><f10><f11><f12>"
        "<leftSuper><rightSuper><menu><leftCtrl><rightCtrl><leftShift><rightShift><leftAlt>"
        "<rightAlt><leftCtrlOn>c<leftCtrlOff><rightCtrlOn>c<rightCtrlOff><leftAltOn>x<leftAltOff>"
        "<rightAltOn><f1><rightAltOff><leftShiftOn>a1<tab><leftShiftOff><rightShiftOn>b"
        "<rightShiftOff>c<enter><return>";
    static const char expected[] =
        "011B 0F09 53E0 3920 0E08 333C 0E08 48E0 50E0 4BE0 4DE0 52E0 "
        "47E0 4FE0 49E0 51E0 3B00 3C00 3D00 3E00 3F00 4000 4100 4200 4300 4400 8500 8600 "
        "2E03 2E03 2D00 6800 1E41 0221 0F00 3042 2E63 1C0D 1C0D ";
    struct typist_limits limits = patient_for(10000);
    type(d, command, &limits);
    assert_no_error(d->failure);
    g_autofree char *got = keys(d, strlen(expected) / 5);
    assert_string_equal(got, expected);
}

/* All printable characters, again and again, in lines of a length that comes by every column. */
static void characters(void **state)
{
    struct desk *d = shared(state);
    guint64 count = d->characters;
    GString *text = g_string_new(NULL), *expected = g_string_new(NULL);
    for (guint i = 0; i < count; i++) {
        char c = (char)(' ' + (i * 7 + i / 95) % 95);
        g_string_append_printf(text, c == '<' ? "<lt>" : "%c", c);
        g_string_append_c(expected, c);
        if (i % 131 == 130) {
            g_string_append(text, "<enter>");
            g_string_append_c(expected, '\n');
        }
    }
    type(d, text->str, NULL);
    assert_no_error(d->failure);
    g_autofree char *codes = keys(d, expected->len);
    g_autofree char *got = typed_text(codes);
    assert_int_equal(strlen(codes), expected->len * 5);
    assert_string_equal(got, expected->str);
    g_string_free(text, TRUE);
    g_string_free(expected, TRUE);
}

/* A guest that loses each seventh key, Backspace too. */
static void lost_keys(void **state)
{
    static const char line[] = "linux /install.amd/vmlinuz  auto=true a b c";
    g_autofree char *command = g_strconcat("<wait \"boot:\" 1m>", line, NULL);
    struct desk *d = desk_new(7, 0, 0);
    struct typist_limits limits = patient_for(700);
    (void)state;
    type(d, command, &limits);
    assert_no_error(d->failure);
    g_autofree char *codes = keys(d, strlen(line));
    g_autofree char *got = typed_text(codes);
    assert_string_equal(got, line);
    desk_free(d);
}

static void other_layout(void **state)
{
    struct desk *d = desk_new(0, 'z', 'y');
    (void)state;
    type(d, "<wait \"boot:\" 1m>vmlinuz", NULL);
    assert_error_says(d->failure, INGOT_EXIT_INSTALL,
                      "the screen shows 'y' where 'z' was typed: the guest's keyboard layout");
    desk_free(d);
}

/* Nothing is there that takes keys: the machine stands still. */
static void nobody_there(void **state)
{
    struct desk *d = shared(state);
    struct typist_limits limits = patient_for(500);
    g_autoptr(GError) error = NULL;
    type(d, "x<leftCtrlOn><wait \"never said\" 1s><leftCtrlOff>", &limits);
    assert_error_says(d->failure, INGOT_EXIT_INSTALL, "\"never said\" did not appear within 1.0 s");
    g_clear_error(&d->failure);
    /* Ctrl is up again. */
    type(d, "c<enter><wait \"2E63 1C0D\" 1m>", NULL); /* said over serial only */
    assert_no_error(d->failure);
    g_autofree char *got = keys(d, 3);
    assert_string_equal(got, "2D78 2E63 1C0D ");
}

int main(int argc, char **argv)
{
    struct shared s = {.characters = argc > 1 ? g_ascii_strtoull(argv[1], NULL, 10) : 475};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(named_keys, &s),
        cmocka_unit_test_prestate(characters, &s),
        cmocka_unit_test_prestate(nobody_there, &s),
        cmocka_unit_test(other_layout),
        cmocka_unit_test(lost_keys),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (s.desk)
        desk_free(s.desk);
    return failed;
}
