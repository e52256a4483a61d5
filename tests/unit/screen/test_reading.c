/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "painted.h"

#include "base/error.h"
#include "base/files.h"

#include <glib/gstdio.h>
#include <string.h>

static void assert_reads(const struct painted *p, const char *text)
{
    struct screen_reading r;
    g_autofree char *got = painted_read(p, &r);
    if (!r.readable)
        fail_msg("not readable: %u of %u cells match", r.matched, r.shown);
    assert_string_equal(got, text);
}

static void assert_unreadable(const struct painted *p)
{
    struct screen_reading r;
    g_autofree char *got = painted_read(p, &r);
    if (r.readable)
        fail_msg("read as %s: %s", r.font, got);
    assert_string_equal(got, "");
}

/* Every size of text mode; trailing blanks and empty lines are cut, leading ones stay. */
static void text_modes(void **state)
{
    (void)state;
    static const struct {
        guint width, height, cell, glyph;
        const char *font;
        guint columns, rows;
    } modes[] = {
        {720, 400, 9, 16, "VGA 9x16", 80, 25},  {640, 400, 8, 16, "VGA 8x16", 80, 25},
        {640, 480, 8, 16, "VGA 8x16", 80, 30},  {360, 400, 9, 16, "VGA 9x16", 40, 25},
        {640, 350, 8, 14, "VGA 8x14", 80, 25},  {720, 350, 9, 14, "VGA 9x14", 80, 25},
        {640, 400, 8, 8, "VGA 8x8", 80, 50},    {720, 400, 9, 8, "VGA 9x8", 80, 50},
        {800, 600, 8, 16, "VGA 8x16", 100, 37},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        struct painted *p =
            painted_new(modes[i].width, modes[i].height, modes[i].cell, modes[i].glyph);
        struct screen_reading r;
        painted_text(p, 0, 1, "No bootable device.   ");
        painted_text(p, 30, 3, "|last|");
        g_autofree char *got = painted_read(p, &r);
        assert_string_equal(got, "\nNo bootable device.\n\n"
                                 "                              |last|");
        assert_true(r.readable);
        assert_string_equal(r.font, modes[i].font);
        assert_int_equal(r.columns, modes[i].columns);
        assert_int_equal(r.rows, modes[i].rows);
        assert_int_equal(r.shown, r.matched);
        assert_int_equal(r.shown, 17 + 6);
        painted_free(p);
    }
}

/* All of code page 437 but what is blank, in cells of both widths. */
static void code_page(void **state)
{
    (void)state;
    static const char whole[] = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼ !\"#$%&'()*+,-./0123456789:;<=>?"
                                "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~⌂"
                                "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»"
                                "░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌ ▄▌▐▀"
                                "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■";
    for (guint cell = 8; cell <= 9; cell++) {
        struct painted *p = painted_new(80 * cell, 400, cell, 16);
        for (guint code = 0; code < 256; code++)
            if (code != 0xdb) /* a full block cannot be told from paper of its colour */
                painted_put(p, code % 64, code / 64, (guint8)code, GREY, BLACK);
        g_autofree char *text = painted_read(p, NULL);
        g_autoptr(GString) joined = g_string_new(text);
        g_string_replace(joined, "\n", "", 0);
        assert_string_equal(joined->str, whole);
        painted_free(p);
    }
}

static void colours(void **state)
{
    (void)state;
    static const char line[] = "Install  Advanced options: $100 {a|b} ~";
    static const guint32 pairs[][2] = {{0xffffff, 0xa80000},
                                       {BLACK, GREY},
                                       {0x5454fc, 0x0000a8},
                                       {0x000001, 0x000000},
                                       {0xfcfc54, 0x54fc54}};
    struct painted *p = painted_new(720, 400, 9, 16);
    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
        for (guint j = 0; line[j]; j++)
            painted_put(p, j, i, (guint8)line[j], pairs[i][0], pairs[i][1]);
    g_autofree char *five = g_strdup_printf("%s\n%s\n%s\n%s\n%s", line, line, line, line, line);
    assert_reads(p, five);
    painted_free(p);
    /* All of the screen in inverse video, and half blocks on it. */
    p = painted_new(720, 400, 9, 16);
    painted_fill(p, 0, 0, 720, 400, GREY);
    painted_put(p, 0, 0, 0xdc, BLACK, GREY);
    painted_put(p, 1, 0, 0xdf, BLACK, GREY);
    painted_put(p, 2, 0, 0xdd, BLACK, GREY);
    painted_put(p, 3, 0, 'g', BLACK, GREY);
    assert_reads(p, "▄▀▌g");
    painted_free(p);
}

