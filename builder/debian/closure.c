/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/catalog.h"

#include "base/error.h"
#include "base/text.h"
#include "debian/relation.h"

#include <string.h>

struct pick {
    const deb_entry *entry;
    char *name, *version;
    gboolean base, wanted;
};

/* A relation of Conflicts or Breaks, and the package that has it. */
struct ban {
    deb_relation relation;
    const struct pick *whose;
};

struct closure {
    const deb_catalog *catalog;
    const struct deb_need *need;
    GHashTable *chosen; /* deb_entry * -> struct pick * */
    GPtrArray *queue;   /* of struct pick *, in the order of their choice; owns them */
    GHashTable *bans;   /* name -> GPtrArray of struct ban * */
    guint followed;     /* how many of the queue have their dependencies */
    guint recommended;  /* and how many their recommendations */
    gboolean base;      /* what is chosen now is of the base set */
    char *obstacle;     /* why the last candidate was not taken, for messages */
};

static void pick_free(gpointer data)
{
    struct pick *p = data;
    g_free(p->name);
    g_free(p->version);
    g_free(p);
}

static void ban_free(gpointer data)
{
    struct ban *b = data;
    deb_relation_clear(&b->relation);
    g_free(b);
}

static void closure_free_array(gpointer array)
{
    g_ptr_array_unref(array);
}

static struct pick *pick_of(const struct closure *c, const deb_entry *s)
{
    return s ? g_hash_table_lookup(c->chosen, s) : NULL;
}

/* ---- conflicts ---- */

/* The chosen package, other than self, that a relation applies to; NULL: none. */
static struct pick *chosen_by(const struct closure *c, const deb_relation *r, const deb_entry *but)
{
    const deb_entry *s = catalog_find(c->catalog, r->name);
    struct pick *p = s != but ? pick_of(c, s) : NULL;
    if (p && deb_relation_allows(r, p->version))
        return p;
    struct deb_providers who = catalog_providers(c->catalog, r->name);
    while ((s = catalog_next_provider(&who))) {
        p = s != but ? pick_of(c, s) : NULL;
        g_autofree char *version = p ? catalog_provided_version(&who) : NULL;
        if (p && deb_relation_allows(r, version))
            return p;
    }
    return NULL;
}

static const struct pick *banned_by(const struct closure *c, const char *name, const char *version)
{
    const GPtrArray *bans = g_hash_table_lookup(c->bans, name);
    for (guint i = 0; bans && i < bans->len; i++) {
        const struct ban *b = g_ptr_array_index(bans, i);
        if (deb_relation_allows(&b->relation, version))
            return b->whose;
    }
    return NULL;
}

static const enum deb_field against[] = {DEB_FIELD_CONFLICTS, DEB_FIELD_BREAKS};

/* The chosen package that conflicts with one that is not chosen; NULL: none. */
static const struct pick *clash(const struct closure *c, const deb_entry *s)
{
    const struct pick *p = NULL;
    struct slice part, rest = entry_field(s, DEB_FIELD_PROVIDES);
    g_autofree char *name = slice_copy(entry_field(s, DEB_FIELD_PACKAGE));
    g_autofree char *version = slice_copy(entry_field(s, DEB_FIELD_VERSION));
    p = banned_by(c, name, version);
    while (!p && slice_next(&rest, ',', &part)) {
        g_auto(deb_relation) r = relation_parse(part);
        p = banned_by(c, r.name, r.version);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(against); i++) {
        rest = entry_field(s, against[i]);
        while (!p && slice_next(&rest, ',', &part)) {
            g_auto(deb_relation) r = relation_parse(part);
            p = chosen_by(c, &r, s);
        }
    }
    return p;
}

static void add_bans(struct closure *c, const struct pick *p)
{
    for (gsize i = 0; i < G_N_ELEMENTS(against); i++) {
        struct slice part, rest = entry_field(p->entry, against[i]);
        while (slice_next(&rest, ',', &part)) {
            struct ban *b = g_new0(struct ban, 1);
            b->relation = relation_parse(part);
            b->whose = p;
            GPtrArray *bans = g_hash_table_lookup(c->bans, b->relation.name);
            if (!bans) {
                bans = g_ptr_array_new_with_free_func(ban_free);
                g_hash_table_insert(c->bans, g_strdup(b->relation.name), bans);
            }
            g_ptr_array_add(bans, b);
        }
    }
}

