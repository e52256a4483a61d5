/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the build knew must not be in what it made: answer files, passwords, addresses of its VM. */
#include "inspect/policy.h"

#include "inspect/search.h"

#include <string.h>

static const char *const searched[] = {"/etc", "/root", "/home", "/var", NULL};

static const inspect_rule answer_file = {
    "installer-leavings", "No answer file and no log of the installer", INSPECT_ERROR};
static const inspect_rule debconf_password = {"debconf-password",
                                              "No password in debconf's database", INSPECT_ERROR};
static const inspect_rule empty_password = {"empty-password", "No account with an empty password",
                                            INSPECT_ERROR};
static const inspect_rule build_address = {
    "build-address", "The MAC address of the build's machine appears nowhere", INSPECT_ERROR};
static const inspect_rule build_secret = {"build-secret", "No secret of the recipe in clear text",
                                          INSPECT_ERROR};

/* debconf(7) keeps answers to password questions in a file of their own; one that was answered
 * and cleared again has an empty value. */
static gboolean check_debconf(guest *g, GPtrArray *broken, GError **error)
{
    static const struct guest_line_rule value = {"/var/cache/debconf/passwords.dat{,-old}",
                                                 "^Value:[ \t]*[^ \t]", NULL, "a password"};
    return policy_break_lines(g, &value, &debconf_password, "holds", broken, error);
}

/* passwd(5), shadow(5): an empty second field lets everybody in without a password. */
static gboolean policy_check_passwords(guest *g, const char *path, GPtrArray *broken,
                                       GError **error)
{
    g_autofree char *text = NULL;
    if (!guest_read(g, path, &text, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", 3);
        if (g_strv_length(fields) == 3 && !*fields[1])
            policy_break(broken, &empty_password, path, "the account %s has an empty password",
                         fields[0]);
    }
    return TRUE;
}

static gboolean check_contents(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                               GError **error)
{
    g_autoptr(GArray) needles = needles_new();
    for (const char *const *mac = asked->forbidden_macs; mac && *mac; mac++)
        needles_add_mac(needles, *mac, &build_address, "the MAC address of the build's machine is");
    for (const char *const *text = asked->forbidden_texts; text && *text; text++)
        needles_add_secret(needles, *text, &build_secret, "a secret of the build is");
    gboolean good = TRUE;
    for (const char *const *folder = searched; good && *folder; folder++)
        good = inspect_search(g, *folder, NULL, needles, broken, error);
    return good;
}

static gboolean policy_build_traces(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                                    GError **error)
{
    return policy_break_paths(g, trace_installer_files, &answer_file, "the installer's %s was left",
                              broken, error) &&
           check_debconf(g, broken, error) &&
           policy_check_passwords(g, "/etc/shadow", broken, error) &&
           policy_check_passwords(g, "/etc/passwd", broken, error) &&
           check_contents(g, asked, broken, error);
}

const inspect_check check_build_traces = {
    .name = "build-traces",
    .rules = (const inspect_rule *const[]){&answer_file, &debconf_password, &empty_password,
                                           &build_address, &build_secret, NULL},
    .run = policy_build_traces,
};
