/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/catalog.h"

#include "base/error.h"
#include "base/text.h"
#include "debian/packages.h"
#include "debian/relation.h"

#include <string.h>

/* One name in the Provides of an entry. */
struct claim {
    const deb_entry *entry;
    guint32 at; /* where in the field */
    guint32 hash;
};

struct deb_catalog {
    char *arch;
    GStringChunk *store; /* of the entries */
    GPtrArray *entries;  /* of const deb_entry *, sorted by name */
    GArray *claims;      /* of struct claim, in the order of compare_claims */
};

/* In large blocks, which go back to the system when the catalog is freed. */
#define STORE_BLOCK (1u << 20)

/* ---- order ---- */

static gint compare_slices(struct slice a, struct slice b)
{
    gsize length = MIN(a.length, b.length);
    int order = length ? memcmp(a.text, b.text, length) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

static gint compare_names(const deb_entry *a, const deb_entry *b)
{
    return compare_slices(entry_field(a, DEB_FIELD_PACKAGE), entry_field(b, DEB_FIELD_PACKAGE));
}

static gint compare_versions(const deb_entry *a, const deb_entry *b)
{
    g_autofree char *x = slice_copy(entry_field(a, DEB_FIELD_VERSION));
    g_autofree char *y = slice_copy(entry_field(b, DEB_FIELD_VERSION));
    return deb_version_compare(x, y);
}

/* By name, of one name the newest first. */
static gint catalog_in_order(gconstpointer a, gconstpointer b)
{
    const deb_entry *x = *(const deb_entry *const *)a, *y = *(const deb_entry *const *)b;
    int order = compare_names(x, y);
    return order ? order : compare_versions(y, x);
}

/* The sort is stable (g_ptr_array_sort): of equal versions, the first one that was read stays. */
static void sort_entries(deb_catalog *c)
{
    guint kept = 0;
    g_ptr_array_sort(c->entries, catalog_in_order);
    for (guint i = 0; i < c->entries->len; i++) {
        gpointer *all = c->entries->pdata;
        if (kept == 0 || compare_names(all[kept - 1], all[i]) != 0)
            all[kept++] = all[i];
    }
    g_ptr_array_set_size(c->entries, (gint)kept);
}

/* ---- what is provided ---- */

static struct slice claim_relation(const deb_entry *entry, guint32 at)
{
    struct slice part = {0}, rest = entry_field(entry, DEB_FIELD_PROVIDES);
    rest.text += at;
    rest.length -= at;
    (void)slice_next(&rest, ',', &part);
    return part;
}

static guint32 hash_name(struct slice name)
{
    guint32 hash = 5381;
    for (gsize i = 0; i < name.length; i++)
        hash = hash * 33 + (guint8)name.text[i];
    return hash;
}

static int rank(const deb_entry *e)
{
    static const char *const ranks[] = {"required", "important", "standard", "optional"};
    const struct slice priority = entry_field(e, DEB_FIELD_PRIORITY);
    gsize i = 0;
    while (i < G_N_ELEMENTS(ranks) && !slice_is(priority, ranks[i]))
        i++;
    return (int)i;
}

/* By hash, so that few names need to be compared. */
static gint compare_claim(const struct claim *claim, guint32 hash, struct slice name)
{
    if (claim->hash != hash)
        return claim->hash < hash ? -1 : 1;
    return compare_slices(relation_name(claim_relation(claim->entry, claim->at)), name);
}

static gint compare_claims(gconstpointer a, gconstpointer b)
{
    const struct claim *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    int order = compare_claim(x, y->hash, relation_name(claim_relation(y->entry, y->at)));
    order = order ? order : rank(x->entry) - rank(y->entry);
    order = order ? order : compare_names(x->entry, y->entry);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static void add_claims(deb_catalog *c, const deb_entry *entry)
{
    const struct slice field = entry_field(entry, DEB_FIELD_PROVIDES);
    struct slice rest = field, part;
    for (;;) {
        struct claim claim = {.entry = entry, .at = (guint32)(field.length - rest.length)};
        if (!slice_next(&rest, ',', &part))
            return;
        const struct slice name = relation_name(part);
        claim.hash = hash_name(name);
        if (name.length)
            g_array_append_val(c->claims, claim);
    }
}

/* Only when all stanzas are read: one that a newer one has replaced provides nothing. */
static void sort_claims(deb_catalog *c)
{
    for (guint i = 0; i < c->entries->len; i++)
        add_claims(c, g_ptr_array_index(c->entries, i));
    g_array_sort(c->claims, compare_claims);
}

/* ---- reading ---- */

struct filling {
    deb_catalog *catalog;
    const char *only;
    guint8 source;
};

static gboolean is_wanted(const struct filling *f, const deb_stanza *s)
{
    const struct slice name = s->fields[DEB_FIELD_PACKAGE];
    const struct slice arch = s->fields[DEB_FIELD_ARCHITECTURE];
    return name.length && (!f->only || slice_is(name, f->only)) &&
           (slice_is(arch, f->catalog->arch) || slice_is(arch, "all"));
}

static gboolean catalog_add_text(const char *text, gsize length, gpointer data, GError **error)
{
    const struct filling *f = data;
    const char *at = text, *end = text + length;
    deb_stanza s;
    g_autoptr(GError) local = NULL;
    while (stanza_next(&at, end, FALSE, &s, &local))
        if (is_wanted(f, &s))
            g_ptr_array_add(f->catalog->entries,
                            (gpointer)entry_store(f->catalog->store, &s, f->source));
    if (!local)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* Stanzas in which the name does not occur are not looked at any further. */
static gboolean add_mentions(const char *text, gsize length, gpointer data, GError **error)
{
    const struct filling *f = data;
    while (length) {
        const char *gap = memmem(text, length, "\n\n", 2);
        gsize n = gap ? (gsize)(gap - text) + 2 : length;
        if (memmem(text, n, f->only, strlen(f->only)) && !catalog_add_text(text, n, data, error))
            return FALSE;
        text += n;
        length -= n;
    }
    return TRUE;
}

static deb_catalog *catalog_new_empty(const char *arch)
{
    deb_catalog *c = g_new0(deb_catalog, 1);
    c->arch = g_strdup(arch);
    c->store = g_string_chunk_new(STORE_BLOCK);
    c->entries = g_ptr_array_new();
    c->claims = g_array_new(FALSE, FALSE, sizeof(struct claim));
    return c;
}

/* Ends the reading: now the catalog can be asked. */
static deb_catalog *catalog_sorted(deb_catalog *c)
{
    sort_entries(c);
    sort_claims(c);
    return c;
}

deb_catalog *deb_catalog_read(const struct deb_listing *listings, gsize n, const char *arch,
                              const char *only, GCancellable *cancel, GError **error)
{
    g_autoptr(deb_catalog) c = catalog_new_empty(arch);
    for (gsize i = 0; i < n; i++) {
        struct filling f = {c, only, listings[i].source};
        if (!packages_read(listings[i].file, only ? add_mentions : catalog_add_text, &f, cancel,
                           error))
            return NULL;
    }
    return catalog_sorted(g_steal_pointer(&c));
}

deb_catalog *deb_catalog_new(const char *text, gsize length, const char *arch, GError **error)
{
    g_autoptr(deb_catalog) c = catalog_new_empty(arch);
    struct filling f = {.catalog = c};
    return catalog_add_text(length ? text : "", length, &f, error)
               ? catalog_sorted(g_steal_pointer(&c))
               : NULL;
}

void deb_catalog_free(deb_catalog *catalog)
{
    if (!catalog)
        return;
    g_array_unref(catalog->claims);
    g_ptr_array_unref(catalog->entries);
    g_string_chunk_free(catalog->store);
    g_free(catalog->arch);
    g_free(catalog);
}

/* ---- asking ---- */

gboolean deb_catalog_has(const deb_catalog *catalog, const char *name)
{
    return catalog_find(catalog, name) != NULL;
}

const GPtrArray *catalog_entries(const deb_catalog *catalog)
{
    return catalog->entries;
}

const deb_entry *catalog_find(const deb_catalog *catalog, const char *name)
{
    const struct slice wanted = {name, strlen(name)};
    guint from = 0, to = catalog->entries->len;
    while (from < to) {
        guint middle = from + (to - from) / 2;
        const deb_entry *e = g_ptr_array_index(catalog->entries, middle);
        int order = compare_slices(entry_field(e, DEB_FIELD_PACKAGE), wanted);
        if (order == 0)
            return e;
        *(order < 0 ? &from : &to) = order < 0 ? middle + 1 : middle;
    }
    return NULL;
}

struct deb_providers catalog_providers(const deb_catalog *catalog, const char *name)
{
    const struct slice wanted = {name, strlen(name)};
    const guint32 hash = hash_name(wanted);
    guint from = 0, to = catalog->claims->len;
    while (from < to) {
        guint middle = from + (to - from) / 2;
        if (compare_claim(&g_array_index(catalog->claims, struct claim, middle), hash, wanted) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return (struct deb_providers){catalog, name, from};
}

const deb_entry *catalog_next_provider(struct deb_providers *providers)
{
    const struct slice wanted = {providers->name, strlen(providers->name)};
    const GArray *claims = providers->catalog->claims;
    if (providers->next >= claims->len)
        return NULL;
    const struct claim *claim = &g_array_index(claims, struct claim, providers->next);
    if (compare_claim(claim, hash_name(wanted), wanted) != 0)
        return NULL;
    providers->next++;
    return claim->entry;
}

char *catalog_provided_version(const struct deb_providers *providers)
{
    const struct claim *claim =
        &g_array_index(providers->catalog->claims, struct claim, providers->next - 1);
    g_auto(deb_relation) r = relation_parse(claim_relation(claim->entry, claim->at));
    return g_strcmp0(r.op, "=") == 0 ? g_steal_pointer(&r.version) : NULL;
}

void catalog_fail(const deb_catalog *catalog, const char *name, GError **error)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (guint i = 0; i < catalog->entries->len; i++) {
        const deb_entry *e = g_ptr_array_index(catalog->entries, i);
        g_autofree char *one = slice_copy(entry_field(e, DEB_FIELD_PACKAGE));
        g_strv_builder_add(names, one);
    }
    g_auto(GStrv) all = g_strv_builder_end(names);
    const char *near = text_nearest(name, (const char *const *)all);
    g_autofree char *shown = near ? text_printable(near, -1) : NULL;
    g_autofree char *hint = near ? g_strdup_printf("did you mean “%s”?", shown) : NULL;
    ingot_set_error(error, INGOT_EXIT_MEDIA, hint, "the archive has no package “%s”", name);
}
