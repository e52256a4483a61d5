/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

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

static gboolean clean_entry(guest *g, const char *path, const struct guest_entry *entry,
                            guint depth, GError **error)
{
    if (S_ISDIR((mode_t)entry->info.mode))
        return depth >= DEPTH_LIMIT || clean_directory(g, path, depth + 1, error);
    if (!S_ISREG((mode_t)entry->info.mode))
        return TRUE;
    return is_rotated(entry->name) ? guest_remove_path(g, path, error)
                                   : guest_empty_path(g, path, error);
}

static gboolean clean_directory(guest *g, const char *directory, guint depth, GError **error)
{
    g_autoptr(GArray) entries = guest_list(g, directory, error);
    gboolean good = entries != NULL;
    for (guint i = 0; good && i < entries->len; i++) {
        const struct guest_entry *entry = &g_array_index(entries, struct guest_entry, i);
        g_autofree char *path = g_build_filename(directory, entry->name, NULL);
        good = clean_entry(g, path, entry, depth, error);
    }
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
    gboolean present;
    return guest_remove(g, elsewhere, error) &&
           guest_is_directory(g, "/var/log", &present, error) &&
           (!present || clean_directory(g, "/var/log", 0, error));
}

const sysprep_operation operation_logs = {
    .name = "logs",
    .also = "logfiles",
    .heading = "Empty the logs; directories, owners and modes stay",
    .run = logs_operation,
};
