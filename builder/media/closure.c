/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/closure.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "media/release.h"

#include <string.h>

#define KERNEL_PARTS_MAX 8u
#define KERNEL_HOPS_MAX  8u

struct pick {
    const media_stanza *stanza;
    char *name, *version;
    gboolean base, wanted;
};

/* A relation of Conflicts or Breaks, and who has it. */
struct ban {
    media_relation relation;
    const struct pick *whose;
};

struct closure {
    const media_catalog *catalog;
    const struct media_need *need;
    GHashTable *chosen; /* media_stanza * -> struct pick * */
    GPtrArray *queue;   /* of struct pick *, in the order of their choice; owns them */
    GHashTable *bans;   /* name -> GPtrArray of struct ban * */
    guint followed;     /* so many of the queue have what they depend on */
    guint recommended;  /* and so many what they recommend */
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
    media_relation_clear(&b->relation);
    g_free(b);
}

static void free_array(gpointer array)
{
    g_ptr_array_unref(array);
}

static struct pick *pick_of(const struct closure *c, const media_stanza *s)
{
    return s ? g_hash_table_lookup(c->chosen, s) : NULL;
}

/* ---- what stands against a package ---- */

/* What chosen package, other than the one itself, a relation speaks of; NULL: none. */
static struct pick *chosen_by(const struct closure *c, const media_relation *r,
                              const media_stanza *but)
{
    const media_stanza *s = media_catalog_find(c->catalog, r->name);
    struct pick *p = s != but ? pick_of(c, s) : NULL;
    if (p && media_relation_allows(r, p->version))
        return p;
    const GPtrArray *who = media_catalog_providers(c->catalog, r->name);
    for (guint i = 0; who && i < who->len; i++) {
        const struct media_provider *provider = g_ptr_array_index(who, i);
        p = provider->stanza != but ? pick_of(c, provider->stanza) : NULL;
        if (p && media_relation_allows(r, provider->version))
            return p;
    }
    return NULL;
}

static const struct pick *banned_by(const struct closure *c, const char *name, const char *version)
{
    const GPtrArray *bans = g_hash_table_lookup(c->bans, name);
    for (guint i = 0; bans && i < bans->len; i++) {
        const struct ban *b = g_ptr_array_index(bans, i);
        if (media_relation_allows(&b->relation, version))
            return b->whose;
    }
    return NULL;
}

static const enum media_field against[] = {MEDIA_FIELD_CONFLICTS, MEDIA_FIELD_BREAKS};

/* The chosen package that does not go together with one that is not chosen; NULL: none. */
static const struct pick *clash(const struct closure *c, const media_stanza *s)
{
    const struct pick *p = NULL;
    struct media_slice part, rest = s->fields[MEDIA_FIELD_PROVIDES];
    g_autofree char *name = media_slice_copy(s->fields[MEDIA_FIELD_PACKAGE]);
    g_autofree char *version = media_slice_copy(s->fields[MEDIA_FIELD_VERSION]);
    p = banned_by(c, name, version);
    while (!p && media_slice_next(&rest, ',', &part)) {
        g_auto(media_relation) r = media_relation_parse(part);
        p = banned_by(c, r.name, r.version);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(against); i++) {
        rest = s->fields[against[i]];
        while (!p && media_slice_next(&rest, ',', &part)) {
            g_auto(media_relation) r = media_relation_parse(part);
            p = chosen_by(c, &r, s);
        }
    }
    return p;
}

