/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/fonts.h"

#include "base/error.h"
#include "base/files.h"

#include <string.h>

/* A VGA BIOS is 40 KiB; an option ROM has at most 255 blocks of 512 bytes (PCI Firmware 3.2,
 * 5.1.1). */
#define ROM_LIMIT (255u * 512u)
#define SLOTS     2048u /* some times the glyphs of a font */

struct screen_fonts {
    GPtrArray *list;
    char *rom;
};

/* Code page 437 with its pictures for the control characters, in Unicode (unicode.org, CP437.TXT
 * and IBMGRAPH.TXT). */
static const guint16 cp437[256] = {
    0x0020, 0x263a, 0x263b, 0x2665, 0x2666, 0x2663, 0x2660, 0x2022, 0x25d8, 0x25cb, 0x25d9, 0x2642,
    0x2640, 0x266a, 0x266b, 0x263c, 0x25ba, 0x25c4, 0x2195, 0x203c, 0x00b6, 0x00a7, 0x25ac, 0x21a8,
    0x2191, 0x2193, 0x2192, 0x2190, 0x221f, 0x2194, 0x25b2, 0x25bc, 0x0020, 0x0021, 0x0022, 0x0023,
    0x0024, 0x0025, 0x0026, 0x0027, 0x0028, 0x0029, 0x002a, 0x002b, 0x002c, 0x002d, 0x002e, 0x002f,
    0x0030, 0x0031, 0x0032, 0x0033, 0x0034, 0x0035, 0x0036, 0x0037, 0x0038, 0x0039, 0x003a, 0x003b,
    0x003c, 0x003d, 0x003e, 0x003f, 0x0040, 0x0041, 0x0042, 0x0043, 0x0044, 0x0045, 0x0046, 0x0047,
    0x0048, 0x0049, 0x004a, 0x004b, 0x004c, 0x004d, 0x004e, 0x004f, 0x0050, 0x0051, 0x0052, 0x0053,
    0x0054, 0x0055, 0x0056, 0x0057, 0x0058, 0x0059, 0x005a, 0x005b, 0x005c, 0x005d, 0x005e, 0x005f,
    0x0060, 0x0061, 0x0062, 0x0063, 0x0064, 0x0065, 0x0066, 0x0067, 0x0068, 0x0069, 0x006a, 0x006b,
    0x006c, 0x006d, 0x006e, 0x006f, 0x0070, 0x0071, 0x0072, 0x0073, 0x0074, 0x0075, 0x0076, 0x0077,
    0x0078, 0x0079, 0x007a, 0x007b, 0x007c, 0x007d, 0x007e, 0x2302, 0x00c7, 0x00fc, 0x00e9, 0x00e2,
    0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea, 0x00eb, 0x00e8, 0x00ef, 0x00ee, 0x00ec, 0x00c4, 0x00c5,
    0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9, 0x00ff, 0x00d6, 0x00dc, 0x00a2,
    0x00a3, 0x00a5, 0x20a7, 0x0192, 0x00e1, 0x00ed, 0x00f3, 0x00fa, 0x00f1, 0x00d1, 0x00aa, 0x00ba,
    0x00bf, 0x2310, 0x00ac, 0x00bd, 0x00bc, 0x00a1, 0x00ab, 0x00bb, 0x2591, 0x2592, 0x2593, 0x2502,
    0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b, 0x2510,
    0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f, 0x255a, 0x2554, 0x2569, 0x2566,
    0x2560, 0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256b,
    0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580, 0x03b1, 0x00df, 0x0393, 0x03c0,
    0x03a3, 0x03c3, 0x00b5, 0x03c4, 0x03a6, 0x0398, 0x03a9, 0x03b4, 0x221e, 0x03c6, 0x03b5, 0x2229,
    0x2261, 0x00b1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00f7, 0x2248, 0x00b0, 0x2219, 0x00b7, 0x221a,
    0x207f, 0x00b2, 0x25a0, 0x0020,
};

/* ---- the table of a font ---- */

static guint hash(const struct font_bits *bits)
{
    guint64 value = 0;
    for (guint i = 0; i < FONT_HIGHEST; i++)
        value = (value ^ bits->rows[i]) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
    return (guint)(value >> 40) % SLOTS;
}