static void remove_bans(struct closure *c, const struct pick *p)
{
    for (gsize i = 0; i < G_N_ELEMENTS(against); i++) {
        struct slice part, rest = entry_field(p->entry, against[i]);
        while (slice_next(&rest, ',', &part)) {
            g_auto(deb_relation) r = relation_parse(part);
            GPtrArray *bans = g_hash_table_lookup(c->bans, r.name);
            for (guint n = bans->len; n-- > 0;) {
                if (((struct ban *)g_ptr_array_index(bans, n))->whose == p)
                    g_ptr_array_remove_index(bans, n);
            }
        }
    }
}

static gboolean excluded(const struct closure *c, const char *name)
{
    return c->need->excluded && g_strv_contains(c->need->excluded, name);
}

static gboolean may_take(struct closure *c, const deb_entry *s)
{
    g_autofree char *name = slice_copy(entry_field(s, DEB_FIELD_PACKAGE));
    gboolean out = excluded(c, name);
    const struct pick *other = out ? NULL : clash(c, s);
    if (!out && !other)
        return TRUE;
    g_free(c->obstacle);
    c->obstacle =
        out ? g_strdup_printf("%s is excluded", name)
            : g_strdup_printf("%s and %s cannot be installed together", name, other->name);
    return FALSE;
}

/* ---- choosing ---- */

static struct pick *closure_take(struct closure *c, const deb_entry *s)
{
    struct pick *p = g_new0(struct pick, 1);
    p->entry = s;
    p->name = slice_copy(entry_field(s, DEB_FIELD_PACKAGE));
    p->version = slice_copy(entry_field(s, DEB_FIELD_VERSION));
    p->base = c->base;
    g_hash_table_insert(c->chosen, (gpointer)s, p);
    g_ptr_array_add(c->queue, p);
    add_bans(c, p);
    return p;
}

/* Takes back the choices made since the queue had this length. */
static void take_back(struct closure *c, guint so_many)
{
    for (guint i = so_many; i < c->queue->len; i++) {
        const struct pick *p = g_ptr_array_index(c->queue, i);
        g_hash_table_remove(c->chosen, p->entry);
        remove_bans(c, p);
    }
    g_ptr_array_set_size(c->queue, (gint)so_many);
    c->followed = so_many;
}

/* The package that a relation names, else the best of those that provide the name. */
static const deb_entry *candidate(struct closure *c, const deb_relation *r)
{
    const deb_entry *s = catalog_find(c->catalog, r->name);
    struct deb_providers who = catalog_providers(c->catalog, r->name);
    g_autofree char *version = s ? slice_copy(entry_field(s, DEB_FIELD_VERSION)) : NULL;
    if (s && deb_relation_allows(r, version) && may_take(c, s))
        return s;
    while ((s = catalog_next_provider(&who))) {
        g_autofree char *provided = catalog_provided_version(&who);
        if (deb_relation_allows(r, provided) && may_take(c, s))
            return s;
    }
    return NULL;
}

/* One "a | b (>= 1)".  FALSE: nothing satisfies it. */
static gboolean satisfy(struct closure *c, struct slice clause)
{
    const deb_entry *first = NULL;
    struct slice part, rest = clause;
    g_clear_pointer(&c->obstacle, g_free);
    while (slice_next(&rest, '|', &part)) {
        g_auto(deb_relation) r = relation_parse(part);
        if (chosen_by(c, &r, NULL))
            return TRUE;
        if (!first)
            first = candidate(c, &r);
    }
    if (first)
        (void)closure_take(c, first);
    return first != NULL;
}

static gboolean follow_field(struct closure *c, const struct pick *p, enum deb_field field,
                             GError **error)
{
    struct slice clause, rest = entry_field(p->entry, field);
    while (slice_next(&rest, ',', &clause)) {
        if (!clause.length || satisfy(c, clause))
            continue;
        g_autofree char *shown = text_printable(clause.text, (gssize)MIN(clause.length, 200));
        g_autofree char *whose = text_printable(p->name, -1);
        g_autofree char *why = c->obstacle ? text_printable(c->obstacle, -1) : NULL;
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                        "nothing in the archive provides “%s”, which %s needs%s%s", shown, whose,
                        why ? ": " : "", why ? why : "");
        return FALSE;
    }
    return TRUE;
}

/* All dependencies of the chosen packages, and theirs. */
static gboolean closure_follow(struct closure *c, GError **error)
{
    while (c->followed < c->queue->len) {
        const struct pick *p = g_ptr_array_index(c->queue, c->followed++);
        if (!follow_field(c, p, DEB_FIELD_PRE_DEPENDS, error) ||
            !follow_field(c, p, DEB_FIELD_DEPENDS, error))
            return FALSE;
    }
    return TRUE;
}

