/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/catalog.h"

#include "base/error.h"
#include "base/text.h"
#include "media/deb822.h"

#include <string.h>

#define STANZA_MAX (4u << 20)

struct media_catalog {
    GHashTable *packages; /* name -> media_stanza * */
    GHashTable *provided; /* name -> GPtrArray of struct media_provider * */
};

static const char *const names[MEDIA_FIELDS] = {
    [MEDIA_FIELD_PACKAGE] = "Package",
    [MEDIA_FIELD_VERSION] = "Version",
    [MEDIA_FIELD_ARCHITECTURE] = "Architecture",
    [MEDIA_FIELD_PRE_DEPENDS] = "Pre-Depends",
    [MEDIA_FIELD_DEPENDS] = "Depends",
    [MEDIA_FIELD_RECOMMENDS] = "Recommends",
    [MEDIA_FIELD_CONFLICTS] = "Conflicts",
    [MEDIA_FIELD_BREAKS] = "Breaks",
    [MEDIA_FIELD_PROVIDES] = "Provides",
    [MEDIA_FIELD_PRIORITY] = "Priority",
    [MEDIA_FIELD_ESSENTIAL] = "Essential",
    [MEDIA_FIELD_FILENAME] = "Filename",
    [MEDIA_FIELD_SIZE] = "Size",
    [MEDIA_FIELD_SHA256] = "SHA256",
};

/* ---- slices ---- */

gboolean media_slice_is(struct media_slice slice, const char *word)
{
    return slice.length == strlen(word) && slice.length &&
           memcmp(slice.text, word, slice.length) == 0;
}

char *media_slice_copy(struct media_slice slice)
{
    return g_strndup(slice.text ? slice.text : "", slice.length);
}

static struct media_slice strip(struct media_slice s)
{
    while (s.length && g_ascii_isspace(*s.text)) {
        s.text++;
        s.length--;
    }
    while (s.length && g_ascii_isspace(s.text[s.length - 1]))
        s.length--;
    return s;
}

gboolean media_slice_next(struct media_slice *rest, char separator, struct media_slice *part)
{
    if (!rest->length)
        return FALSE;
    const char *end = memchr(rest->text, separator, rest->length);
    gsize length = end ? (gsize)(end - rest->text) : rest->length;
    gsize taken = length + (end ? 1 : 0);
    *part = strip((struct media_slice){rest->text, length});
    rest->text += taken;
    rest->length -= taken;
    return TRUE;
}

/* ---- relations ---- */

void media_relation_clear(media_relation *relation)
{
    g_clear_pointer(&relation->name, g_free);
    g_clear_pointer(&relation->op, g_free);
    g_clear_pointer(&relation->version, g_free);
}

media_relation media_relation_parse(struct media_slice text)
{
    media_relation r = {0};
    struct media_slice rest = strip(text), inner;
    gsize n = 0;
    while (n < rest.length && !g_ascii_isspace(rest.text[n]) && !strchr("(:[<", rest.text[n]))
        n++;
    r.name = g_strndup(rest.text ? rest.text : "", n);
    const char *open = n < rest.length ? memchr(rest.text, '(', rest.length) : NULL;
    if (!open)
        return r;
    rest.length -= (gsize)(open + 1 - rest.text);
    rest.text = open + 1;
    if (!media_slice_next(&rest, ')', &inner))
        return r;
    for (n = 0; n < inner.length && strchr("<=>", inner.text[n]) && inner.text[n];)
        n++;
    r.op = g_strndup(inner.text, n);
    r.version = media_slice_copy(strip((struct media_slice){inner.text + n, inner.length - n}));
    return r;
}

