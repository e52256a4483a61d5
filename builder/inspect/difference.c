/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two sorted lists side by side.  A key can occur in a list more than once (two lines of one
 * file), so items that are the same in every respect are taken out first; the rest of one key is
 * paired. */
#include "inspect/snapshot.h"

#include "base/text.h"

#include <string.h>

#define SHOWN_BYTES 400u

static void difference_free(gpointer data)
{
    struct difference *d = data;
    g_free(d->key);
    g_free(d->a);
    g_free(d->b);
    g_free(d);
}

/* Control characters and bytes that are not UTF-8 become \xNN, to distinguish names that differ
 * only in them; text_printable does the rest. */
static char *difference_shown(const char *raw)
{
    gboolean valid = g_utf8_validate(raw, -1, NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    for (const guchar *c = (const guchar *)raw; *c; c++) {
        if (out->len >= SHOWN_BYTES && (*c & 0xc0) != 0x80) {
            g_string_append(out, "…");
            break;
        }
        if (*c < 0x20 || *c == 0x7f || (*c >= 0x80 && !valid))
            g_string_append_printf(out, "\\x%02x", *c);
        else
            g_string_append_c(out, (char)*c);
    }
    return text_printable(out->str, (gssize)out->len);
}

static gint by_key(const struct snapshot_fact *a, const struct snapshot_fact *b)
{
    return strcmp(a->key, b->key);
}

static gint difference_by_all(const struct snapshot_fact *a, const struct snapshot_fact *b)
{
    int order = by_key(a, b);
    order = order ? order : strcmp(a->value, b->value);
    return order ? order : strcmp(a->digest, b->digest);
}

typedef void (*pair_fn)(const struct snapshot_fact *a, const struct snapshot_fact *b,
                        gpointer data);

/* Calls each with the facts that order finds equal, and with NULL for what has no partner. */
static void merge(const GPtrArray *as, const GPtrArray *bs,
                  gint (*order)(const struct snapshot_fact *, const struct snapshot_fact *),
                  pair_fn each, gpointer data)
{
    for (guint i = 0, j = 0; i < as->len || j < bs->len;) {
        const struct snapshot_fact *a = i < as->len ? g_ptr_array_index(as, i) : NULL;
        const struct snapshot_fact *b = j < bs->len ? g_ptr_array_index(bs, j) : NULL;
        gint way = !a ? 1 : !b ? -1 : order(a, b);
        each(way <= 0 ? a : NULL, way >= 0 ? b : NULL, data);
        i += way <= 0;
        j += way >= 0;
    }
}

struct rest {
    GPtrArray *a, *b; /* borrowed facts */
};

static void keep_single(const struct snapshot_fact *a, const struct snapshot_fact *b, gpointer data)
{
    struct rest *rest = data;
    if (a && !b)
        g_ptr_array_add(rest->a, (gpointer)a);
    if (b && !a)
        g_ptr_array_add(rest->b, (gpointer)b);
}

struct report {
    enum snapshot_section section;
    GPtrArray *found;
};

static void difference_tell(const struct snapshot_fact *a, const struct snapshot_fact *b,
                            gpointer data)
{
    const struct report *report = data;
    const struct snapshot_fact *one = a ? a : b;
    if (!one)
        return;
    struct difference *d = g_new0(struct difference, 1);
    d->section = report->section;
    d->kind = a && b ? DIFFERENCE_CHANGED : a ? DIFFERENCE_ONLY_A : DIFFERENCE_ONLY_B;
    d->key = difference_shown(one->key);
    d->a = a ? difference_shown(a->value) : NULL;
    d->b = b ? difference_shown(b->value) : NULL;
    /* Values that differ only in what cannot be shown count as such. */
    d->content = a && b &&
                 (strcmp(a->digest, b->digest) != 0 ||
                  (strcmp(a->value, b->value) != 0 && strcmp(d->a, d->b) == 0));
    g_ptr_array_add(report->found, d);
}

static void compare_section(const snapshot *a, const snapshot *b, struct report *report)
{
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    g_autoptr(GPtrArray) right = g_ptr_array_new();
    struct rest rest = {left, right};
    merge(snapshot_facts(a, report->section), snapshot_facts(b, report->section), difference_by_all,
          keep_single, &rest);
    merge(left, right, by_key, difference_tell, report);
}

GPtrArray *snapshot_compare(const snapshot *a, const snapshot *b)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(difference_free);
    for (guint i = 0; i < SNAPSHOT_SECTIONS; i++) {
        struct report report = {(enum snapshot_section)i, found};
        compare_section(a, b, &report);
    }
    return found;
}
