/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/closure.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "media/deb822.h"
#include "media/release.h"

#include <string.h>

/* The fields of a stanza that matter here (Debian Policy 5.3), found in one pass over 56 MB of
 * text: a slice is a part of that text. */
struct slice {
    const char *text;
    gsize length;
};

enum field {
    PACKAGE,
    VERSION,
    ARCHITECTURE,
    DEPENDS,
    PRE_DEPENDS,
    PROVIDES,
    PRIORITY,
    ESSENTIAL,
    FILENAME,
    SIZE,
    SHA256,
    FIELDS
};

static const char *const names[FIELDS] = {"Package",     "Version",  "Architecture", "Depends",
                                          "Pre-Depends", "Provides", "Priority",     "Essential",
                                          "Filename",    "Size",     "SHA256"};

struct stanza {
    struct slice fields[FIELDS];
    gboolean chosen;
};

struct closure {
    GHashTable *packages; /* name -> struct stanza * */
    GHashTable *provided; /* virtual name -> GPtrArray of struct stanza * */
    GHashTable *by;       /* name -> who needs it, for messages */
    GPtrArray *queue;     /* of struct stanza *, the chosen ones */
    const struct media_need *need;
};

static char *copy(struct slice s)
{
    return g_strndup(s.text ? s.text : "", s.length);
}

static gboolean slice_is(struct slice s, const char *word)
{
    return s.length == strlen(word) && memcmp(s.text, word, s.length) == 0;
}

/* ---- the index ---- */

static void take_field(struct stanza *s, const char *line, const char *end)
{
    const char *colon = memchr(line, ':', (gsize)(end - line));
    if (!colon || *line == ' ' || *line == '\t')
        return;
    for (int f = 0; f < FIELDS; f++) {
        if (!slice_is((struct slice){line, (gsize)(colon - line)}, names[f]))
            continue;
        const char *value = colon + 1;
        while (value < end && *value == ' ')
            value++;
        s->fields[f] = (struct slice){value, (gsize)(end - value)};
        return;
    }
}

/* Reads one stanza; *at moves behind it.  FALSE: the text is at its end. */
static gboolean take_stanza(const char **at, const char *end, struct stanza *s)
{
    memset(s, 0, sizeof *s);
    while (*at < end && **at == '\n')
        (*at)++;
    if (*at >= end)
        return FALSE;
    while (*at < end && **at != '\n') {
        const char *stop = memchr(*at, '\n', (gsize)(end - *at));
        stop = stop ? stop : end;
        take_field(s, *at, stop);
        *at = stop < end ? stop + 1 : end;
    }
    return TRUE;
}

static void free_array(gpointer array)
{
    g_ptr_array_unref(array);
}

/* The name at the front of "name:arch (>= version)"; the caller owns it. */
static char *relation_name(const char *text, gsize length)
{
    while (length && g_ascii_isspace(*text)) {
        text++;
        length--;
    }
    gsize n = 0;
    while (n < length && !g_ascii_isspace(text[n]) && !strchr("(:[<", text[n]))
        n++;
    return g_strndup(text, n);
}

static void add_provides(struct closure *c, struct stanza *s)
{
    g_autofree char *text = copy(s->fields[PROVIDES]);
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    for (char **part = parts; *part; part++) {
        char *name = relation_name(*part, strlen(*part));
        GPtrArray *who = g_hash_table_lookup(c->provided, name);
        if (!who) {
            who = g_ptr_array_new();
            g_hash_table_insert(c->provided, g_strdup(name), who);
        }
        g_ptr_array_add(who, s);
        g_free(name);
    }
}

static gboolean newer(const struct stanza *a, const struct stanza *b)
{
    g_autofree char *x = copy(a->fields[VERSION]);
    g_autofree char *y = copy(b->fields[VERSION]);
    return media_deb_version_compare(x, y) > 0;
}

static void add_stanza(struct closure *c, const struct stanza *found)
{
    if (!found->fields[PACKAGE].text || (!slice_is(found->fields[ARCHITECTURE], c->need->arch) &&
                                         !slice_is(found->fields[ARCHITECTURE], "all")))
        return;
    char *name = copy(found->fields[PACKAGE]);
    const struct stanza *known = g_hash_table_lookup(c->packages, name);
    if (known && !newer(found, known)) {
        g_free(name);
        return;
    }
    struct stanza *s = g_memdup2(found, sizeof *found);
    g_hash_table_replace(c->packages, name, s);
}

static void read_index(struct closure *c, const char *text, gsize length)
{
    const char *at = text;
    struct stanza s;
    GHashTableIter iter;
    gpointer value;
    while (take_stanza(&at, text + length, &s))
        add_stanza(c, &s);
    /* Only now: a stanza that a newer one replaced provides nothing. */
    g_hash_table_iter_init(&iter, c->packages);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (((struct stanza *)value)->fields[PROVIDES].length)
            add_provides(c, value);
}

/* ---- the closure ---- */

static void choose(struct closure *c, struct stanza *s, const char *needed_by)
{
    if (s->chosen)
        return;
    s->chosen = TRUE;
    g_hash_table_insert(c->by, copy(s->fields[PACKAGE]), g_strdup(needed_by));
    g_ptr_array_add(c->queue, s);
}

