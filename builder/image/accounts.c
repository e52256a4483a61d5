/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/accounts.h"

#include "image/files.h"

#include <string.h>

#define ACCOUNTS_LIMIT 4096u
#define HOMES_LIMIT    256u

static void account_free(gpointer data)
{
    struct account *a = data;
    g_free(a->name);
    g_free(a->home);
    g_free(a);
}

static gboolean is_usable(const char *home)
{
    return g_regex_match_simple("^/(?!(dev|proc|sys|run)(/|$))[A-Za-z0-9_./-]*[A-Za-z0-9_-]$", home,
                                G_REGEX_RAW | G_REGEX_DOLLAR_ENDONLY, 0) &&
           !strstr(home, "..") && strlen(home) < 256;
}

static struct account *parse_line(const char *line)
{
    g_auto(GStrv) fields = g_strsplit(line, ":", 8);
    guint64 uid, gid;
    if (g_strv_length(fields) != 7 || !*fields[0] ||
        !g_ascii_string_to_unsigned(fields[2], 10, 0, G_MAXUINT32, &uid, NULL) ||
        !g_ascii_string_to_unsigned(fields[3], 10, 0, G_MAXUINT32, &gid, NULL))
        return NULL;
    struct account *a = g_new0(struct account, 1);
    a->name = g_strdup(fields[0]);
    a->home = g_strdup(is_usable(fields[5]) ? fields[5] : "");
    a->uid = (guint)uid;
    a->gid = (guint)gid;
    return a;
}

GPtrArray *accounts_parse(const char *text)
{
    GPtrArray *accounts = g_ptr_array_new_with_free_func(account_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line && accounts->len < ACCOUNTS_LIMIT; line++) {
        struct account *a = parse_line(*line);
        if (a)
            g_ptr_array_add(accounts, a);
    }
    return accounts;
}

GPtrArray *guest_accounts(guest *g, GError **error)
{
    g_autofree char *text = NULL;
    if (!guest_read(g, "/etc/passwd", &text, error))
        return NULL;
    return accounts_parse(text ? text : "");
}

const struct account *accounts_find(const GPtrArray *accounts, const char *name)
{
    for (guint i = 0; i < accounts->len; i++) {
        const struct account *a = g_ptr_array_index(accounts, i);
        if (strcmp(a->name, name) == 0)
            return a;
    }
    return NULL;
}

/* "/home/NAME", which the pattern has already. */
static gboolean is_below_home(const char *home)
{
    static const char parent[] = "/home/";
    return g_str_has_prefix(home, parent) && !strchr(home + strlen(parent), '/');
}

char *accounts_homes(const GPtrArray *accounts)
{
    GString *pattern = g_string_new("/{root,home/*");
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_add(seen, (gpointer) "/root");
    for (guint i = 0; i < accounts->len && g_hash_table_size(seen) <= HOMES_LIMIT; i++) {
        const struct account *a = g_ptr_array_index(accounts, i);
        if (*a->home && !is_below_home(a->home) && g_hash_table_add(seen, a->home))
            g_string_append_printf(pattern, ",%s", a->home + 1);
    }
    g_string_append_c(pattern, '}');
    return g_string_free(pattern, FALSE);
}

char *guest_homes(guest *g, GError **error)
{
    g_autoptr(GPtrArray) accounts = guest_accounts(g, error);
    return accounts ? accounts_homes(accounts) : NULL;
}
