/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and credentials by their form.  A secret is never shown, only where and what it is. */
#include "inspect/policy.h"

#include "inspect/search.h"

#include <string.h>

static const inspect_rule private_key = {"private-key", "No private key", INSPECT_ERROR};
static const inspect_rule snakeoil_key = {
    "snakeoil-key", "No key of a package's self-signed certificate, which clones would share",
    INSPECT_WARNING};
static const inspect_rule access_token = {
    "access-token", "No access token of a service (AWS, GitHub, GitLab, Slack, …)", INSPECT_ERROR};
static const inspect_rule credentials_file = {
    "credentials-file", "No password or credentials file of a client program", INSPECT_ERROR};
static const inspect_rule url_password = {
    "url-password", "No password in a URL of a package source or proxy", INSPECT_ERROR};
static const inspect_rule authorized_keys = {
    "authorized-keys", "No key that allows a login through SSH", INSPECT_NOTE};

static const inspect_rule not_searched = {
    "not-searched", "No file is too large to be searched for secrets", INSPECT_NOTE};

static const inspect_rule *const rules[] = {&private_key,      &snakeoil_key, &access_token,
                                            &credentials_file, &url_password, &authorized_keys,
                                            &not_searched,     NULL};

#define ANY                                                                                        \
    {                                                                                              \
        {                                                                                          \
            NULL, NULL, 0, 0                                                                       \
        }                                                                                          \
    }
#define WORD(text, set, least, most)                                                               \
    {                                                                                              \
        {                                                                                          \
            text, set, least, most                                                                 \
        }                                                                                          \
    }

/* Letters of base64, its line ends as they are or as JSON has them, and the headers of RFC 1421. */
#define KEY_BODY   "A-Za-z0-9+/=\r\n\\ :,-"
#define KEY_LENGTH 64

/* Data for tests and examples that come with programs, their sources, and databases of texts. */
#define NOT_MEANT                                                                                  \
    "*/test/* */tests/* */testdata/* */examples/* */example/* */doc/* *.py *.go *.js *.c *.h "     \
    "*.rb "                                                                                        \
    "/var/lib/dpkg/* /var/lib/apt/lists/* */site-packages/* */dist-packages/* */node_modules/*"

#define SNAKEOIL "/etc/ssl/private/ssl-cert-snakeoil.key /etc/pki/tls/private/localhost.key"
/* They have a rule of their own. */
#define HOST_KEYS "/etc/ssh/ssh_host_*key"

#define DOCKER "*/.docker/config.json */.dockercfg */containers/auth.json"
#define KUBE   "*/.kube/config /etc/kubernetes/*.conf /etc/rancher/k*/k*.yaml"
#define SOURCES                                                                                    \
    "/etc/apt/* /etc/yum.repos.d/* /etc/dnf/* /etc/yum.conf /etc/zypp/* /etc/pip.conf "            \
    "*/.pip/pip.conf */pip/pip.conf */.npmrc */.gitconfig /etc/gitconfig /etc/environment "        \
    "/etc/profile.d/* /etc/wgetrc */.curlrc"