static gboolean provided_already(const struct closure *c, const char *name)
{
    const struct stanza *s = g_hash_table_lookup(c->packages, name);
    const GPtrArray *who = g_hash_table_lookup(c->provided, name);
    if (s && s->chosen)
        return TRUE;
    for (guint i = 0; who && i < who->len; i++)
        if (((const struct stanza *)g_ptr_array_index(who, i))->chosen)
            return TRUE;
    return FALSE;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    const struct stanza *x = *(struct stanza *const *)a, *y = *(struct stanza *const *)b;
    g_autofree char *p = copy(x->fields[PACKAGE]);
    g_autofree char *q = copy(y->fields[PACKAGE]);
    return strcmp(p, q);
}

/* The first package of a name, else of those that provide it (in the order of their names, so that
 * the answer does not depend on a hash table). */
static struct stanza *candidate(const struct closure *c, const char *name)
{
    struct stanza *s = g_hash_table_lookup(c->packages, name);
    GPtrArray *who = s ? NULL : g_hash_table_lookup(c->provided, name);
    if (!who)
        return s;
    g_ptr_array_sort(who, by_name);
    return g_ptr_array_index(who, 0);
}

/* One "a | b (>= 1)" of a dependency. */
static gboolean satisfy(struct closure *c, const char *clause, const char *whose, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(clause, "|", -1);
    struct stanza *first = NULL;
    for (char **part = parts; *part; part++) {
        g_autofree char *name = relation_name(*part, strlen(*part));
        if (!*name || provided_already(c, name))
            return TRUE;
        if (!first)
            first = candidate(c, name);
    }
    if (first) {
        choose(c, first, whose);
        return TRUE;
    }
    g_autofree char *shown = text_printable(clause, -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                    "the archive has nothing for '%s', which %s needs", g_strstrip(shown), whose);
    return FALSE;
}

static gboolean follow(struct closure *c, const struct stanza *s, GError **error)
{
    static const enum field kinds[] = {PRE_DEPENDS, DEPENDS};
    g_autofree char *whose = copy(s->fields[PACKAGE]);
    for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_autofree char *text = copy(s->fields[kinds[k]]);
        g_auto(GStrv) clauses = g_strsplit(text, ",", -1);
        for (char **clause = clauses; *clause && *text; clause++)
            if (!satisfy(c, *clause, whose, error))
                return FALSE;
    }
    return TRUE;
}

static gboolean excluded(const struct closure *c, const char *name)
{
    return c->need->excluded && g_strv_contains(c->need->excluded, name);
}

static void choose_base(struct closure *c)
{
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, c->packages);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        struct stanza *s = value;
        if ((slice_is(s->fields[PRIORITY], "required") ||
             slice_is(s->fields[PRIORITY], "important") || slice_is(s->fields[ESSENTIAL], "yes")) &&
            !excluded(c, name))
            choose(c, s, "the base system");
    }
}

static gboolean choose_wanted(struct closure *c, GError **error)
{
    for (const char *const *w = c->need->wanted; *w; w++) {
        struct stanza *s = candidate(c, *w);
        if (!s) {
            g_autofree gpointer *keys = g_hash_table_get_keys_as_array(c->packages, NULL);
            const char *near = text_nearest(*w, (const char *const *)keys);
            g_autofree char *hint = near ? g_strdup_printf("did you mean '%s'?", near) : NULL;
            ingot_set_error(error, INGOT_EXIT_MEDIA, hint, "the archive has no package '%s'", *w);
            return FALSE;
        }
        choose(c, s, "the recipe");
    }
    return TRUE;
}

/* ---- the result ---- */

static void chosen_free(gpointer data)
{
    media_chosen *m = data;
    g_free(m->name);
    g_free(m->version);
    g_free(m->arch);
    g_free(m->filename);
    g_free(m->sha256);
    g_free(m);
}

static gboolean add_result(GPtrArray *all, const struct stanza *s, GError **error)
{
    media_chosen *m = g_new0(media_chosen, 1);
    g_autofree char *size = copy(s->fields[SIZE]);
    m->name = copy(s->fields[PACKAGE]);
    m->version = copy(s->fields[VERSION]);
    m->arch = copy(s->fields[ARCHITECTURE]);
    m->filename = copy(s->fields[FILENAME]);
    m->sha256 = copy(s->fields[SHA256]);
    g_ptr_array_add(all, m);
    if (g_ascii_string_to_unsigned(size, 10, 1, G_MAXINT64, &m->size, NULL) &&
        digest_is_hex(m->sha256) && media_path_is_safe(m->filename))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                    "the Packages file has no usable file name, size and SHA-256 for %s", m->name);
    return FALSE;
}

static GPtrArray *work_out(struct closure *c, GError **error)
{
    if (!choose_wanted(c, error))
        return NULL;
    if (c->need->base)
        choose_base(c);
    for (guint i = 0; i < c->queue->len; i++)
        if (!follow(c, g_ptr_array_index(c->queue, i), error))
            return NULL;
    g_ptr_array_sort(c->queue, by_name);
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(chosen_free);
    for (guint i = 0; i < c->queue->len; i++)
        if (!add_result(all, g_ptr_array_index(c->queue, i), error))
            return NULL;
    return g_steal_pointer(&all);
}

GPtrArray *media_closure(const char *text, gsize length, const struct media_need *need,
                         GError **error)
{
    struct closure c = {.need = need};
    c.packages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    c.provided = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_array);
    c.by = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    c.queue = g_ptr_array_new();
    read_index(&c, text, length);
    GPtrArray *all = work_out(&c, error);
    g_ptr_array_unref(c.queue);
    g_hash_table_unref(c.by);
    g_hash_table_unref(c.provided);
    g_hash_table_unref(c.packages);
    return all;
}