static guint fonts_slot_of(const struct font *f, const struct font_bits *bits)
{
    guint slot = hash(bits);
    while (f->slots[slot] &&
           memcmp(&g_array_index(f->glyphs, struct font_glyph, f->slots[slot] - 1).bits, bits,
                  sizeof *bits) != 0)
        slot = (slot + 1) % SLOTS;
    return slot;
}

guint16 font_find(const struct font *f, const struct font_bits *bits)
{
    guint at = f->slots[fonts_slot_of(f, bits)];
    return at ? g_array_index(f->glyphs, struct font_glyph, at - 1).code : 0;
}

/* The first of those that look the same stays; what is blank is no glyph. */
static void add_glyph(struct font *f, const struct font_bits *bits, guint16 code)
{
    static const struct font_bits blank;
    guint slot = fonts_slot_of(f, bits);
    if (f->slots[slot] || f->glyphs->len >= SLOTS / 2 || memcmp(bits, &blank, sizeof blank) == 0)
        return;
    const struct font_glyph glyph = {.bits = *bits, .code = code};
    g_array_append_val(f->glyphs, glyph);
    f->slots[slot] = (guint16)f->glyphs->len;
}

static struct font *font_new(const char *name, guint width, guint height)
{
    struct font *f = g_new0(struct font, 1);
    f->name = name;
    f->width = width;
    f->height = height;
    f->glyphs = g_array_new(FALSE, FALSE, sizeof(struct font_glyph));
    f->slots = g_new0(guint16, SLOTS);
    return f;
}

static void font_free(gpointer data)
{
    struct font *f = data;
    g_array_unref(f->glyphs);
    g_free(f->slots);
    g_free(f);
}

/* A row of a font has its first pixel in the highest bit. */
static guint16 mirrored(guint8 row)
{
    guint16 bits = 0;
    for (guint i = 0; i < 8; i++)
        bits |= (guint16)((row >> (7 - i) & 1u) << i);
    return bits;
}

/* ---- the font of UEFI firmware ---- */

struct measured {
    guint16 code;
    guint8 rows[FONT_HIGHEST];
};

/* It is compressed in the firmware's image, so it cannot be read from the host's. */
static const struct measured edk2_glyphs[] = {
#include "screen/edk2_glyphs.inc"
};

static void add_measured(struct font *f, const struct measured *table, guint count)
{
    for (guint n = 0; n < count; n++) {
        struct font_bits bits = {{0}};
        for (guint i = 0; i < f->height; i++)
            bits.rows[i] = mirrored(table[n].rows[i]);
        add_glyph(f, &bits, table[n].code);
    }
}

static struct font *edk2_font(void)
{
    struct font *f = font_new("EDK2 8x19", 8, FONT_HIGHEST);
    f->centred = TRUE;
    add_measured(f, edk2_glyphs, G_N_ELEMENTS(edk2_glyphs));
    return f;
}

/* ---- the font of GRUB ---- */

static const struct measured grub_glyphs[] = {
#include "screen/grub_glyphs.inc"
};

/* Of its graphical terminal, which most distributions have: unicode.pf2, GNU Unifont.  Ten pixels
 * around it (GRUB, term/gfxterm.c, DEFAULT_BORDER_WIDTH). */
static struct font *grub_font(void)
{
    struct font *f = font_new("GRUB 8x16", 8, 16);
    f->margin = 10;
    add_measured(f, grub_glyphs, G_N_ELEMENTS(grub_glyphs));
    return f;
}

/* ---- the fonts of the VGA BIOS ---- */

static void add_code(struct font *f, const guint8 *table, guint code)
{
    struct font_bits bits = {{0}};
    for (guint i = 0; i < f->height; i++)
        bits.rows[i] = mirrored(table[code * f->height + i]);
    add_glyph(f, &bits, cp437[code]);
    /* In cells of nine pixels the ninth is blank, or for what has to join its neighbour the eighth
     * again: 0xc0 to 0xdf on a VGA (IBM VGA Technical Reference, Attribute Mode Control Register,
     * ELG), from 0xb0 on in QEMU. */
    if (f->width != 9 || code < 0xb0 || code > 0xdf)
        return;
    for (guint i = 0; i < f->height; i++)
        bits.rows[i] |= (guint16)((bits.rows[i] >> 7 & 1u) << 8);
    add_glyph(f, &bits, cp437[code]);
}

/* Linux draws on a frame buffer with nearly the same letters; where cells have eight pixels, some
 * of the VGA BIOS' own are made for nine. */
