/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/catalog.h"

#include "base/error.h"
#include "base/text.h"
#include "debian/relation.h"

#include <string.h>

#define STANZA_MAX (4u << 20)

struct deb_catalog {
    GHashTable *packages; /* name -> deb_stanza * */
    GHashTable *provided; /* name -> GPtrArray of struct deb_provider * */
};

/* ---- the tables ---- */

static void free_provider(gpointer data)
{
    struct deb_provider *p = data;
    g_free(p->version);
    g_free(p);
}

static void catalog_free_array(gpointer array)
{
    g_ptr_array_unref(array);
}

static void add_provides(deb_catalog *c, const deb_stanza *s)
{
    struct slice rest = s->fields[DEB_FIELD_PROVIDES], part;
    while (slice_next(&rest, ',', &part)) {
        g_auto(deb_relation) r = relation_parse(part);
        GPtrArray *who = g_hash_table_lookup(c->provided, r.name);
        struct deb_provider *p = g_new0(struct deb_provider, 1);
        p->stanza = s;
        p->version = g_strcmp0(r.op, "=") == 0 ? g_steal_pointer(&r.version) : NULL;
        if (!who) {
            who = g_ptr_array_new_with_free_func(free_provider);
            g_hash_table_insert(c->provided, g_steal_pointer(&r.name), who);
        }
        g_ptr_array_add(who, p);
    }
}

static gboolean is_newer(const deb_stanza *a, const deb_stanza *b)
{
    g_autofree char *x = slice_copy(a->fields[DEB_FIELD_VERSION]);
    g_autofree char *y = slice_copy(b->fields[DEB_FIELD_VERSION]);
    return deb_version_compare(x, y) > 0;
}

static void add_stanza(deb_catalog *c, const deb_stanza *found, const char *arch)
{
    const struct slice its = found->fields[DEB_FIELD_ARCHITECTURE];
    if (!found->fields[DEB_FIELD_PACKAGE].length || (!slice_is(its, arch) && !slice_is(its, "all")))
        return;
    g_autofree char *name = slice_copy(found->fields[DEB_FIELD_PACKAGE]);
    const deb_stanza *known = g_hash_table_lookup(c->packages, name);
    if (!known || is_newer(found, known))
        g_hash_table_replace(c->packages, g_steal_pointer(&name), g_memdup2(found, sizeof *found));
}

static gint compare_slices(struct slice a, struct slice b)
{
    int order = memcmp(a.text, b.text, MIN(a.length, b.length));
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

static gint catalog_by_name(gconstpointer a, gconstpointer b)
{
    const deb_stanza *x = *(const deb_stanza *const *)a, *y = *(const deb_stanza *const *)b;
    return compare_slices(x->fields[DEB_FIELD_PACKAGE], y->fields[DEB_FIELD_PACKAGE]);
}

static int rank(const deb_stanza *s)
{
    static const char *const ranks[] = {"required", "important", "standard", "optional"};
    gsize i = 0;
    while (i < G_N_ELEMENTS(ranks) && !slice_is(s->fields[DEB_FIELD_PRIORITY], ranks[i]))
        i++;
    return (int)i;
}

static gint by_rank(gconstpointer a, gconstpointer b)
{
    const struct deb_provider *x = *(struct deb_provider *const *)a;
    const struct deb_provider *y = *(struct deb_provider *const *)b;
    int order = rank(x->stanza) - rank(y->stanza);
    return order ? order : catalog_by_name(&x->stanza, &y->stanza);
}

/* Only when all stanzas are read: one that a newer one has replaced provides nothing. */
static void sort_out_provides(deb_catalog *c)
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

/* FALSE with *error unset: end of the text. */
static gboolean read_stanza(const char **at, const char *end, deb_stanza *s, GError **error)
{
    const char *from = *at;
    if (!stanza_next(at, end, FALSE, s, error))
        return FALSE;
    if ((gsize)(*at - from) <= STANZA_MAX)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the Packages file has a stanza of over %u MiB",
                    STANZA_MAX >> 20);
    return FALSE;
}

deb_catalog *deb_catalog_new(const char *text, gsize length, const char *arch, GError **error)
{
    const char *at = length ? text : "", *end = at + length;
    deb_stanza s;
    g_autoptr(GError) local = NULL;
    g_autoptr(deb_catalog) c = g_new0(deb_catalog, 1);
    c->packages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    c->provided = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, catalog_free_array);
    while (read_stanza(&at, end, &s, &local))
        add_stanza(c, &s, arch);
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    sort_out_provides(c);
    return g_steal_pointer(&c);
}

void deb_catalog_free(deb_catalog *catalog)
{
    if (!catalog)
        return;
    g_hash_table_unref(catalog->provided);
    g_hash_table_unref(catalog->packages);
    g_free(catalog);
}

gboolean deb_catalog_has(const deb_catalog *catalog, const char *name)
{
    return catalog_find(catalog, name) != NULL;
}

const deb_stanza *catalog_find(const deb_catalog *catalog, const char *name)
{
    return g_hash_table_lookup(catalog->packages, name);
}

const GPtrArray *catalog_providers(const deb_catalog *catalog, const char *name)
{
    return g_hash_table_lookup(catalog->provided, name);
}

GPtrArray *catalog_list(const deb_catalog *catalog)
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

void catalog_fail(const deb_catalog *catalog, const char *name, GError **error)
{
    g_autofree gpointer *keys = g_hash_table_get_keys_as_array(catalog->packages, NULL);
    const char *near = text_nearest(name, (const char *const *)keys);
    g_autofree char *shown = near ? text_printable(near, -1) : NULL;
    g_autofree char *hint = near ? g_strdup_printf("did you mean “%s”?", shown) : NULL;
    ingot_set_error(error, INGOT_EXIT_MEDIA, hint, "the archive has no package “%s”", name);
}
