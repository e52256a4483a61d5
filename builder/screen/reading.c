/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/fonts.h"

#include <string.h>

/* Reads a screen by cutting it into the cells of a font and looking each up: no guessing as in OCR,
 * a cell is a character pixel by pixel or it is none. */

/* At most one cell in this many may be unknown for the screen to count as text. */
#define ONE_IN 50u
/* A grid with this many cells that are none, and far fewer that match, is not looked at further. */
#define HOPELESS 1024u
/* So many letters and digits beside each other are no accident: they are text over a picture. */
#define WORD 4u
/* Among how many of the first cells that match nothing the one with the cursor is looked for. */
#define CURSOR_TRIES 8u
/* The widest text mode with cells of nine pixels: 132 columns. */
#define WIDEST_NINE 1188u

#define NOTHING 0xfffd /* REPLACEMENT CHARACTER */

struct grid {
    const struct font *font;
    guint x, y, columns, rows;
};

/* A cell: bits are where it differs from its first pixel. */
struct cell {
    struct font_bits bits;
    guint32 first, other;
    gboolean blank, many; /* one colour; more than two */
};

/* A screen as one grid shows it. */
struct page {
    struct grid grid;
    guint16 *codes;                /* 0: blank */
    guint shown, matched, letters; /* letters: in words */
    guint unmatched[CURSOR_TRIES]; /* the first of them */
};

static void cut_cell(const struct screen_frame *frame, const struct grid *g, guint column,
                     guint row, struct cell *cell)
{
    guint width = g->font->width;
    const guint32 *line = frame->pixels + (gsize)(g->y + row * g->font->height) * frame->width +
                          g->x + column * width;
    *cell = (struct cell){.first = line[0], .other = line[0], .blank = TRUE};
    for (guint i = 0; i < g->font->height; i++, line += frame->width) {
        guint16 bits = 0;
        for (guint j = 0; j < width; j++) {
            if (line[j] == cell->first)
                continue;
            if (cell->blank)
                cell->other = line[j];
            cell->blank = FALSE;
            if (line[j] != cell->other) {
                cell->many = TRUE;
                return;
            }
            bits |= (guint16)(1u << j);
        }
        cell->bits.rows[i] = bits;
    }
}

static struct font_bits inverse(const struct font *f, const struct font_bits *bits)
{
    struct font_bits other = {{0}};
    for (guint i = 0; i < f->height; i++)
        other.rows[i] = bits->rows[i] ^ font_row_mask(f);
    return other;
}

/* Which of the two colours is the letter's is known only where one of the two readings is a
 * character; else (half blocks) the one that most of the screen has is the background. */
static guint16 read_cell(const struct font *f, const struct cell *cell, guint32 background)
{
    if (cell->many)
        return 0;
    struct font_bits turned = inverse(f, &cell->bits);
    guint16 code = font_find(f, &cell->bits), other = font_find(f, &turned);
    return other && (!code || cell->other == background) ? other : code;
}

/* ---- the cursor ---- */

/* The rows that differ are one band, and the band is the letter's colour throughout (VGA), or the
 * letter with its colours changed (Linux and EDK2).  want: a glyph; got: the cell. */
static gboolean under_cursor(const struct font *f, const struct font_bits *want,
                             const struct font_bits *got)
{
    guint16 mask = font_row_mask(f);
    guint from = 0, to = f->height;
    while (from < f->height && want->rows[from] == got->rows[from])
        from++;
    while (to > from && want->rows[to - 1] == got->rows[to - 1])
        to--;
    gboolean solid = TRUE, turned = TRUE;
    for (guint i = from; i < to; i++) {
        solid = solid && got->rows[i] == mask;
        turned = turned && got->rows[i] == (want->rows[i] ^ mask);
    }
    return to > from && (solid || turned);
}