gboolean media_relation_allows(const media_relation *relation, const char *version)
{
    if (!relation->op)
        return TRUE;
    if (!version)
        return FALSE;
    int order = media_deb_version_compare(version, relation->version);
    /* "<" and ">" are what "<=" and ">=" once were (deb-version(7), Policy 7.1). */
    static const struct {
        const char *op;
        gboolean less, equal, more;
    } ops[] = {{"<<", TRUE, FALSE, FALSE}, {"<=", TRUE, TRUE, FALSE}, {"<", TRUE, TRUE, FALSE},
               {"=", FALSE, TRUE, FALSE},  {">=", FALSE, TRUE, TRUE}, {">", FALSE, TRUE, TRUE},
               {">>", FALSE, FALSE, TRUE}};
    for (gsize i = 0; i < G_N_ELEMENTS(ops); i++) {
        if (g_str_equal(ops[i].op, relation->op))
            return order < 0 ? ops[i].less : order > 0 ? ops[i].more : ops[i].equal;
    }
    return FALSE;
}

/* ---- stanzas ---- */

/* The field that a line begins, or MEDIA_FIELDS: none of those. */
static enum media_field take_field(media_stanza *s, const char *line, const char *end)
{
    const char *colon = memchr(line, ':', (gsize)(end - line));
    const struct media_slice name = {line, colon ? (gsize)(colon - line) : 0};
    for (int f = 0; f < MEDIA_FIELDS; f++) {
        if (!media_slice_is(name, names[f]))
            continue;
        s->fields[f] = strip((struct media_slice){colon + 1, (gsize)(end - colon - 1)});
        return (enum media_field)f;
    }
    return MEDIA_FIELDS;
}

/* A value goes on in lines that begin with a blank; the text between them is one piece. */
static void extend(struct media_slice *value, const char *end)
{
    value->length = (gsize)(end - value->text);
    *value = strip(*value);
}

/* Reads one stanza; *at moves behind it.  FALSE: the text is at its end. */
static gboolean take_stanza(const char **at, const char *end, media_stanza *s)
{
    enum media_field last = MEDIA_FIELDS;
    *s = (media_stanza){0};
    while (*at < end && **at == '\n')
        (*at)++;
    if (*at >= end)
        return FALSE;
    while (*at < end && **at != '\n') {
        const char *stop = memchr(*at, '\n', (gsize)(end - *at));
        stop = stop ? stop : end;
        if (**at != ' ' && **at != '\t')
            last = take_field(s, *at, stop);
        else if (last != MEDIA_FIELDS)
            extend(&s->fields[last], stop);
        *at = stop < end ? stop + 1 : end;
    }
    return TRUE;
}

/* ---- the tables ---- */

static void free_provider(gpointer data)
{
    struct media_provider *p = data;
    g_free(p->version);
    g_free(p);
}

static void free_array(gpointer array)
{
    g_ptr_array_unref(array);
}

static void add_provides(media_catalog *c, const media_stanza *s)
{
    struct media_slice rest = s->fields[MEDIA_FIELD_PROVIDES], part;
    while (media_slice_next(&rest, ',', &part)) {
        g_auto(media_relation) r = media_relation_parse(part);
        GPtrArray *who = g_hash_table_lookup(c->provided, r.name);
        struct media_provider *p = g_new0(struct media_provider, 1);
        p->stanza = s;
        p->version = g_strcmp0(r.op, "=") == 0 ? g_steal_pointer(&r.version) : NULL;
        if (!who) {
            who = g_ptr_array_new_with_free_func(free_provider);
            g_hash_table_insert(c->provided, g_steal_pointer(&r.name), who);
        }
        g_ptr_array_add(who, p);
    }
}

static gboolean newer(const media_stanza *a, const media_stanza *b)
{
    g_autofree char *x = media_slice_copy(a->fields[MEDIA_FIELD_VERSION]);
    g_autofree char *y = media_slice_copy(b->fields[MEDIA_FIELD_VERSION]);
    return media_deb_version_compare(x, y) > 0;
}

