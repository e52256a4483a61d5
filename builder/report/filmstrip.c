/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/section.h"
#include "report/sections.h"

#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"

#include <string.h>

/* The screens at changes of phase, as data: URIs. */

#define MACHINES_MOST 8
#define PICTURES_MOST 60          /* of a machine */
#define PICTURE_BYTES (4u << 20)  /* of one file */
#define ALL_BYTES     (24u << 20) /* of all files of a report */
#define SIDE_MOST     16384u      /* pixels */
#define TEXT_MOST     8000

struct filmstrip {
    GString *out;
    gsize bytes; /* that are in the report by now */
    guint number;
    guint left_out;
    GHashTable *seen; /* phases and digests of a machine's pictures: a screen that blinks or does
                         not change is worth one picture */
};

struct png {
    char *data;
    gsize length;
    guint width, height;
};

static guint32 big_endian(const char *at)
{
    guint32 raw;
    memcpy(&raw, at, sizeof raw);
    return GUINT32_FROM_BE(raw);
}

/* A PNG file begins with its signature and the chunk IHDR, of which width and height are the first
 * (PNG, third edition, 5.2 and 11.2.1). */
static gboolean read_png(const char *path, struct png *png)
{
    static const char begin[16] = {'\x89', 'P', 'N', 'G', '\r', '\n', '\x1a', '\n',
                                   0,      0,   0,   13,  'I',  'H',  'D',    'R'};
    png->data = *path ? files_read(path, PICTURE_BYTES, &png->length, NULL) : NULL;
    if (!png->data || png->length < sizeof begin + 8 || memcmp(png->data, begin, sizeof begin) != 0)
        return FALSE;
    png->width = big_endian(png->data + sizeof begin);
    png->height = big_endian(png->data + sizeof begin + 4);
    return png->width && png->height && png->width <= SIDE_MOST && png->height <= SIDE_MOST;
}

static void put_image(struct filmstrip *f, const struct png *png, const char *when,
                      const char *phase)
{
    g_autofree char *encoded = g_base64_encode((const guchar *)png->data, png->length);
    markup(f->out,
           "<figure id=\"screen-%u\"><a href=\"#screen-%u\"><img width=\"%u\" height=\"%u\" "
           "alt=\"The screen after %s, in the phase %s\" src=\"data:image/png;base64,",
           f->number, f->number, png->width, png->height, when, phase);
    g_string_append(f->out, encoded);
    g_string_append(f->out, "\"></a>\n");
}

/* A machine whose installer speaks on a serial line: the end of that is its screen. */
static void put_console(struct filmstrip *f, const json_t *picture, const char *when)
{
    f->number++;
    markup(f->out,
           "<figure id=\"screen-%u\"><a href=\"#screen-%u\" class=\"console\" "
           "aria-label=\"The console after %s\"><pre>",
           f->number, f->number, when);
    markup_cut(f->out, member_text(picture, "text"), TEXT_MOST);
    markup(f->out,
           "</pre></a>\n<figcaption><strong>%s</strong> <span class=\"when\">%s, serial "
           "console</span></figcaption></figure>\n",
           member_text(picture, "phase"), when);
}

static void put_caption(struct filmstrip *f, const json_t *picture, const char *when)
{
    const char *text = member_text(picture, "text");
    markup(f->out, "<figcaption><strong>%s</strong> <span class=\"when\">%s</span>",
           member_text(picture, "phase"), when);
    if (*text) {
        g_string_append(f->out, "<details><summary>Text of this screen</summary><pre>");
        markup_cut(f->out, text, TEXT_MOST);
        g_string_append(f->out, "</pre></details>");
    }
    g_string_append(f->out, "</figcaption></figure>\n");
}

static gboolean filmstrip_is_new(struct filmstrip *f, const struct png *png, const char *phase)
{
    char hex[DIGEST_HEX_LEN + 1];
    digest_bytes(png->data, png->length, hex);
    return g_hash_table_add(f->seen, g_strconcat(hex, phase, NULL));
}

static void put_picture(struct filmstrip *f, const json_t *picture)
{
    struct png png = {0};
    const char *phase = member_text(picture, "phase");
    g_autofree char *when = text_duration(member_number(picture, "at"));
    if (!*member_text(picture, "file")) {
        put_console(f, picture, when);
        return;
    }
    gboolean good = read_png(member_text(picture, "file"), &png);
    if (!good || f->bytes + png.length > ALL_BYTES) {
        f->left_out++;
    } else if (filmstrip_is_new(f, &png, phase)) {
        f->bytes += png.length;
        f->number++;
        put_image(f, &png, when, phase);
        put_caption(f, picture, when);
    }
    g_free(png.data);
}

static void filmstrip_put_machine(struct filmstrip *f, const json_t *machine, gboolean several)
{
    gsize n = member_count(machine, "pictures", PICTURES_MOST);
    if (!n)
        return;
    g_hash_table_remove_all(f->seen);
    if (several)
        markup(f->out, "<h3>Machine “%s”</h3>\n", member_text(machine, "name"));
    g_string_append(f->out, "<div class=\"film\">\n");
    for (gsize i = 0; i < n; i++)
        put_picture(f, member_at(machine, "pictures", i));
    g_string_append(f->out, "</div>\n");
}

void section_filmstrip(GString *out, const json_t *record)
{
    struct filmstrip f = {.out = out};
    gsize machines = member_count(record, "machines", MACHINES_MOST), pictures = 0;
    for (gsize i = 0; i < machines; i++)
        pictures += member_count(member_at(record, "machines", i), "pictures", PICTURES_MOST);
    if (!pictures)
        return;
    f.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    section_begin(out, "screens", "Screens");
    g_string_append(out, "<p class=\"lead\">The screen in each phase; screens that look alike are "
                         "shown once. Select one to enlarge it.</p>\n");
    for (gsize i = 0; i < machines; i++)
        filmstrip_put_machine(&f, member_at(record, "machines", i), machines > 1);
    if (f.left_out)
        markup(out, "<p class=\"lead\">%u more could not be read or were too large.</p>\n",
               f.left_out);
    section_end(out);
    g_hash_table_unref(f.seen);
}