static guint16 read_under_cursor(const struct font *f, const struct cell *cell)
{
    static const struct font_bits blank;
    if (cell->many)
        return 0;
    const struct font_bits ways[] = {cell->bits, inverse(f, &cell->bits)};
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++)
        if (under_cursor(f, &blank, &ways[i]))
            return ' ';
    for (guint n = 0; n < f->glyphs->len; n++) {
        const struct font_glyph *glyph = &g_array_index(f->glyphs, struct font_glyph, n);
        for (guint i = 0; i < G_N_ELEMENTS(ways); i++)
            if (under_cursor(f, &glyph->bits, &ways[i]))
                return glyph->code;
    }
    return 0;
}

/* One cursor, so one cell. */
static void forgive_cursor(const struct screen_frame *frame, struct page *p)
{
    for (guint i = 0; i < CURSOR_TRIES && p->matched + i < p->shown; i++) {
        guint at = p->unmatched[i];
        struct cell cell;
        cut_cell(frame, &p->grid, at % p->grid.columns, at / p->grid.columns, &cell);
        guint16 code = read_under_cursor(p->grid.font, &cell);
        if (!code)
            continue;
        p->codes[at] = code;
        p->matched++;
        return;
    }
}

/* ---- one grid ---- */

static gboolean is_text(const struct page *p)
{
    return (p->shown - p->matched) * ONE_IN <= p->shown;
}

/* The letters and digits that occur in words. */
static guint count_letters(const struct page *p)
{
    guint run = 0, letters = 0;
    for (gsize at = 0; at < (gsize)p->grid.columns * p->grid.rows; at++) {
        guint16 code = p->codes[at];
        run = code < 0x80 && g_ascii_isalnum((char)code) ? run + 1 : 0;
        letters += run == WORD ? WORD : run > WORD;
    }
    return letters;
}

static void read_page(const struct screen_frame *frame, guint32 background, struct page *p)
{
    const struct grid *g = &p->grid;
    for (guint at = 0; at < g->columns * g->rows; at++) {
        struct cell cell;
        cut_cell(frame, g, at % g->columns, at / g->columns, &cell);
        if (cell.blank)
            continue;
        guint16 code = read_cell(g->font, &cell, background);
        guint wrong = p->shown - p->matched;
        if (!code && wrong < CURSOR_TRIES)
            p->unmatched[wrong] = at;
        p->shown++;
        p->matched += code != 0;
        p->codes[at] = code ? code : NOTHING;
        if (wrong > HOPELESS && wrong / 4 > p->matched)
            return;
    }
    forgive_cursor(frame, p);
}

/* ---- which grid ---- */

/* The colour that most of the screen has, if one has more than half of it (Boyer and Moore's
 * vote), over every eighth pixel of every eighth line. */
static guint32 find_background(const struct screen_frame *frame)
{
    guint32 colour = 0;
    gint64 votes = 0;
    for (gsize y = 0; y < frame->height; y += 8)
        for (gsize x = 0; x < frame->width; x += 8) {
            guint32 pixel = frame->pixels[y * frame->width + x];
            if (votes == 0)
                colour = pixel;
            votes += pixel == colour ? 1 : -1;
        }
    return colour;
}

/* EDK2 puts its text into the middle of the screen (GraphicsConsoleDxe, "DeltaX"), and which of its
 * text modes is on cannot be seen.  But the grid can only be moved by half a cell: by odd and even
 * numbers of columns and rows. */
static guint centred_start(guint pixels, guint cell, gboolean odd)
{
    return odd ? (pixels + cell) / 2 % cell : pixels / 2 % cell;
}

static gboolean place_grid(const struct screen_frame *frame, const struct font *f, guint way,
                           struct grid *g)
{
    if (way > 0 && !f->centred)
        return FALSE;
    if (f->width == 9 &&
        (frame->width > WIDEST_NINE || frame->width % 9 || frame->height % f->height))
        return FALSE;
    *g = (struct grid){.font = f, .x = f->margin, .y = f->margin};
    if (f->centred) {
        g->x = centred_start(frame->width, f->width, way & 1);
        g->y = centred_start(frame->height, f->height, way >> 1 & 1);
    }
    guint right = g->x + f->margin, below = g->y + f->margin;
    g->columns = frame->width > right ? (frame->width - right) / f->width : 0;
    g->rows = frame->height > below ? (frame->height - below) / f->height : 0;
    return g->columns > 0 && g->rows > 0;
}