static void add_bans(struct closure *c, const struct pick *p)
{
    for (gsize i = 0; i < G_N_ELEMENTS(against); i++) {
        struct media_slice part, rest = p->stanza->fields[against[i]];
        while (media_slice_next(&rest, ',', &part)) {
            struct ban *b = g_new0(struct ban, 1);
            b->relation = media_relation_parse(part);
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
        struct media_slice part, rest = p->stanza->fields[against[i]];
        while (media_slice_next(&rest, ',', &part)) {
            g_auto(media_relation) r = media_relation_parse(part);
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

static gboolean may_take(struct closure *c, const media_stanza *s)
{
    g_autofree char *name = media_slice_copy(s->fields[MEDIA_FIELD_PACKAGE]);
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

static struct pick *closure_take(struct closure *c, const media_stanza *s)
{
    struct pick *p = g_new0(struct pick, 1);
    p->stanza = s;
    p->name = media_slice_copy(s->fields[MEDIA_FIELD_PACKAGE]);
    p->version = media_slice_copy(s->fields[MEDIA_FIELD_VERSION]);
    p->base = c->base;
    g_hash_table_insert(c->chosen, (gpointer)s, p);
    g_ptr_array_add(c->queue, p);
    add_bans(c, p);
    return p;
}

/* Takes back what was chosen since there were so many. */
static void take_back(struct closure *c, guint so_many)
{
    for (guint i = so_many; i < c->queue->len; i++) {
        const struct pick *p = g_ptr_array_index(c->queue, i);
        g_hash_table_remove(c->chosen, p->stanza);
        remove_bans(c, p);
    }
    g_ptr_array_set_size(c->queue, (gint)so_many);
    c->followed = so_many;
}

/* The package that a relation names, else the best of those that provide the name. */
static const media_stanza *candidate(struct closure *c, const media_relation *r)
{
    const media_stanza *s = media_catalog_find(c->catalog, r->name);
    const GPtrArray *who = media_catalog_providers(c->catalog, r->name);
    g_autofree char *version = s ? media_slice_copy(s->fields[MEDIA_FIELD_VERSION]) : NULL;
    if (s && media_relation_allows(r, version) && may_take(c, s))
        return s;
    for (guint i = 0; who && i < who->len; i++) {
        const struct media_provider *p = g_ptr_array_index(who, i);
        if (media_relation_allows(r, p->version) && may_take(c, p->stanza))
            return p->stanza;
    }
    return NULL;
}

/* One "a | b (>= 1)".  FALSE: there is nothing for it. */
static gboolean satisfy(struct closure *c, struct media_slice clause)
{
    const media_stanza *first = NULL;
    struct media_slice part, rest = clause;
    g_clear_pointer(&c->obstacle, g_free);
    while (media_slice_next(&rest, '|', &part)) {
        g_auto(media_relation) r = media_relation_parse(part);
        if (chosen_by(c, &r, NULL))
            return TRUE;
        if (!first)
            first = candidate(c, &r);
    }
    if (first)
        (void)closure_take(c, first);
    return first != NULL;
}

static gboolean follow_field(struct closure *c, const struct pick *p, enum media_field field,
                             GError **error)
{
    struct media_slice clause, rest = p->stanza->fields[field];
    while (media_slice_next(&rest, ',', &clause)) {
        if (!clause.length || satisfy(c, clause))
            continue;
        g_autofree char *shown = text_printable(clause.text, (gssize)MIN(clause.length, 200));
        g_autofree char *whose = text_printable(p->name, -1);
        g_autofree char *why = c->obstacle ? text_printable(c->obstacle, -1) : NULL;
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                        "the archive has nothing for “%s”, which %s needs%s%s", shown, whose,
                        why ? ": " : "", why ? why : "");
        return FALSE;
    }
    return TRUE;
}

/* All that the chosen ones depend on, and what those depend on. */
static gboolean closure_follow(struct closure *c, GError **error)
{
    while (c->followed < c->queue->len) {
        const struct pick *p = g_ptr_array_index(c->queue, c->followed++);
        if (!follow_field(c, p, MEDIA_FIELD_PRE_DEPENDS, error) ||
            !follow_field(c, p, MEDIA_FIELD_DEPENDS, error))
            return FALSE;
    }
    return TRUE;
}

/* What must be there is chosen before what may be: it can be one of the alternatives.  What cannot
 * be there with all that it depends on is left out. */
static void follow_recommends(struct closure *c)
{
    while (c->recommended < c->queue->len) {
        const struct pick *p = g_ptr_array_index(c->queue, c->recommended++);
        struct media_slice clause, rest = p->stanza->fields[MEDIA_FIELD_RECOMMENDS];
        while (media_slice_next(&rest, ',', &clause)) {
            guint before = c->queue->len;
            if (clause.length && satisfy(c, clause) && !closure_follow(c, NULL))
                take_back(c, before);
        }
    }
}

/* ---- the two steps ---- */

static gboolean is_base(const media_stanza *s)
{
    const struct media_slice priority = s->fields[MEDIA_FIELD_PRIORITY];
    return media_slice_is(priority, "required") || media_slice_is(priority, "important") ||
           media_slice_is(s->fields[MEDIA_FIELD_ESSENTIAL], "yes");
}

static gboolean fail_name(const struct closure *c, const char *name, GError **error)
{
    g_autofree char *shown = text_printable(name, -1);
    g_autofree char *why = c->obstacle ? text_printable(c->obstacle, -1) : NULL;
    if (why)
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the package “%s” cannot be had: %s", shown,
                        why);
    else
        media_catalog_fail(c->catalog, name, error);
    return FALSE;
}

static gboolean choose_base(struct closure *c, GError **error)
{
    g_autoptr(GPtrArray) all = media_catalog_list(c->catalog);
    for (guint i = 0; i < all->len; i++) {
        const media_stanza *s = g_ptr_array_index(all, i);
        g_autofree char *name = media_slice_copy(s->fields[MEDIA_FIELD_PACKAGE]);
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
    const media_relation r = {.name = (char *)name};
    struct pick *p = chosen_by(c, &r, NULL);
    g_clear_pointer(&c->obstacle, g_free);
    if (!p) {
        const media_stanza *s = candidate(c, &r);
        if (!s)
            return fail_name(c, name, error);
        p = closure_take(c, s);
    }
    p->wanted = TRUE;
    return TRUE;
}

static gboolean choose_names(struct closure *c, const char *const *list, GError **error)
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
    if (!choose_names(c, c->need->plain, error) || !closure_follow(c, error))
        return FALSE;
    c->base = FALSE;
    c->recommended = c->queue->len;
    if (!choose_names(c, c->need->packages, error) || !closure_follow(c, error))
        return FALSE;
    follow_recommends(c);
    return TRUE;
}

/* ---- the result ---- */

void media_chosen_free(media_chosen *chosen)
{
    if (!chosen)
        return;
    g_free(chosen->name);
    g_free(chosen->version);
    g_free(chosen->arch);
    g_free(chosen->filename);
    g_free(chosen);
}

/* Names and versions become parts of paths and of files in the guest (Policy 5.6.1, 5.6.12). */
static gboolean is_word(const char *word, const char *more)
{
    for (const char *c = word; *c; c++) {
        if (!g_ascii_isalnum(*c) && !strchr(more, *c))
            return FALSE;
    }
    return g_ascii_isalnum(*word);
}

static media_chosen *chosen_of(const media_stanza *s, GError **error)
{
    g_autoptr(media_chosen) m = g_new0(media_chosen, 1);
    g_autofree char *size = media_slice_copy(s->fields[MEDIA_FIELD_SIZE]);
    g_autofree char *sha256 = media_slice_copy(s->fields[MEDIA_FIELD_SHA256]);
    m->stanza = s->fields[MEDIA_FIELD_PACKAGE].text;
    m->name = media_slice_copy(s->fields[MEDIA_FIELD_PACKAGE]);
    m->version = media_slice_copy(s->fields[MEDIA_FIELD_VERSION]);
    m->arch = media_slice_copy(s->fields[MEDIA_FIELD_ARCHITECTURE]);
    m->filename = media_slice_copy(s->fields[MEDIA_FIELD_FILENAME]);
    if (is_word(m->name, "+-.") && is_word(m->version, ".+-:~") && digest_is_hex(sha256) &&
        media_path_is_safe(m->filename) &&
        g_ascii_string_to_unsigned(size, 10, 1, G_MAXINT64, &m->size, NULL)) {
        g_autofree char *lower = g_ascii_strdown(sha256, -1);
        g_strlcpy(m->sha256, lower, sizeof m->sha256);
        return g_steal_pointer(&m);
    }
    g_autofree char *shown = text_printable(m->name, -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                    "the Packages file has no usable name, version, file name, size and SHA-256 "
                    "for %s",
                    shown);
    return NULL;
}

static gint closure_by_name(gconstpointer a, gconstpointer b)
{
    const media_chosen *x = *(media_chosen *const *)a, *y = *(media_chosen *const *)b;
    return strcmp(x->name, y->name);
}

static GPtrArray *results(const struct closure *c, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)media_chosen_free);
    for (guint i = 0; i < c->queue->len; i++) {
        const struct pick *p = g_ptr_array_index(c->queue, i);
        media_chosen *m = chosen_of(p->stanza, error);
        if (!m)
            return NULL;
        m->base = p->base;
        m->wanted = p->wanted;
        g_ptr_array_add(all, m);
    }
    g_ptr_array_sort(all, closure_by_name);
    return g_steal_pointer(&all);
}

GPtrArray *media_closure(const media_catalog *catalog, const struct media_need *need,
                         GError **error)
{
    struct closure c = {.catalog = catalog, .need = need};
    c.chosen = g_hash_table_new(NULL, NULL);
    c.queue = g_ptr_array_new_with_free_func(pick_free);
    c.bans = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_array);
    GPtrArray *all = choose_all(&c, error) ? results(&c, error) : NULL;
    g_free(c.obstacle);
    g_hash_table_unref(c.bans);
    g_hash_table_unref(c.chosen);
    g_ptr_array_unref(c.queue);
    return all;
}