/* On a blank cell and on a letter: an underline, a block, a band in changed colours (Linux). */
static void cursor(void **state)
{
    (void)state;
    struct painted *p = painted_new(720, 400, 9, 16);
    painted_text(p, 0, 0, "boot: inst");
    painted_fill(p, 10 * 9, 13, 9, 2, GREY);
    assert_reads(p, "boot: inst");
    painted_text(p, 10, 0, "  ");
    painted_fill(p, 8 * 9, 13, 9, 2, GREY); /* under the s */
    assert_reads(p, "boot: inst");
    painted_fill(p, 10 * 9, 0, 9, 16, GREY);
    painted_text(p, 8, 0, "s");
    assert_reads(p, "boot: inst");
    painted_put(p, 9, 0, 't', BLACK, GREY);
    assert_reads(p, "boot: inst");
    for (guint y = 14; y < 16; y++)
        for (guint x = 0; x < 9; x++)
            p->pixels[y * 720 + x] ^= GREY;
    assert_reads(p, "boot: inst");
    painted_free(p);
}

/* One cell in fifty may be something else, no more; never by more cursors than one. */
static void share(void **state)
{
    (void)state;
    struct painted *p = painted_new(720, 400, 9, 16);
    for (guint i = 0; i < 150; i++)
        painted_text(p, i % 75, i / 75, i % 3 ? "M" : "-");
    for (guint i = 0; i < 4; i++)
        painted_fill(p, i * 9 + 2, 4 * 16 + 3, 3, 3, 0x123456 + i);
    struct screen_reading r;
    g_autofree char *text = painted_read(p, &r);
    assert_true(!r.readable && !*text);
    painted_fill(p, 2, 4 * 16 + 3, 3, 3, BLACK);
    g_autofree char *now = painted_read(p, &r);
    assert_true(r.readable);
    assert_int_equal(r.shown - r.matched, 3);
    assert_true(g_str_has_suffix(now, "\n\n\n ���"));
    painted_free(p);
}

/* Text beside a picture, as firmware has it: read, but the screen is no text. */
static void logo(void **state)
{
    (void)state;
    struct painted *p = painted_new(1280, 800, 8, 16);
    for (guint i = 0; i < 400; i++)
        painted_fill(p, 483 + i % 200, 131 + i % 100, 300, 1 + i % 7, 0xffff00 + i);
    painted_text(p, 2, 40, "Press any key");
    struct screen_reading r;
    g_autofree char *text = painted_read(p, &r);
    assert_false(r.readable);
    assert_true(r.matched >= 11 && r.matched < r.shown / 2);
    assert_true(g_str_has_suffix(text, "\n  Press any key"));
    painted_free(p);
}

static void graphics(void **state)
{
    (void)state;
    struct painted *p = painted_new(1280, 800, 8, 16);
    painted_noise(p, 1);
    assert_unreadable(p);
    /* Two colours only. */
    for (guint i = 0; i < 1280 * 800; i++)
        p->pixels[i] = p->pixels[i] & 0x100 ? GREY : BLACK;
    assert_unreadable(p);
    painted_fill(p, 0, 0, 1280, 800, 0x003366); /* a desktop with a window */
    for (guint i = 0; i < 300; i++)
        painted_fill(p, 101 + i, 103, 1, 217, 0x400000 + i);
    assert_unreadable(p);
    /* Text, but half a cell beside its place. */
    painted_fill(p, 0, 0, 1280, 800, BLACK);
    p->left = 3;
    p->top = 5;
    painted_text(p, 0, 0, "No bootable device.");
    assert_unreadable(p);
    painted_free(p);
}

