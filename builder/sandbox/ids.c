/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/ids.h"

#include "base/error.h"
#include "base/files.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The last 64 Ki of those that systemd's doc UIDS-GIDS sets aside for containers (0x00080000 to
 * 0x6FFFFFFF), and that no useradd gives away. */
#define ROOTS_OWN 0x6FFF0000u

#define SUBID_LIMIT (1u << 20)

gboolean sandbox_ids_parse(const char *text, const char *user, guint32 id, guint32 *first)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *number = g_strdup_printf("%u", id);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) f = g_strsplit(*line, ":", 4);
        guint64 start, count;
        if (g_strv_length(f) != 3 || (g_strcmp0(f[0], user) != 0 && strcmp(f[0], number) != 0) ||
            !g_ascii_string_to_unsigned(f[1], 10, 1, G_MAXUINT32, &start, NULL) ||
            !g_ascii_string_to_unsigned(g_strchomp(f[2]), 10, SANDBOX_IDS, G_MAXUINT32, &count,
                                        NULL) ||
            start + SANDBOX_IDS > G_MAXUINT32)
            continue;
        *first = (guint32)start;
        return TRUE;
    }
    return FALSE;
}

gboolean sandbox_ids_mapped(const char *map, guint32 first)
{
    g_auto(GStrv) lines = g_strsplit(map, "\n", -1);
    for (char **line = lines; *line; line++) {
        guint inside, outside, count;
        if (sscanf(*line, "%u %u %u", &inside, &outside, &count) == 3 && first >= inside &&
            (guint64)first + SANDBOX_IDS <= (guint64)inside + count)
            return TRUE;
    }
    return FALSE;
}

static char *user_name(uid_t uid)
{
    struct passwd entry, *found = NULL;
    char buffer[4096];
    return getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found
               ? g_strdup(found->pw_name)
               : NULL;
}

static gboolean subids_of(const char *file, const char *user, uid_t uid, guint32 *first)
{
    g_autofree char *text = files_read(file, SUBID_LIMIT, NULL, NULL);
    return text && sandbox_ids_parse(text, user, uid, first);
}

/* A container's root has only the IDs that were given to the container. */
static gboolean usable(const char *map_file, guint32 first)
{
    g_autofree char *map = files_read(map_file, SUBID_LIMIT, NULL, NULL);
    return map && sandbox_ids_mapped(map, first);
}

static gboolean roots_ids(struct sandbox_ids *ids, GError **error)
{
    if (subids_of("/etc/subuid", "root", 0, &ids->uid) && usable("/proc/self/uid_map", ids->uid) &&
        subids_of("/etc/subgid", "root", 0, &ids->gid) && usable("/proc/self/gid_map", ids->gid))
        return TRUE;
    ids->uid = ids->gid = ROOTS_OWN;
    if (usable("/proc/self/uid_map", ids->uid) && usable("/proc/self/gid_map", ids->gid))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_HOST,
                    "give the container more UIDs and GIDs, and 65536 of them to root in its "
                    "/etc/subuid and /etc/subgid",
                    "this container's user namespace has no 65536 UIDs and GIDs for a sandbox");
    return FALSE;
}

static gboolean users_ids(struct sandbox_ids *ids, GError **error)
{
    uid_t uid = geteuid();
    g_autofree char *user = user_name(uid);
    g_autofree char *shown = user ? g_strdup(user) : g_strdup_printf("%u", uid);
    ids->outer = TRUE;
    const char *file = !subids_of("/etc/subuid", user, uid, &ids->uid)   ? "/etc/subuid"
                       : !subids_of("/etc/subgid", user, uid, &ids->gid) ? "/etc/subgid"
                                                                         : NULL;
    if (!file)
        return TRUE;
    g_autofree char *hint = g_strdup_printf(
        "as root: usermod --add-subuids 524288-589823 --add-subgids 524288-589823 %s (a range that "
        "/etc/subuid and /etc/subgid give to nobody else)",
        shown);
    ingot_set_error(error, INGOT_EXIT_HOST, hint, "%s gives no 65536 IDs to user %s", file, shown);
    return FALSE;
}

gboolean sandbox_ids_find(enum sandbox_kind kind, struct sandbox_ids *ids, GError **error)
{
    *ids = (struct sandbox_ids){0};
    if (kind == SANDBOX_ROOT)
        return TRUE;
    return geteuid() == 0 ? roots_ids(ids, error) : users_ids(ids, error);
}
