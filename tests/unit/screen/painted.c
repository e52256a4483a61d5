/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "painted.h"

#include "base/files.h"

#include <string.h>

#define ROM "/usr/share/seabios/vgabios-stdvga.bin"

/* 'A' and 'B' of the three fonts, top line first: where the table is, in another way than the
 * room looks for it. */
static const guint8 *find_table(const char *rom, gsize length, guint height)
{
    static const guint8 a16[] = {0, 0, 0x10, 0x38, 0x6c, 0xc6, 0xc6, 0xfe, 0xc6, 0xc6, 0xc6, 0xc6};
    static const guint8 a14[] = {0, 0, 0x10, 0x38, 0x6c, 0xc6, 0xc6, 0xfe, 0xc6, 0xc6, 0xc6, 0};
    static const guint8 a8[] = {0x30, 0x78, 0xcc, 0xcc, 0xfc, 0xcc, 0xcc, 0};
    const guint8 *a = height == 16 ? a16 : height == 14 ? a14 : a8;
    gsize size = height == 8 ? sizeof a8 : sizeof a16;
    const char *found = memmem(rom, length, a, size);
    return found ? (const guint8 *)found - 'A' * height : NULL;
}

struct painted *painted_new(guint width, guint height, guint cell, guint glyph_height)
{
    gsize length = 0;
    g_autofree char *rom = files_read(ROM, 1 << 20, &length, NULL);
    if (!rom) {
        print_message("# skipped: this host has no " ROM " (package seabios)\n");
        skip();
    }
    const guint8 *table = find_table(rom, length, glyph_height);
    assert_non_null(table);
    struct painted *p = g_new0(struct painted, 1);
    p->rom = g_memdup2(table, 256 * (gsize)glyph_height);
    p->pixels = g_new0(guint32, (gsize)width * height);
    p->frame =
        (struct screen_frame){.width = width, .height = height, .pixels = p->pixels, .changes = 1};
    p->cell = cell;
    p->height = glyph_height;
    return p;
}

void painted_free(struct painted *p)
{
    g_free(p->rom);
    g_free(p->pixels);
    g_free(p);
}

void painted_put(struct painted *p, guint column, guint row, guint8 code, guint32 ink,
                 guint32 paper)
{
    for (guint y = 0; y < p->height; y++) {
        guint8 bits = (guint8)p->rom[code * p->height + y];
        guint32 *to = p->pixels + (gsize)(p->top + row * p->height + y) * p->frame.width + p->left +
                      column * p->cell;
        for (guint x = 0; x < 8; x++)
            to[x] = (bits & (0x80u >> x)) ? ink : paper;
        if (p->cell == 9)
            to[8] = (code & 0xe0) == 0xc0 ? to[7] : paper;
    }
}

void painted_text(struct painted *p, guint column, guint row, const char *text)
{
    for (; *text; text++, column++)
        painted_put(p, column, row, (guint8)*text, GREY, BLACK);
}

void painted_fill(struct painted *p, guint x, guint y, guint width, guint height, guint32 colour)
{
    for (guint j = y; j < y + height; j++)
        for (guint i = x; i < x + width; i++)
            p->pixels[(gsize)j * p->frame.width + i] = colour;
}

void painted_noise(struct painted *p, guint32 seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    for (gsize i = 0; i < (gsize)p->frame.width * p->frame.height; i++)
        p->pixels[i] = g_rand_int(rand) & 0xffffffu;
}

char *painted_read(const struct painted *p, struct screen_reading *reading)
{
    g_autoptr(screen_fonts) fonts = screen_fonts_new();
    return screen_text(&p->frame, fonts, reading);
}