struct glyph {
    guint16 code;
    guint8 rows[19];
};

static const struct glyph edk2[] = {
#include "screen/edk2_glyphs.inc"
};

static const struct glyph grub[] = {
#include "screen/grub_glyphs.inc"
};

static const struct glyph linux_8x16[] = {
#include "screen/linux_glyphs.inc"
};

static void put_glyph(struct painted *p, guint x, guint y, const struct glyph *glyph, guint height,
                      gboolean turned)
{
    for (guint i = 0; i < height * 8; i++)
        p->pixels[(gsize)(y + i / 8) * p->frame.width + x + i % 8] =
            (glyph->rows[i / 8] >> (7 - i % 8) & 1) != turned ? GREY : BLACK;
}

static void put_edk2(struct painted *p, guint x, guint y, char letter)
{
    for (gsize n = 0; n < G_N_ELEMENTS(edk2); n++)
        if (edk2[n].code == letter)
            put_glyph(p, x, y, &edk2[n], 19, FALSE);
}

/* GRUB's menu: its letters, some in changed colours, ten pixels from the corner. */
static void grub_menu(void **state)
{
    (void)state;
    struct painted *p = painted_new(1024, 768, 8, 16);
    g_autoptr(GString) want = g_string_new(NULL);
    for (guint n = 0; n < G_N_ELEMENTS(grub); n++) {
        if (n && n % 100 == 0)
            g_string_append_c(want, '\n');
        put_glyph(p, 10 + n % 100 * 8, 10 + n / 100 * 16, &grub[n], 16, n < 100);
        /* A full block cannot be told from paper of its colour. */
        g_string_append_unichar(want, grub[n].code == 0x2588 ? ' ' : grub[n].code);
    }
    struct screen_reading r;
    g_autofree char *text = painted_read(p, &r);
    assert_string_equal(text, want->str);
    assert_string_equal(r.font, "GRUB 8x16");
    assert_int_equal(r.matched, G_N_ELEMENTS(grub) - 1);
    painted_free(p);
}

/* In the middle of the screen, in modes with odd and even numbers of columns and rows; with a
 * cursor as EDK2 has it. */
static void uefi(void **state)
{
    (void)state;
    static const struct {
        guint width, height, columns, rows;
    } modes[] = {{800, 600, 80, 25},   {800, 600, 100, 31},  {1280, 800, 80, 25},
                 {1280, 800, 160, 42}, {1280, 800, 100, 31}, {1024, 768, 128, 40},
                 {1366, 768, 170, 40}, {1366, 768, 80, 25},  {1920, 1080, 240, 56}};
    static const char *const lines[] = {"UEFI Interactive Shell v2.2", "Shell> "};
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        struct painted *p = painted_new(modes[i].width, modes[i].height, 8, 16);
        guint left = (modes[i].width - 8 * modes[i].columns) / 2;
        guint top = (modes[i].height - 19 * modes[i].rows) / 2;
        for (guint row = 0; row < G_N_ELEMENTS(lines); row++)
            for (guint j = 0; lines[row][j]; j++)
                put_edk2(p, left + 8 * j, top + 19 * row, lines[row][j]);
        painted_fill(p, left + 7 * 8, top + 19 + 16, 8, 2, GREY);
        struct screen_reading r;
        g_autofree char *text = painted_read(p, &r);
        assert_string_equal(text, "UEFI Interactive Shell v2.2\nShell>");
        assert_string_equal(r.font, "EDK2 8x19");
        painted_free(p);
    }
}

/* Letters as Linux draws them on a frame buffer, between those of the ROM that it has too. */
static void frame_buffer(void **state)
{
    (void)state;
    struct painted *p = painted_new(1280, 800, 8, 16);
    g_autoptr(GString) want = g_string_new("login:");
    painted_text(p, 0, 0, "login:");
    for (guint n = 0; n < G_N_ELEMENTS(linux_8x16); n++) {
        memcpy(p->rom, linux_8x16[n].rows, 16);
        painted_put(p, 6 + n, 0, 0, GREY, BLACK);
        g_string_append_unichar(want, linux_8x16[n].code);
    }
    assert_true(strstr(want->str, "0MTVWXYZ`fmvwx|~") != NULL);
    assert_reads(p, want->str);
    painted_free(p);
}