/* gitcredentials(7), netrc(5), and the manuals of the programs in whose name the files are. */
static const struct search_pattern patterns[] = {
    {&snakeoil_key, "the key of a self-signed certificate is", SNAKEOIL, NULL, FALSE,
     WORD("PRIVATE KEY-----", KEY_BODY, KEY_LENGTH, KEY_LENGTH)},
    {&private_key,
     "a private key is",
     NULL,
     NOT_MEANT " " SNAKEOIL " " HOST_KEYS,
     FALSE,
     {{"-----BEGIN ", "A-Z0-9 ", 0, 24}, {"PRIVATE KEY-----", KEY_BODY, KEY_LENGTH, KEY_LENGTH}}},
    {&private_key, "a private key is", NULL, NOT_MEANT, FALSE,
     WORD("PuTTY-User-Key-File-", "0-9", 1, 1)},
    {&access_token, "an AWS access key is", NULL, NOT_MEANT, TRUE, WORD("AKIA", "A-Z0-9", 16, 16)},
    {&access_token, "a GitHub token is", NULL, NOT_MEANT, TRUE, WORD("ghp_", "A-Za-z0-9", 36, 255)},
    {&access_token, "a GitHub token is", NULL, NOT_MEANT, TRUE, WORD("gho_", "A-Za-z0-9", 36, 255)},
    {&access_token, "a GitHub token is", NULL, NOT_MEANT, TRUE, WORD("ghs_", "A-Za-z0-9", 36, 255)},
    {&access_token, "a GitHub token is", NULL, NOT_MEANT, TRUE,
     WORD("github_pat_", "A-Za-z0-9_", 60, 255)},
    {&access_token, "a GitLab token is", NULL, NOT_MEANT, TRUE,
     WORD("glpat-", "A-Za-z0-9_.-", 20, 255)},
    {&access_token,
     "a Slack token is",
     NULL,
     NOT_MEANT,
     TRUE,
     {{"xox", "abeoprs", 1, 1}, {"-", "0-9", 8, 20}, {"-", "A-Za-z0-9-", 10, 200}}},
    {&access_token, "a Slack hook is", NULL, NOT_MEANT, FALSE,
     WORD("hooks.slack.com/services/T", "A-Z0-9", 7, 7)},
    {&access_token, "a token of Kubernetes is", KUBE, NULL, FALSE, WORD("token: ", "^ \n", 16, 16)},
    {&access_token, "a token of GitHub's client is", "*/.config/gh/hosts.yml", NULL, FALSE,
     WORD("oauth_token:", "^\n", 8, 8)},
    {&credentials_file, "a key of Kubernetes is", KUBE, NULL, FALSE,
     WORD("client-key-data: ", "^ \n", 16, 16)},
    {&credentials_file, "a login of a container registry is", DOCKER, NULL, FALSE,
     WORD("\"auth\"", "^\n", 4, 4)},
    {&credentials_file, "a password is", "*/.netrc */_netrc", NULL, FALSE,
     WORD("password", " \t\r\n", 1, 8)},
    {&credentials_file,
     "a password of PostgreSQL is",
     "*/.pgpass",
     NULL,
     FALSE,
     {{":", "^:\n", 1, 64}, {":", "^:\n", 1, 64}, {":", "^:\n", 1, 64}, {":", "^\n", 1, 1}}},
    {&credentials_file,
     "a password of MySQL is",
     "*/.my.cnf */mysql/debian.cnf",
     NULL,
     FALSE,
     {{"password", " \t", 0, 16}, {"=", " \t", 0, 16}, {"", "^ \t\r\n", 1, 1}}},
    {&credentials_file, "a login of MySQL is", "*/.mylogin.cnf", NULL, FALSE, ANY},
    {&credentials_file,
     "a password of git is",
     "*/.git-credentials */.config/git/credentials",
     NULL,
     FALSE,
     {{"://", "^@ \n", 1, 200}, {"@", NULL, 0, 0}}},
    {&credentials_file, "a secret of AWS is", "*/.aws/credentials */.aws/config", NULL, FALSE,
     WORD("aws_secret_access_key", " \t=", 1, 16)},
    {&credentials_file, "a login of a cloud is",
     "*/gcloud/application_default_credentials.json */gcloud/credentials.db "
     "*/.azure/accessTokens.json */.azure/msal_token_cache.* */.config/doctl/config.yaml "
     "*/.config/openstack/clouds.yaml /etc/openstack/clouds.yaml */.terraform.d/credentials.*",
     NULL, FALSE, ANY},
    {&credentials_file, "a password of a package source is",
     "/etc/apt/auth.conf /etc/apt/auth.conf.d/*", NULL, FALSE, WORD("password", " \t\r\n", 1, 8)},
    {&credentials_file,
     "a password of a package index is",
     "*/.pypirc",
     NULL,
     FALSE,
     {{"password", " \t", 0, 16}, {"=", " \t", 0, 16}, {"", "^ \t\r\n", 1, 1}}},
    {&url_password,
     "a password in a URL is",
     SOURCES,
     NULL,
     FALSE,
     {{"://", "^ \t\r\n/@:\"'<>", 1, 64}, {":", "^ \t\r\n/@:\"'<>", 1, 200}, {"@", NULL, 0, 0}}},
    {&authorized_keys, "a key that allows a login is", "*/.ssh/authorized_keys*", NULL, FALSE,
     WORD("AAAA", "A-Za-z0-9+/", 16, 16)},
};

static const char *const searched[] = {"/etc", "/root", "/home",      "/var",
                                       "/opt", "/srv",  "/usr/local", NULL};

/* tar(1), "Controlling Pattern-Matching": a backslash makes a sign of a pattern a letter.
 * libguestfs takes no line ends; another byte in their place matches them. */
static char *exclude_of(const char *path)
{
    g_autoptr(GString) out = g_string_new(".");
    for (const char *c = path; *c; c++) {
        if (strchr("*?[]\\", *c))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *c == '\n' ? '?' : *c);
    }
    return g_strdup(out->str);
}

/* The large files of a directory, as guest_stream_tar expects them, and reported; owned by the
 * caller. */
static char **excludes_of(const GPtrArray *large, const char *directory, GPtrArray *broken)
{
    g_autoptr(GStrvBuilder) out = g_strv_builder_new();
    gsize length = strlen(directory);
    for (guint i = 0; i < large->len; i++) {
        const char *path = g_ptr_array_index(large, i);
        if (strncmp(path, directory, length) != 0 || path[length] != '/')
            continue;
        g_autofree char *pattern = exclude_of(path + length);
        g_strv_builder_add(out, pattern);
        policy_break(broken, &not_searched, path, "%s is too large to be searched for secrets",
                     path);
    }
    return g_strv_builder_end(out);
}

GArray *policy_secret_needles(void)
{
    GArray *needles = needles_new();
    for (gsize i = 0; i < G_N_ELEMENTS(patterns); i++)
        needles_add_pattern(needles, &patterns[i]);
    return needles;
}

static gboolean policy_secrets(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                               GError **error)
{
    (void)asked;
    const struct guest_walk *walk = guest_walk(g, error);
    g_autoptr(GArray) needles = policy_secret_needles();
    gboolean good = walk != NULL;
    for (const char *const *folder = searched; good && *folder; folder++) {
        g_auto(GStrv) excludes = excludes_of(walk->large, *folder, broken);
        good = inspect_search(g, *folder, excludes, needles, broken, error);
    }
    return good;
}

const inspect_check check_secrets = {
    .name = "secrets",
    .rules = rules,
    .survey_only = TRUE,
    .run = policy_secrets,
};
