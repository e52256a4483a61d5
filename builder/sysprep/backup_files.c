/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* Copies and swap files of editors, where people edit: four levels of /etc and /srv, two of every
 * home.  Not /usr, which is the packages', and not /var, where programs keep backups on purpose.
 * The patterns take more than that, since the appliance walks each tree once for each alternative:
 * is_backup() has the last word. */
static const char places[] = "/{{etc,srv}/{,*/,*/*/,*/*/*/},usr/local/etc/{,*/}}*[~k]";
static const char in_homes[] = "/{{,*/}*[~k],.*[~kop]}";

static gboolean is_backup(const char *path)
{
    return g_regex_match_simple("(\\.bak|~|/\\.[^/]+\\.sw[op])$", path,
                                G_REGEX_RAW | G_REGEX_DOLLAR_ENDONLY, 0);
}

/* A directory, which ends in "/", was not made by an editor. */
static gboolean backup_files_remove(guest *g, const char *pattern, GError **error)
{
    g_auto(GStrv) paths = guest_glob(g, pattern, error);
    gboolean good = paths != NULL;
    for (char **path = paths; good && *path; path++)
        if (is_backup(*path))
            good = guest_remove_path(g, *path, error);
    return good;
}

static gboolean backup_files_operation(guest *g, GError **error)
{
    g_autofree char *homes = guest_homes(g, error);
    g_autofree char *pattern = homes ? g_strconcat(homes, in_homes, NULL) : NULL;
    return pattern && backup_files_remove(g, places, error) &&
           backup_files_remove(g, pattern, error);
}

const sysprep_operation operation_backup_files = {
    .name = "backup-files",
    .heading = "Remove backups and swap files that editors have left",
    .run = backup_files_operation,
};
