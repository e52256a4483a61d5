/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/order.h"

#include <string.h>

#define ADMIN  "var/lib/dpkg/"
#define STATES "var/lib/apt/extended_states"

struct deb_database {
    const struct rootfs_sink *sink;
    gpointer to;
    GPtrArray *packages;  /* of deb_unpacked * */
    GHashTable *triggers; /* file below ADMIN/triggers -> GString */
    gint64 now;
};

static void free_string(gpointer text)
{
    g_string_free(text, TRUE);
}

static void free_package(gpointer p)
{
    deb_unpacked_free(p);
}

deb_database *deb_database_new(const struct rootfs_sink *sink, gpointer to)
{
    deb_database *db = g_new0(deb_database, 1);
    db->sink = sink;
    db->to = to;
    db->packages = g_ptr_array_new_with_free_func(free_package);
    db->triggers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_string);
    db->now = g_get_real_time() / G_USEC_PER_SEC;
    return db;
}

void deb_database_free(deb_database *db)
{
    if (!db)
        return;
    g_ptr_array_unref(db->packages);
    g_hash_table_unref(db->triggers);
    g_free(db);
}

static gboolean database_put(const deb_database *db, const char *path, const GString *text,
                             GError **error)
{
    return db->sink->file(db->to, path, 0644, db->now, text->str, text->len, error);
}

static char *info_path(const deb_unpacked *p, const char *what)
{
    return g_strconcat(ADMIN "info/", p->stem, ".", what, NULL);
}

/* ---- of one package ---- */

/* dpkg leaves out "control", which is in status, and a "list", which it writes itself.  Another dot
 * in a name could make it the file of another package. */
static gboolean put_member(const deb_database *db, const deb_unpacked *p,
                           const struct deb_member *m, GError **error)
{
    static const char *const scripts[] = {"preinst", "postinst", "prerm", "postrm", "config", NULL};
    const guint mode = g_strv_contains(scripts, m->name) ? 0755 : 0644;
    if (strcmp(m->name, "control") == 0 || strcmp(m->name, "list") == 0)
        return TRUE;
    if (!*m->name ||
        strspn(m->name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_") != strlen(m->name))
        return media_package_refuse(p->path, "one of its control files has an invalid name", error);
    g_autofree char *at = info_path(p, m->name);
    return db->sink->file(db->to, at, mode, m->mtime, m->data, m->size, error);
}

static GString *trigger_file(deb_database *db, const char *name)
{
    GString *text = g_hash_table_lookup(db->triggers, name);
    if (!text) {
        text = g_string_new(NULL);
        g_hash_table_insert(db->triggers, g_strdup(name), text);
    }
    return text;
}

static gboolean is_trigger(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!g_ascii_isgraph(*c))
            return FALSE;
    /* dpkg's own files there have names that begin with a capital letter; triggers that are files
     * must not be paths. */
    return *name == '/' || (!strchr(name, '/') && *name != '.' && strcmp(name, "File") != 0 &&
                            strcmp(name, "Lock") != 0 && strcmp(name, "Unincorp") != 0);
}

/* deb-triggers(5): "interest[-await|-noawait] NAME"; a NAME with a leading '/' is a path.  Triggers
 * that a package activates do not matter: all packages that listen are configured after this. */
static gboolean add_triggers(deb_database *db, const deb_unpacked *p, const struct deb_member *m,
                             GError **error)
{
    g_auto(GStrv) lines = g_strsplit(m ? m->data : "", "\n", -1);
    for (char **l = lines; *l; l++) {
        g_auto(GStrv) words = g_strsplit_set(g_strstrip(*l), " \t", 2);
        if (!words[0] || !g_str_has_prefix(words[0], "interest") || !words[1])
            continue;
        const char *name = g_strstrip(words[1]);
        const char *how = g_str_has_suffix(words[0], "-noawait") ? "/noawait" : "";
        if (!*name || !is_trigger(name))
            return media_package_refuse(p->path, "one of its triggers has an invalid name", error);
        gboolean file = *name == '/';
        GString *text = trigger_file(db, file ? "File" : name);
        g_string_append_printf(text, "%s%s%s%s\n", file ? name : "", file ? " " : "", p->stem, how);
    }
    return TRUE;
}

void deb_database_add(deb_database *db, deb_unpacked *package, gboolean automatic)
{
    package->automatic = automatic;
    g_ptr_array_add(db->packages, package);
}

gboolean deb_database_put(deb_database *db, const deb_unpacked *package, const GPtrArray *members,
                          GError **error)
{
    for (guint i = 0; i < members->len; i++)
        if (!put_member(db, package, g_ptr_array_index(members, i), error))
            return FALSE;
    return add_triggers(db, package, deb_member_find(members, "triggers"), error);
}

/* ---- of all ---- */

static gboolean put_lists(const deb_database *db, const deb_unpacked *p, GError **error)
{
    g_autofree char *list = info_path(p, "list"), *sums = info_path(p, "md5sums");
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < p->files->len; i++) {
        const char *file = g_ptr_array_index(p->files, i);
        if (!g_hash_table_contains(p->lost, file))
            g_string_append_printf(text, "%s\n", file);
    }
    gboolean good =
        database_put(db, list, text, error) && (!p->sums || database_put(db, sums, p->sums, error));
    g_string_free(text, TRUE);
    return good;
}