/* ---- single packages ---- */

media_chosen *media_choose(const media_catalog *catalog, const char *name, GError **error)
{
    const media_stanza *s = media_catalog_find(catalog, name);
    if (s)
        return chosen_of(s, error);
    media_catalog_fail(catalog, name, error);
    return NULL;
}

/* The names that a stanza depends on and that begin so, put behind names. */
static void add_depends(const media_stanza *s, const char *prefix, GPtrArray *names)
{
    struct media_slice clause, part, rest = s->fields[MEDIA_FIELD_DEPENDS];
    while (media_slice_next(&rest, ',', &clause)) {
        if (!media_slice_next(&clause, '|', &part))
            continue;
        g_auto(media_relation) r = media_relation_parse(part);
        if (g_str_has_prefix(r.name, prefix) && names->len < KERNEL_PARTS_MAX &&
            !g_ptr_array_find_with_equal_func(names, r.name, g_str_equal, NULL))
            g_ptr_array_add(names, g_steal_pointer(&r.name));
    }
}

/* What a metapackage leads to; the caller owns the name. */
static char *kernel_name(const media_catalog *catalog, const char *name, GError **error)
{
    g_autofree char *at = g_strdup(name);
    for (guint hops = 0; hops < KERNEL_HOPS_MAX; hops++) {
        const media_stanza *s = media_catalog_find(catalog, at);
        g_autoptr(GPtrArray) next = g_ptr_array_new_with_free_func(g_free);
        if (!s) {
            media_catalog_fail(catalog, at, error);
            return NULL;
        }
        add_depends(s, "linux-image-", next);
        if (!next->len)
            return g_steal_pointer(&at);
        g_free(at);
        at = g_strdup(g_ptr_array_index(next, 0));
    }
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the package “%s” leads to no kernel", name);
    return NULL;
}

/* Some distributions have the modules, or the kernel too, in packages beside the image's. */
static GPtrArray *kernel_names(const media_catalog *catalog, const char *name, GError **error)
{
    char *real = kernel_name(catalog, name, error);
    if (!real)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(names, real);
    for (guint i = 0; i < names->len; i++) {
        const media_stanza *s = media_catalog_find(catalog, g_ptr_array_index(names, i));
        if (s) {
            add_depends(s, "linux-modules-", names);
            add_depends(s, "linux-binary-", names);
        }
    }
    return names;
}

GPtrArray *media_choose_kernel(const media_catalog *catalog, const char *name, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)media_chosen_free);
    g_autoptr(GPtrArray) names = kernel_names(catalog, name, error);
    for (guint i = 0; names && i < names->len; i++) {
        media_chosen *m = media_choose(catalog, g_ptr_array_index(names, i), error);
        if (!m)
            return NULL;
        g_ptr_array_add(all, m);
    }
    return names ? g_steal_pointer(&all) : NULL;
}
