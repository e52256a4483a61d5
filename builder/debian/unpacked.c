/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/unpacked.h"

#include <string.h>

static void conffile_free(gpointer data)
{
    struct deb_conffile *c = data;
    g_free(c->path);
    g_free(c->md5);
    g_free(c);
}

void deb_unpacked_free(deb_unpacked *p)
{
    if (!p)
        return;
    g_free(p->path);
    g_free(p->name);
    g_free(p->arch);
    g_free(p->version);
    g_free(p->stem);
    g_free(p->control);
    g_free(p->pre_depends);
    g_free(p->provides);
    g_free(p->replaces);
    g_free(p->diverts);
    g_clear_pointer(&p->conffile_of, g_hash_table_unref);
    g_clear_pointer(&p->conffiles, g_ptr_array_unref);
    g_clear_pointer(&p->files, g_ptr_array_unref);
    g_clear_pointer(&p->lost, g_hash_table_unref);
    if (p->diversions)
        g_string_free(p->diversions, TRUE);
    if (p->sums)
        g_string_free(p->sums, TRUE);
    g_free(p);
}

/* The text goes into dpkg's status file as it is: it must be one stanza without the fields that
 * dpkg itself writes there. */
static GHashTable *unpacked_read_control(const struct deb_member *m, GError **error)
{
    const char *at = m->data, *end = m->data + m->size;
    if (memchr(m->data, '\0', m->size) || *m->data == '#' || strstr(m->data, "\n#"))
        return NULL;
    g_autoptr(GHashTable) fields = deb822_next(&at, end, error);
    g_autoptr(GHashTable) more = fields ? deb822_next(&at, end, error) : NULL;
    if (!fields || more || (error && *error) || deb822_get(fields, "status") ||
        deb822_get(fields, "conffiles") || deb822_get(fields, "config-version"))
        return NULL;
    return g_steal_pointer(&fields);
}

static gboolean take_fields(deb_unpacked *p, GHashTable *fields)
{
    const char *name = deb822_get(fields, "package");
    const char *arch = deb822_get(fields, "architecture");
    const char *version = deb822_get(fields, "version");
    if (!deb_is_name(name) || !deb_is_arch(arch) || !deb_is_version(version))
        return FALSE;
    p->name = g_strdup(name);
    p->arch = g_strdup(arch);
    p->version = g_strdup(version);
    p->stem = g_strcmp0(deb822_get(fields, "multi-arch"), "same") == 0
                  ? g_strdup_printf("%s:%s", name, arch)
                  : g_strdup(name);
    p->pre_depends = g_strdup(deb822_get(fields, "pre-depends"));
    p->provides = g_strdup(deb822_get(fields, "provides"));
    p->replaces = g_strdup(deb822_get(fields, "replaces"));
    return TRUE;
}

/* deb-conffiles(5).  A line "remove-on-upgrade PATH" names a file that is not shipped. */
static void read_conffiles(deb_unpacked *p, const struct deb_member *m)
{
    g_auto(GStrv) lines = g_strsplit(m ? m->data : "", "\n", -1);
    for (char **l = lines; *l; l++) {
        const char *path = g_strstrip(*l);
        if (*path != '/' || deb_unpacked_conffile(p, path + 1))
            continue;
        struct deb_conffile *c = g_new0(struct deb_conffile, 1);
        c->path = g_strdup(path + 1);
        g_ptr_array_add(p->conffiles, c);
        g_hash_table_insert(p->conffile_of, c->path, c);
    }
}

deb_unpacked *deb_unpacked_new(const char *path, const char *name, const GPtrArray *members,
                               GError **error)
{
    g_autoptr(deb_unpacked) p = g_new0(deb_unpacked, 1);
    g_autoptr(GError) local = NULL;
    const struct deb_member *control = deb_member_find(members, "control");
    const struct deb_member *preinst = deb_member_find(members, "preinst");
    g_autoptr(GHashTable) fields = unpacked_read_control(control, &local);
    p->path = g_strdup(path);
    p->conffiles = g_ptr_array_new_with_free_func(conffile_free);
    p->diversions = g_string_new(NULL);
    p->conffile_of = g_hash_table_new(g_str_hash, g_str_equal);
    p->files = g_ptr_array_new_with_free_func(g_free);
    p->lost = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!fields || !take_fields(p, fields)) {
        media_package_refuse(
            path, local ? local->message : "its control file is not of the usual form", error);
        return NULL;
    }
    if (strcmp(p->name, name) != 0) {
        g_autofree char *why = g_strdup_printf("it is the package %s, not %s", p->name, name);
        media_package_refuse(path, why, error);
        return NULL;
    }
    p->control = g_strstrip(g_strdup(control->data));
    read_conffiles(p, deb_member_find(members, "conffiles"));
    if (preinst && strstr(preinst->data, "dpkg-divert"))
        p->diverts = g_strdup(preinst->data);
    if (!deb_member_find(members, "md5sums"))
        p->sums = g_string_new(NULL);
    return g_steal_pointer(&p);
}

struct deb_conffile *deb_unpacked_conffile(const deb_unpacked *p, const char *path)
{
    return g_hash_table_lookup(p->conffile_of, path);
}

gboolean deb_unpacked_replaces(const deb_unpacked *p, const deb_unpacked *other)
{
    g_auto(deb_relation) r = {0};
    const char *at = p->replaces;
    while (deb_relation_next(&at, &r))
        if (strcmp(r.name, other->name) == 0 && deb_relation_allows(&r, other->version))
            return TRUE;
    return FALSE;
}

gboolean deb_unpacked_diverts(const deb_unpacked *p, const deb_unpacked *other, const char *path,
                              char **to)
{
    g_autofree char *usual = g_strconcat(".", other->name, NULL);
    *to = NULL;
    if (!p->diverts || other->diverts)
        return FALSE;
    if (strstr(p->diverts, usual)) /* vim-runtime: FILE.vim-tiny */
        *to = g_strconcat(path, usual, NULL);
    else if (!strstr(p->diverts, "--divert "))
        *to = g_strconcat(path, ".distrib", NULL); /* dpkg-divert's own choice */
    return TRUE;
}