static void add_status(GString *status, const deb_unpacked *p)
{
    gboolean listed = FALSE;
    g_string_append_printf(status, "%s\nStatus: install ok unpacked\n", p->control);
    for (guint i = 0; i < p->conffiles->len; i++) {
        const struct deb_conffile *c = g_ptr_array_index(p->conffiles, i);
        if (c->md5)
            g_string_append_printf(status, "%s /%s %s\n", listed ? "" : "Conffiles:\n", c->path,
                                   c->md5);
        listed |= c->md5 != NULL;
    }
    g_string_append_c(status, '\n');
}

/* apt lists a package of "Architecture: all" under the native architecture; here, every other
 * package has that one. */
static void add_states(GString *states, const deb_unpacked *p, const char *native)
{
    if (p->automatic)
        g_string_append_printf(states, "Package: %s\nArchitecture: %s\nAuto-Installed: 1\n\n",
                               p->name, strcmp(p->arch, "all") == 0 ? native : p->arch);
}

static const char *native_arch(const deb_database *db)
{
    for (guint i = 0; i < db->packages->len; i++) {
        const deb_unpacked *p = g_ptr_array_index(db->packages, i);
        if (strcmp(p->arch, "all") != 0)
            return p->arch;
    }
    return "all";
}

static gint database_by_name(gconstpointer a, gconstpointer b)
{
    const deb_unpacked *const *one = a, *const *two = b;
    return strcmp((*one)->name, (*two)->name);
}

static gboolean put_packages(deb_database *db, GError **error)
{
    g_autofree char *native = g_strdup(native_arch(db));
    GString *status = g_string_new(NULL), *states = g_string_new(NULL);
    GString *diversions = g_string_new(NULL);
    gboolean good = TRUE;
    g_ptr_array_sort(db->packages, database_by_name);
    for (guint i = 0; i < db->packages->len && good; i++) {
        const deb_unpacked *p = g_ptr_array_index(db->packages, i);
        add_status(status, p);
        add_states(states, p, native);
        g_string_append_len(diversions, p->diversions->str, (gssize)p->diversions->len);
        good = put_lists(db, p, error);
    }
    good = good && database_put(db, ADMIN "status", status, error) &&
           database_put(db, STATES, states, error) &&
           database_put(db, ADMIN "diversions", diversions, error);
    g_string_free(diversions, TRUE);
    g_string_free(status, TRUE);
    g_string_free(states, TRUE);
    return good;
}

static gboolean put_triggers(const deb_database *db, GError **error)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(db->triggers), (GCompareFunc)strcmp);
    for (GList *l = names; l; l = l->next) {
        g_autofree char *path = g_strconcat(ADMIN "triggers/", (const char *)l->data, NULL);
        if (!database_put(db, path, g_hash_table_lookup(db->triggers, l->data), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean put_order(const deb_database *db, GError **error)
{
    GString *text = order_text(db->packages);
    gboolean good = database_put(db, DEB_ORDER, text, error);
    g_string_free(text, TRUE);
    return good;
}

gboolean deb_database_finish(deb_database *db, GError **error)
{
    static const char *const folders[] = {"alternatives", "info", "parts", "triggers", "updates"};
    static const char *const empty[] = {"available", "statoverride"};
    GString *text = g_string_new(NULL);
    gboolean good = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(folders) && good; i++) {
        g_autofree char *path = g_strconcat(ADMIN, folders[i], NULL);
        good = db->sink->directory(db->to, path, db->now, error);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(empty) && good; i++) {
        g_autofree char *path = g_strconcat(ADMIN, empty[i], NULL);
        good = db->sink->exists(db->to, path) || database_put(db, path, text, error);
    }
    g_string_assign(text, "1\n"); /* names with architectures where packages are Multi-Arch: same */
    good = good && database_put(db, ADMIN "info/format", text, error) && put_packages(db, error) &&
           put_triggers(db, error) && put_order(db, error);
    g_string_free(text, TRUE);
    return good;
}
