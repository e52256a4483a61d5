/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/screen.h"

#include "base/files.h"

#include <png.h>
#include <string.h>

static gsize picture_count(const struct screen_frame *frame)
{
    return (gsize)frame->width * frame->height;
}

struct screen_frame *screen_frame_copy(const struct screen_frame *frame)
{
    struct screen_frame *copy = g_memdup2(frame, sizeof *frame);
    copy->pixels = g_memdup2(frame->pixels, picture_count(frame) * sizeof *frame->pixels);
    return copy;
}

void screen_frame_free(struct screen_frame *frame)
{
    if (!frame)
        return;
    g_free((gpointer)frame->pixels);
    g_free(frame);
}

guint64 screen_fingerprint(const struct screen_frame *frame)
{
    const guint64 odd = G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
    guint64 value = ((guint64)frame->width << 32 | frame->height) * odd;
    for (gsize i = 0; i < picture_count(frame); i++) {
        value = (value ^ frame->pixels[i]) * odd;
        value ^= value >> 29;
    }
    return value;
}

double screen_difference(const struct screen_frame *a, const struct screen_frame *b)
{
    if (a->width != b->width || a->height != b->height)
        return 1;
    gsize different = 0;
    for (gsize i = 0; i < picture_count(a); i++)
        different += a->pixels[i] != b->pixels[i];
    return picture_count(a) ? (double)different / (double)picture_count(a) : 0;
}

/* ---- PNG ---- */

#define COLOURS 256
#define SLOTS   1024u /* a hash table of the colours */

struct palette {
    png_color colours[COLOURS];
    guint32 keys[SLOTS]; /* 1 + pixel; 0: free */
    guint8 values[SLOTS];
    guint used;
};

static guint picture_slot_of(const struct palette *p, guint32 pixel)
{
    guint slot = pixel * 0x9e3779b1u >> 22;
    while (p->keys[slot] && p->keys[slot] != pixel + 1)
        slot = (slot + 1) % SLOTS;
    return slot;
}

/* FALSE when there are more colours than a palette holds. */
static gboolean picture_collect(const struct screen_frame *frame, struct palette *p)
{
    for (gsize i = 0; i < picture_count(frame); i++) {
        guint32 pixel = frame->pixels[i];
        guint slot = picture_slot_of(p, pixel);
        if (p->keys[slot])
            continue;
        if (p->used == COLOURS)
            return FALSE;
        p->keys[slot] = pixel + 1;
        p->values[slot] = (guint8)p->used;
        p->colours[p->used++] = (png_color){
            .red = (guint8)(pixel >> 16), .green = (guint8)(pixel >> 8), .blue = (guint8)pixel};
    }
    return TRUE;
}

/* One line as PNG wants it: indexes into the palette, or red, green and blue. */
static void make_line(const guint32 *pixels, guint width, const struct palette *p, guint8 *line)
{
    for (guint i = 0; i < width; i++)
        if (p)
            line[i] = p->values[picture_slot_of(p, pixels[i])];
        else
            for (guint part = 0; part < 3; part++)
                line[3 * i + part] = (guint8)(pixels[i] >> (16 - 8 * part));
}

static int palette_depth(const struct palette *p)
{
    return p->used <= 2 ? 1 : p->used <= 4 ? 2 : p->used <= 16 ? 4 : 8;
}

static void on_bytes(png_structp png, png_bytep bytes, png_size_t length)
{
    g_byte_array_append(png_get_io_ptr(png), bytes, (guint)length);
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* Instead of the library's own words on standard error. */
static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    g_debug("png: %s", text);
}

static void G_GNUC_NORETURN on_error(png_structp png, png_const_charp text)
{
    on_warning(png, text);
    png_longjmp(png, 1);
}

/* Has no variable that changes after setjmp, as longjmp would spoil it (C17, 7.13.2.1). */
static gboolean encode(png_structp png, png_infop info, const struct screen_frame *frame,
                       const struct palette *p, guint8 *line)
{
    if (setjmp(png_jmpbuf(png)))
        return FALSE;
    png_set_compression_level(png, 9);
    png_set_IHDR(png, info, frame->width, frame->height, p ? palette_depth(p) : 8,
                 p ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (p)
        png_set_PLTE(png, info, p->colours, (int)p->used);
    png_write_info(png, info);
    png_set_packing(png);
    for (gsize y = 0; y < frame->height; y++) {
        make_line(frame->pixels + y * frame->width, frame->width, p, line);
        png_write_row(png, line);
    }
    png_write_end(png, NULL);
    return TRUE;
}

gboolean screen_save_png(const struct screen_frame *frame, const char *path, GError **error)
{
    g_autofree struct palette *palette = g_new0(struct palette, 1);
    g_autofree guint8 *line = g_malloc((gsize)frame->width * 3 + 1);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    gboolean few = picture_collect(frame, palette), good = FALSE;
    if (info) {
        png_set_write_fn(png, bytes, on_bytes, on_flush);
        good = encode(png, info, frame, few ? palette : NULL, line);
    }
    png_destroy_write_struct(&png, &info);
    if (!good) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "a screen of %ux%u pixels cannot be written to %s as a PNG file", frame->width,
                    frame->height, path);
        return FALSE;
    }
    return files_write_atomic(path, bytes->data, (gssize)bytes->len, 0644, error);
}