/* a is better than b: more words (beside a picture), else a greater share that matched; then what
 * was tried first. */
static gboolean better(const struct page *a, const struct page *b)
{
    if (!b->codes || a->letters != b->letters)
        return !b->codes || a->letters > b->letters;
    return (guint64)a->matched * b->shown > (guint64)b->matched * a->shown;
}

static void take_if_better(struct page *p, struct page *best)
{
    if (better(p, best)) {
        g_free(best->codes);
        *best = *p;
    } else
        g_free(p->codes);
}

static gboolean perfect(const struct page *p)
{
    return p->codes && p->shown == p->matched;
}

static void find_page(const struct screen_frame *frame, const screen_fonts *fonts,
                      struct page *best)
{
    const GPtrArray *list = fonts_list(fonts);
    guint32 background = find_background(frame);
    for (guint i = 0; i < list->len && !perfect(best); i++)
        for (guint way = 0; way < 4 && !perfect(best); way++) {
            struct page p = {0};
            if (!place_grid(frame, g_ptr_array_index(list, i), way, &p.grid))
                continue;
            p.codes = g_new0(guint16, (gsize)p.grid.columns * p.grid.rows);
            read_page(frame, background, &p);
            p.letters = count_letters(&p);
            take_if_better(&p, best);
        }
}

/* ---- the text ---- */

static gboolean has_ink(const struct page *p, guint column, guint row)
{
    guint16 code = p->codes[(gsize)row * p->grid.columns + column];
    return code != 0 && code != ' ';
}

/* Where the text begins: in the corner; or, in the middle of the screen, where its margin means
 * nothing, at the first character of any line. */
static void find_start(const struct page *p, guint *left, guint *top)
{
    const struct grid *g = &p->grid;
    *left = *top = 0;
    if (!g->font->centred)
        return;
    *left = g->columns;
    *top = g->rows;
    for (guint row = 0; row < g->rows; row++)
        for (guint column = 0; column < g->columns; column++)
            if (has_ink(p, column, row)) {
                *left = MIN(*left, column);
                *top = MIN(*top, row);
            }
}

static void reading_add_line(GString *text, const guint16 *codes, guint columns)
{
    while (columns > 0 && (codes[columns - 1] == 0 || codes[columns - 1] == ' '))
        columns--;
    for (guint i = 0; i < columns; i++)
        g_string_append_unichar(text, codes[i] ? codes[i] : ' ');
    g_string_append_c(text, '\n');
}

static char *page_text(const struct page *p)
{
    GString *text = g_string_new(NULL);
    guint left, top;
    find_start(p, &left, &top);
    for (guint row = top; row < p->grid.rows; row++)
        reading_add_line(text, p->codes + (gsize)row * p->grid.columns + left,
                         p->grid.columns - left);
    while (text->len > 0 && text->str[text->len - 1] == '\n')
        g_string_truncate(text, text->len - 1);
    return g_string_free(text, FALSE);
}

char *screen_text(const struct screen_frame *frame, const screen_fonts *fonts,
                  struct screen_reading *reading)
{
    struct page best = {0};
    struct screen_reading r = {0};
    char *text = NULL;
    if (frame->pixels)
        find_page(frame, fonts, &best);
    if (best.codes) {
        r = (struct screen_reading){.readable = is_text(&best),
                                    .columns = best.grid.columns,
                                    .rows = best.grid.rows,
                                    .shown = best.shown,
                                    .matched = best.matched};
        if (r.readable || best.letters > 0) {
            r.font = best.grid.font->name;
            text = page_text(&best);
        }
    }
    g_free(best.codes);
    if (reading)
        *reading = r;
    return text ? text : g_strdup("");
}
