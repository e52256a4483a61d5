/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

#include <string.h>
#include <sys/stat.h>

#define DEPTH_LIMIT 16

/* Logs that log daemons do not create again are emptied, not removed: many daemons cannot create
 * their log in a directory that they do not own.  Rotated logs are made by logrotate(8) and
 * removed. */
static gboolean is_rotated(const char *name)
{
    return g_regex_match_simple("\\.([0-9]+|old|gz|xz|bz2|zst|lz4)$|-[0-9]{8}([.-]|$)", name,
                                G_REGEX_RAW, 0);
}

static gboolean clean_directory(guest *g, const char *directory, guint depth, GError **error);

static gboolean clean_entry(guest *g, const char *path, const char *name,
                            const struct guestfs_statns *info, guint depth, GError **error)
{
    int result = 0;
    if (S_ISDIR((mode_t)info->st_mode))
        return depth >= DEPTH_LIMIT || clean_directory(g, path, depth + 1, error);
    if (!S_ISREG((mode_t)info->st_mode))
        return TRUE;
    if (is_rotated(name))
        result = guestfs_rm_f(g->h, path);
    else if (info->st_size > 0)
        result = guestfs_truncate(g->h, path);
    if (result != 0)
        return guest_fail(g, error, "empty the log %s in the guest", path);
    if (is_rotated(name) || info->st_size > 0)
        guest_changed(g, is_rotated(name) ? "remove" : "empty", path);
    return TRUE;
}

static gboolean clean_directory(guest *g, const char *directory, guint depth, GError **error)
{
    g_auto(GStrv) names = guestfs_ls(g->h, directory);
    struct guestfs_statns_list *infos = names ? guestfs_lstatnslist(g->h, directory, names) : NULL;
    if (!infos)
        return guest_fail(g, error, "read the directory %s in the guest", directory);
    gboolean good = TRUE;
    for (guint32 i = 0; good && i < infos->len && names[i]; i++) {
        g_autofree char *path = g_build_filename(directory, names[i], NULL);
        good = clean_entry(g, path, names[i], &infos->val[i], depth, error);
    }
    guestfs_free_statns_list(infos);
    return good;
}

/* The journal is in directories named after the machine-id; wtmpdb(8) and lastlog2(8) keep
 * databases outside /var/log, others what they have seen of this machine or of its users. */
static const char elsewhere[] =
    "/{var/{log/journal,lib/{wtmpdb,lastlog,fprint,AccountsService/users},cache/{fontconfig,gdm}}/"
    "*,"
    "var/lib/logrotate{.status,/{status,logrotate.status}},var/named/data/named.run,"
    "etc/Pegasus/*.{cnf,crt,csr,pem,srl}}";

static gboolean logs_operation(guest *g, GError **error)
{
    if (!guest_remove(g, elsewhere, error))
        return FALSE;
    int present = guestfs_is_dir(g->h, "/var/log");
    if (present < 0)
        return guest_fail(g, error, "look at /var/log in the guest");
    return present == 0 || clean_directory(g, "/var/log", 0, error);
}

const sysprep_operation operation_logs = {
    .name = "logs",
    .also = "logfiles",
    .heading = "Empty the logs; directories, owners and modes stay",
    .run = logs_operation,
};