static const struct measured linux_glyphs[] = {
#include "screen/linux_glyphs.inc"
};

static struct font *font_of_table(const char *name, guint width, guint height, const guint8 *table)
{
    struct font *f = font_new(name, width, height);
    for (guint code = 0x20; code < 0x7f; code++)
        add_code(f, table, code);
    for (guint code = 0; code < 256; code++)
        add_code(f, table, code);
    if (width == 8 && height == 16)
        add_measured(f, linux_glyphs, G_N_ELEMENTS(linux_glyphs));
    return f;
}

/* How the tables begin: an empty character and a face. */
struct rom_font {
    const char *narrow, *wide;
    guint height;
    guint8 face[16];
};

static const struct rom_font rom_fonts[] = {
    {"VGA 8x16",
     "VGA 9x16",
     16,
     {0, 0, 0x7e, 0x81, 0xa5, 0x81, 0x81, 0xbd, 0x99, 0x81, 0x81, 0x7e}},
    {"VGA 8x14", "VGA 9x14", 14, {0, 0, 0x7e, 0x81, 0xa5, 0x81, 0x81, 0xbd, 0x99, 0x81, 0x7e}},
    {"VGA 8x8", "VGA 9x8", 8, {0x7e, 0x81, 0xa5, 0x81, 0xbd, 0x99, 0x81, 0x7e}},
};

static const guint8 *find_table(const guint8 *rom, gsize length, const struct rom_font *wanted)
{
    guint8 start[32] = {0};
    gsize height = wanted->height;
    memcpy(start + height, wanted->face, height);
    const guint8 *table = memmem(rom, length, start, 2 * height);
    return table && length - (gsize)(table - rom) >= 256 * height ? table : NULL;
}

gboolean screen_fonts_add_rom(screen_fonts *fonts, const char *path, GError **error)
{
    gsize length = 0;
    g_autofree char *rom = files_read(path, ROM_LIMIT, &length, error);
    if (!rom)
        return FALSE;
    guint before = fonts->list->len;
    for (guint i = 0; i < G_N_ELEMENTS(rom_fonts); i++) {
        const struct rom_font *r = &rom_fonts[i];
        const guint8 *table = find_table((const guint8 *)rom, length, r);
        if (!table)
            continue;
        g_ptr_array_add(fonts->list, font_of_table(r->wide, 9, r->height, table));
        g_ptr_array_add(fonts->list, font_of_table(r->narrow, 8, r->height, table));
    }
    if (fonts->list->len == before) {
        ingot_set_error(error, INGOT_EXIT_HOST, "it must be SeaBIOS's VGA BIOS",
                        "there is no font in %s", path);
        return FALSE;
    }
    g_free(fonts->rom);
    fonts->rom = g_strdup(path);
    return TRUE;
}

/* Of Debian and Ubuntu (seabios), Fedora (seavgabios-bin), and QEMU's own build.  All of SeaBIOS'
 * VGA BIOSes have the same fonts. */
static const char *const rom_files[] = {
    "/usr/share/seabios/vgabios-stdvga.bin", "/usr/share/seavgabios/vgabios-stdvga.bin",
    "/usr/share/qemu/vgabios-stdvga.bin", "/usr/share/vgabios/vgabios-stdvga.bin",
    "/usr/local/share/qemu/vgabios-stdvga.bin"};

screen_fonts *screen_fonts_new(void)
{
    screen_fonts *fonts = g_new0(screen_fonts, 1);
    fonts->list = g_ptr_array_new_with_free_func(font_free);
    for (guint i = 0; i < G_N_ELEMENTS(rom_files) && !fonts->rom; i++)
        (void)(g_file_test(rom_files[i], G_FILE_TEST_EXISTS) &&
               screen_fonts_add_rom(fonts, rom_files[i], NULL));
    g_ptr_array_add(fonts->list, edk2_font());
    g_ptr_array_add(fonts->list, grub_font());
    return fonts;
}

void screen_fonts_free(screen_fonts *fonts)
{
    if (!fonts)
        return;
    g_ptr_array_unref(fonts->list);
    g_free(fonts->rom);
    g_free(fonts);
}

const char *screen_fonts_rom(const screen_fonts *fonts)
{
    return fonts->rom;
}

const GPtrArray *fonts_list(const screen_fonts *fonts)
{
    return fonts->list;
}
