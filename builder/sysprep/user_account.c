/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

#include <string.h>

/* login.defs(5): UID_MIN and UID_MAX of every distribution of today. */
#define UID_MIN 1000u
#define UID_MAX 60000u

static const char *const tables[] = {"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow",
                                     "/etc/subuid", "/etc/subgid", NULL};

/* "a,bob,c" without bob. */
static char *without(const char *members, const char *name)
{
    g_auto(GStrv) list = g_strsplit(members, ",", -1);
    g_autoptr(GStrvBuilder) rest = g_strv_builder_new();
    for (char **member = list; *member; member++)
        if (strcmp(*member, name) != 0)
            g_strv_builder_add(rest, *member);
    g_auto(GStrv) kept = g_strv_builder_end(rest);
    return g_strjoinv(",", kept);
}

/* In group and gshadow the last field has the members. */
static void drop_member(char **line, const char *name)
{
    char *last = strrchr(*line, ':');
    if (!last)
        return;
    g_autofree char *members = without(last + 1, name);
    if (strcmp(members, last + 1) == 0)
        return;
    char *edited = g_strdup_printf("%.*s%s", (int)(last + 1 - *line), *line, members);
    g_free(*line);
    *line = edited;
}

static char *user_account_drop(const char *text, const char *name, gboolean group)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GStrvBuilder) rest = g_strv_builder_new();
    gsize length = strlen(name);
    for (char **line = lines; *line; line++) {
        if (strncmp(*line, name, length) == 0 && (*line)[length] == ':')
            continue;
        if (group)
            drop_member(line, name);
        g_strv_builder_add(rest, *line);
    }
    g_auto(GStrv) kept = g_strv_builder_end(rest);
    return g_strjoinv("\n", kept);
}

static gboolean edit_table(guest *g, const char *path, const GPtrArray *users, GError **error)
{
    g_autofree char *text = NULL;
    if (!guest_read(g, path, &text, error))
        return FALSE;
    if (!text)
        return TRUE;
    g_autofree char *edited = g_strdup(text);
    for (guint i = 0; i < users->len; i++) {
        const struct account *a = g_ptr_array_index(users, i);
        char *next =
            user_account_drop(edited, a->name, strstr(path, "group") || strstr(path, "gsh"));
        g_free(edited);
        edited = next;
    }
    return strcmp(edited, text) == 0 || guest_write_file(g, path, edited, error);
}

/* Only homes where homes of people are: a home of "/usr" would take the system with it. */
static gboolean remove_home(guest *g, const struct account *a, GError **error)
{
    static const char *const parents[] = {"/home/", "/var/home/", "/export/home/"};
    gboolean below = FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(parents); i++)
        below |= g_str_has_prefix(a->home, parents[i]) && strlen(a->home) > strlen(parents[i]);
    if (!below && *a->home)
        progress_warning(g->p, "the home directory of a removed account stays: %s", a->home);
    return !below || guest_remove(g, a->home, error);
}

static gboolean remove_mail(guest *g, const struct account *a, GError **error)
{
    if (!g_regex_match_simple("^[A-Za-z0-9_][A-Za-z0-9_.-]*$", a->name, G_REGEX_RAW, 0))
        return TRUE;
    g_autofree char *mail = g_strdup_printf("/var/{,spool/}mail/%s", a->name);
    return guest_remove(g, mail, error);
}

static gboolean user_account_operation(guest *g, GError **error)
{
    g_autoptr(GPtrArray) accounts = guest_accounts(g, error);
    g_autoptr(GPtrArray) users = g_ptr_array_new();
    gboolean good = accounts != NULL;
    for (guint i = 0; good && i < accounts->len; i++) {
        struct account *a = g_ptr_array_index(accounts, i);
        if (a->uid < UID_MIN || a->uid > UID_MAX)
            continue;
        g_ptr_array_add(users, a);
        good = remove_home(g, a, error) && remove_mail(g, a, error);
    }
    for (const char *const *path = tables; good && users->len && *path; path++)
        good = edit_table(g, *path, users, error);
    return good;
}

const sysprep_operation operation_user_account = {
    .name = "user-account",
    .heading = "Remove the accounts of people (UID 1000 to 60000) and their homes",
    .off = TRUE,
    .run = user_account_operation,
};