/* Required packages are chosen before optional ones: they can be one of the alternatives.  A
 * recommended package whose dependencies cannot be satisfied is left out. */
static void follow_recommends(struct closure *c)
{
    while (c->recommended < c->queue->len) {
        const struct pick *p = g_ptr_array_index(c->queue, c->recommended++);
        struct slice clause, rest = entry_field(p->entry, DEB_FIELD_RECOMMENDS);
        while (slice_next(&rest, ',', &clause)) {
            guint before = c->queue->len;
            if (clause.length && satisfy(c, clause) && !closure_follow(c, NULL))
                take_back(c, before);
        }
    }
}

/* ---- the two steps ---- */

static gboolean is_base(const deb_entry *s)
{
    const struct slice priority = entry_field(s, DEB_FIELD_PRIORITY);
    return slice_is(priority, "required") || slice_is(priority, "important") ||
           slice_is(entry_field(s, DEB_FIELD_ESSENTIAL), "yes");
}

static gboolean fail_name(const struct closure *c, const char *name, GError **error)
{
    g_autofree char *shown = text_printable(name, -1);
    g_autofree char *why = c->obstacle ? text_printable(c->obstacle, -1) : NULL;
    if (why)
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the package “%s” cannot be installed: %s",
                        shown, why);
    else
        catalog_fail(c->catalog, name, error);
    return FALSE;
}

static gboolean choose_base(struct closure *c, GError **error)
{
    const GPtrArray *all = catalog_entries(c->catalog);
    for (guint i = 0; i < all->len; i++) {
        const deb_entry *s = g_ptr_array_index(all, i);
        g_autofree char *name = slice_copy(entry_field(s, DEB_FIELD_PACKAGE));
        if (!is_base(s) || excluded(c, name))
            continue;
        if (!may_take(c, s))
            return fail_name(c, name, error);
        (void)closure_take(c, s);
    }
    return TRUE;
}

static gboolean choose_name(struct closure *c, const char *name, GError **error)
{
    const deb_relation r = {.name = (char *)name};
    struct pick *p = chosen_by(c, &r, NULL);
    g_clear_pointer(&c->obstacle, g_free);
    if (!p) {
        const deb_entry *s = candidate(c, &r);
        if (!s)
            return fail_name(c, name, error);
        p = closure_take(c, s);
    }
    p->wanted = TRUE;
    return TRUE;
}

static gboolean closure_choose_names(struct closure *c, const char *const *list, GError **error)
{
    for (; list && *list; list++) {
        if (!choose_name(c, *list, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean choose_all(struct closure *c, GError **error)
{
    c->base = TRUE;
    if (c->need->base && !choose_base(c, error))
        return FALSE;
    if (!closure_choose_names(c, c->need->plain, error) || !closure_follow(c, error))
        return FALSE;
    c->base = FALSE;
    c->recommended = c->queue->len;
    if (!closure_choose_names(c, c->need->packages, error) || !closure_follow(c, error))
        return FALSE;
    follow_recommends(c);
    return TRUE;
}

/* ---- the result ---- */

static gint closure_by_name(gconstpointer a, gconstpointer b)
{
    const deb_package *x = *(deb_package *const *)a, *y = *(deb_package *const *)b;
    return strcmp(x->name, y->name);
}

static GPtrArray *results(const struct closure *c, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)deb_package_free);
    for (guint i = 0; i < c->queue->len; i++) {
        const struct pick *p = g_ptr_array_index(c->queue, i);
        deb_package *m = entry_package(p->entry, error);
        if (!m)
            return NULL;
        m->base = p->base;
        m->wanted = p->wanted;
        g_ptr_array_add(all, m);
    }
    g_ptr_array_sort(all, closure_by_name);
    return g_steal_pointer(&all);
}

GPtrArray *deb_closure(const deb_catalog *catalog, const struct deb_need *need, GError **error)
{
    struct closure c = {.catalog = catalog, .need = need};
    c.chosen = g_hash_table_new(NULL, NULL);
    c.queue = g_ptr_array_new_with_free_func(pick_free);
    c.bans = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, closure_free_array);
    GPtrArray *all = choose_all(&c, error) ? results(&c, error) : NULL;
    g_free(c.obstacle);
    g_hash_table_unref(c.bans);
    g_hash_table_unref(c.chosen);
    g_ptr_array_unref(c.queue);
    return all;
}