static void add_stanza(media_catalog *c, const media_stanza *found, const char *arch)
{
    const struct media_slice its = found->fields[MEDIA_FIELD_ARCHITECTURE];
    if (!found->fields[MEDIA_FIELD_PACKAGE].length ||
        (!media_slice_is(its, arch) && !media_slice_is(its, "all")))
        return;
    g_autofree char *name = media_slice_copy(found->fields[MEDIA_FIELD_PACKAGE]);
    const media_stanza *known = g_hash_table_lookup(c->packages, name);
    if (!known || newer(found, known))
        g_hash_table_replace(c->packages, g_steal_pointer(&name), g_memdup2(found, sizeof *found));
}

static gint compare_slices(struct media_slice a, struct media_slice b)
{
    int order = memcmp(a.text, b.text, MIN(a.length, b.length));
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

static gint catalog_by_name(gconstpointer a, gconstpointer b)
{
    const media_stanza *x = *(const media_stanza *const *)a, *y = *(const media_stanza *const *)b;
    return compare_slices(x->fields[MEDIA_FIELD_PACKAGE], y->fields[MEDIA_FIELD_PACKAGE]);
}

static int rank(const media_stanza *s)
{
    static const char *const ranks[] = {"required", "important", "standard", "optional"};
    gsize i = 0;
    while (i < G_N_ELEMENTS(ranks) && !media_slice_is(s->fields[MEDIA_FIELD_PRIORITY], ranks[i]))
        i++;
    return (int)i;
}

static gint by_rank(gconstpointer a, gconstpointer b)
{
    const struct media_provider *x = *(struct media_provider *const *)a;
    const struct media_provider *y = *(struct media_provider *const *)b;
    int order = rank(x->stanza) - rank(y->stanza);
    return order ? order : catalog_by_name(&x->stanza, &y->stanza);
}

/* Only when all stanzas are read: one that a newer one replaced provides nothing. */
static void sort_out_provides(media_catalog *c)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, c->packages);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        add_provides(c, value);
    g_hash_table_iter_init(&iter, c->provided);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_sort(value, by_rank);
}

media_catalog *media_catalog_new(const char *text, gsize length, const char *arch, GError **error)
{
    const char *at = text;
    media_stanza s;
    g_autoptr(media_catalog) c = g_new0(media_catalog, 1);
    c->packages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    c->provided = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_array);
    for (const char *from = at; take_stanza(&at, text + length, &s); from = at) {
        if ((gsize)(at - from) > STANZA_MAX) {
            ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                            "the Packages file has a stanza of over %u MiB", STANZA_MAX >> 20);
            return NULL;
        }
        add_stanza(c, &s, arch);
    }
    sort_out_provides(c);
    return g_steal_pointer(&c);
}

void media_catalog_free(media_catalog *catalog)
{
    if (!catalog)
        return;
    g_hash_table_unref(catalog->provided);
    g_hash_table_unref(catalog->packages);
    g_free(catalog);
}

const media_stanza *media_catalog_find(const media_catalog *catalog, const char *name)
{
    return g_hash_table_lookup(catalog->packages, name);
}

const GPtrArray *media_catalog_providers(const media_catalog *catalog, const char *name)
{
    return g_hash_table_lookup(catalog->provided, name);
}

GPtrArray *media_catalog_list(const media_catalog *catalog)
{
    GHashTableIter iter;
    gpointer value;
    GPtrArray *all = g_ptr_array_new();
    g_hash_table_iter_init(&iter, catalog->packages);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(all, value);
    g_ptr_array_sort(all, catalog_by_name);
    return all;
}

void media_catalog_fail(const media_catalog *catalog, const char *name, GError **error)
{
    g_autofree gpointer *keys = g_hash_table_get_keys_as_array(catalog->packages, NULL);
    const char *near = text_nearest(name, (const char *const *)keys);
    g_autofree char *shown = near ? text_printable(near, -1) : NULL;
    g_autofree char *hint = near ? g_strdup_printf("did you mean “%s”?", shown) : NULL;
    ingot_set_error(error, INGOT_EXIT_MEDIA, hint, "the archive has no package “%s”", name);
}