static void empty(void **state)
{
    (void)state;
    struct painted *p = painted_new(720, 400, 9, 16);
    assert_reads(p, "");
    painted_fill(p, 0, 0, 720, 400, 0x112233);
    assert_reads(p, "");
    painted_free(p);
    g_autoptr(screen_fonts) fonts = screen_fonts_new();
    const struct screen_frame none = {0};
    struct screen_reading r;
    g_autofree char *text = screen_text(&none, fonts, &r);
    assert_true(!r.readable && !*text);
}

/* Sizes that no mode has: nothing outside of the frame is looked at (the sanitizers see it). */
static void odd_sizes(void **state)
{
    (void)state;
    static const guint sizes[][2] = {{1, 1},    {7, 8},    {8, 7},     {9, 16},    {8, 19},
                                     {1, 8192}, {8192, 1}, {721, 401}, {1366, 767}};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        struct painted *p = painted_new(sizes[i][0], sizes[i][1], 8, 16);
        painted_noise(p, (guint32)i);
        g_autofree char *text = painted_read(p, NULL);
        assert_non_null(text);
        painted_free(p);
    }
}

static void no_fonts(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(screen_fonts) fonts = screen_fonts_new();
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("romXXXXXX", &path, NULL);
    assert_true(fd >= 0 && files_write_all(fd, "no font", 7));
    assert_false(screen_fonts_add_rom(fonts, path, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "there is no font in");
    /* A table that the file does not hold whole. */
    char begun[32] = {0};
    memcpy(begun + 18, "\x7e\x81\xa5\x81\x81\xbd\x99\x81\x81\x7e", 10);
    assert_true(files_write_all(fd, begun, sizeof begun));
    g_clear_error(&error);
    assert_false(screen_fonts_add_rom(fonts, path, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "there is no font in");
    files_unlock(fd);
    assert_int_equal(g_remove(path), 0);
    g_clear_error(&error);
    assert_false(screen_fonts_add_rom(fonts, path, &error));
    assert_non_null(error);
}

/* A screen is read in less than these, on an idle host by far; with the sanitizers it takes about
 * ten times as long. */
static void quick(void **state)
{
    (void)state;
    static const struct {
        guint width, height, cell;
        gint64 limit_us;
    } sizes[] = {{720, 400, 9, 20000}, {1280, 800, 8, 100000}};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        struct painted *p = painted_new(sizes[i].width, sizes[i].height, sizes[i].cell, 16);
        for (guint at = 0; at < 80 * 25; at++)
            painted_put(p, at % 80, at / 80, (guint8)(33 + at % 94), GREY, BLACK);
        g_autoptr(screen_fonts) fonts = screen_fonts_new();
        gint64 best = G_MAXINT64;
        for (int n = 0; n < 5; n++) {
            gint64 from = g_get_monotonic_time();
            g_autofree char *text = screen_text(&p->frame, fonts, NULL);
            best = MIN(best, g_get_monotonic_time() - from);
            assert_true(strlen(text) > 2000);
        }
        print_message("# %ux%u: %d us\n", sizes[i].width, sizes[i].height, (int)best);
        assert_true(best < 10 * sizes[i].limit_us);
        painted_noise(p, 7);
        gint64 from = g_get_monotonic_time();
        g_autofree char *text = screen_text(&p->frame, fonts, NULL);
        print_message("# noise: %d us\n", (int)(g_get_monotonic_time() - from));
        painted_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_modes),   cmocka_unit_test(code_page), cmocka_unit_test(colours),
        cmocka_unit_test(cursor),       cmocka_unit_test(share),     cmocka_unit_test(graphics),
        cmocka_unit_test(logo),         cmocka_unit_test(uefi),      cmocka_unit_test(grub_menu),
        cmocka_unit_test(frame_buffer), cmocka_unit_test(empty),     cmocka_unit_test(odd_sizes),
        cmocka_unit_test(no_fonts),     cmocka_unit_test(quick)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
