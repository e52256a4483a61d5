/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/order.h"

struct ordering {
    GHashTable *by_name; /* also names that are provided -> GPtrArray of deb_unpacked */
    GHashTable *seen;    /* of package: begun */
    GString *text;
};

static void order_free_array(gpointer array)
{
    g_ptr_array_unref(array);
}

static void add_name(const struct ordering *o, const char *name, deb_unpacked *p)
{
    GPtrArray *found = g_hash_table_lookup(o->by_name, name);
    if (!found) {
        found = g_ptr_array_new();
        g_hash_table_insert(o->by_name, g_strdup(name), found);
    }
    g_ptr_array_add(found, p);
}

static void order_add_names(const struct ordering *o, deb_unpacked *p)
{
    deb_relation r = {0};
    const char *at = p->provides;
    add_name(o, p->name, p);
    while (deb_relation_next(&at, &r))
        add_name(o, r.name, p);
}

static void emit(const struct ordering *o, const deb_unpacked *p)
{
    g_string_append_printf(o->text, "%s %s %s\n", p->name, p->arch, p->stem);
}

static void push_all(const struct ordering *o, const char *name, GPtrArray *stack)
{
    const GPtrArray *found = g_hash_table_lookup(o->by_name, name);
    for (guint i = 0; found && i < found->len; i++)
        if (!g_hash_table_contains(o->seen, g_ptr_array_index(found, i)))
            g_ptr_array_add(stack, g_ptr_array_index(found, i));
}

/* Puts p behind its Pre-Depends; a circle is cut where it is found.  A package is on the stack
 * below everything that was pushed for it: when it is on top again, all of that is done. */
static void order_visit(const struct ordering *o, deb_unpacked *p)
{
    g_autoptr(GPtrArray) stack = g_ptr_array_new();
    g_autoptr(GHashTable) done = g_hash_table_new(NULL, NULL);
    g_ptr_array_add(stack, p);
    while (stack->len) {
        deb_unpacked *top = g_ptr_array_index(stack, stack->len - 1);
        if (g_hash_table_add(o->seen, top)) {
            deb_relation r = {0};
            const char *at = top->pre_depends;
            while (deb_relation_next(&at, &r))
                push_all(o, r.name, stack);
            continue;
        }
        g_ptr_array_set_size(stack, (gint)stack->len - 1);
        if (g_hash_table_add(done, top)) /* else it was pushed twice */
            emit(o, top);
    }
}

GString *order_text(const GPtrArray *packages)
{
    static const char *const first[] = {"base-passwd", "base-files"};
    struct ordering o = {
        .by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, order_free_array),
        .seen = g_hash_table_new(NULL, NULL),
        .text = g_string_new(NULL)};
    for (guint i = 0; i < packages->len; i++)
        order_add_names(&o, g_ptr_array_index(packages, i));
    for (gsize f = 0; f < G_N_ELEMENTS(first); f++)
        for (guint i = 0; i < packages->len; i++) {
            deb_unpacked *p = g_ptr_array_index(packages, i);
            if (g_str_equal(p->name, first[f]) && g_hash_table_add(o.seen, p))
                emit(&o, p);
        }
    for (guint i = 0; i < packages->len; i++)
        if (!g_hash_table_contains(o.seen, g_ptr_array_index(packages, i)))
            order_visit(&o, g_ptr_array_index(packages, i));
    g_hash_table_unref(o.by_name);
    g_hash_table_unref(o.seen);
    return o.text;
}
