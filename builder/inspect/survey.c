/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in an image, for people: the facts of a snapshot that matter to who starts machines from
 * it, and what a snapshot has no place for. */
#include "inspect/inspect.h"

#include "base/text.h"
#include "inspect/bootloader.h"
#include "inspect/policy.h"
#include "inspect/snapshot.h"

#include <string.h>

#define SHOWN_BYTES 400
#define ITEMS_LIMIT 10000u

static const inspect_section in_system = {"system", "System"};
static const inspect_section in_disk = {"disk", "Disk"};
static const inspect_section in_packages = {"packages", "Packages"};
static const inspect_section in_boot = {"boot", "Boot"};
static const inspect_section in_accounts = {"accounts", "Accounts with a shell"};
static const inspect_section in_services = {"services", "Units enabled in /etc"};
static const inspect_section in_network = {"network", "Network configuration"};

static void item_free(gpointer data)
{
    struct inspect_item *item = data;
    g_free(item->key);
    g_free(item->value);
    g_free(item);
}

void inspect_survey_free(inspect_survey *survey)
{
    if (!survey)
        return;
    g_ptr_array_unref(survey->items);
    g_ptr_array_unref(survey->findings);
    g_free(survey);
}

/* On one line, printable, and not without end. */
static char *survey_shown(const char *raw)
{
    g_autofree char *line = g_strdelimit(g_strndup(raw, SHOWN_BYTES), "\n\r\t", ' ');
    return text_printable(line, -1);
}

static void survey_add(inspect_survey *survey, const inspect_section *section, const char *key,
                       const char *value)
{
    if (survey->items->len >= ITEMS_LIMIT || !value)
        return;
    struct inspect_item *item = g_new0(struct inspect_item, 1);
    item->section = section;
    item->key = survey_shown(key);
    item->value = survey_shown(value);
    g_ptr_array_add(survey->items, item);
}

/* ---- the system ---- */

static void add_kernels(inspect_survey *survey, const snapshot *s)
{
    const GPtrArray *facts = snapshot_facts(s, SNAPSHOT_KERNELS);
    for (guint i = 0; i < facts->len; i++) {
        const char *path = ((const struct snapshot_fact *)g_ptr_array_index(facts, i))->key;
        if (!strstr(path, "/init"))
            survey_add(survey, &in_system, "kernel", path);
    }
}

/* The rest of the first line that begins with this; owned by the caller. */
static char *setting(const char *text, const char *begin)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, begin))
            return g_strdup(*line + strlen(begin));
    return NULL;
}

/* localtime(5): a link into /usr/share/zoneinfo. */
static gboolean add_time_zone(guest *g, inspect_survey *survey, GError **error)
{
    g_autofree char *target = NULL;
    if (!guest_readlink(g, "/etc/localtime", &target, error))
        return FALSE;
    const char *zone = target ? strstr(target, "zoneinfo/") : NULL;
    survey_add(survey, &in_system, "time zone",
               zone     ? zone + strlen("zoneinfo/")
               : target ? target
                        : "UTC (no /etc/localtime)");
    return TRUE;
}

/* locale.conf(5); Debian's older name for it. */
static gboolean add_locale(guest *g, inspect_survey *survey, GError **error)
{
    static const char *const files[] = {"/etc/locale.conf", "/etc/default/locale", NULL};
    for (const char *const *file = files; *file; file++) {
        g_autofree char *text = NULL;
        if (!guest_read(g, *file, &text, error))
            return FALSE;
        g_autofree char *locale = setting(text, "LANG=");
        survey_add(survey, &in_system, "locale", locale);
        if (locale)
            break;
    }
    return TRUE;
}

static gboolean survey_add_system(guest *g, inspect_survey *survey, const snapshot *s,
                                  GError **error)
{
    const guest_facts *facts = g->facts;
    survey_add(survey, &in_system, "product", facts->product);
    survey_add(survey, &in_system, "architecture", facts->arch);
    survey_add(survey, &in_system, "host name", facts->hostname);
    add_kernels(survey, s);
    return add_time_zone(g, survey, error) && add_locale(g, survey, error);
}

/* ---- disk, packages, boot ---- */

static void survey_add_disk(const guest *g, inspect_survey *survey, const snapshot *s)
{
    const GPtrArray *facts = snapshot_facts(s, SNAPSHOT_DISK);
    g_autofree char *size = text_size(g->facts->disk_size);
    g_autofree char *used = text_size(g->facts->root_used);
    g_autofree char *root = g_strdup_printf("%s on %s, %s in use", g->facts->root_filesystem,
                                            g->facts->root_device, used);
    g_autofree char *count = g_strdup_printf("%u installed", g->facts->packages->len);
    survey_add(survey, &in_disk, "size", size);
    for (guint i = 0; i < facts->len; i++) {
        const struct snapshot_fact *fact = g_ptr_array_index(facts, i);
        survey_add(survey, &in_disk, fact->key, fact->value);
    }
    survey_add(survey, &in_disk, "root", root);
    survey_add(survey, &in_packages, g->format ? g->format : "unknown", count);
}

static gboolean survey_add_boot(guest *g, inspect_survey *survey, GError **error)
{
    g_autoptr(bootloader_facts) boot = bootloader_read(g, error);
    if (!boot)
        return FALSE;
    for (guint i = 0; i < boot->loaders->len; i++)
        survey_add(survey, &in_boot, "boot loader", g_ptr_array_index(boot->loaders, i));
    for (guint i = 0; i < boot->lines->len; i++)
        survey_add(survey, &in_boot, "kernel command line", g_ptr_array_index(boot->lines, i));
    survey_add(survey, &in_boot, "serial console", boot->serial ? boot->serial : "none");
    return TRUE;
}

/* ---- accounts and services ---- */

static const char *account_fact(const snapshot *s, const char *key)
{
    const GPtrArray *facts = snapshot_facts(s, SNAPSHOT_ACCOUNTS);
    for (guint i = 0; i < facts->len; i++) {
        const struct snapshot_fact *fact = g_ptr_array_index(facts, i);
        if (strcmp(fact->key, key) == 0)
            return fact->value;
    }
    return NULL;
}

/* nologin(8), false(1), and sync of Debian, which nobody gets a prompt from. */
static gboolean is_shell(const char *path)
{
    static const char *const none[] = {"nologin", "false", "sync", "shutdown", "halt", NULL};
    const char *slash = strrchr(path, '/');
    return !g_strv_contains(none, slash ? slash + 1 : path);
}

/* NULL: there is no entry in shadow. */
static const char *password_words(const char *state)
{
    if (!state || strcmp(state, "locked") == 0)
        return "no login by password";
    return strcmp(state, "empty") == 0 ? "empty password" : state;
}

static void add_accounts(inspect_survey *survey, const snapshot *s)
{
    const GPtrArray *facts = snapshot_facts(s, SNAPSHOT_ACCOUNTS);
    for (guint i = 0; i < facts->len; i++) {
        const struct snapshot_fact *fact = g_ptr_array_index(facts, i);
        const char *shell = strrchr(fact->value, ' ');
        if (!g_str_has_prefix(fact->key, "user ") || !shell || !is_shell(shell + 1))
            continue;
        const char *name = fact->key + strlen("user ");
        g_autofree char *key = g_strconcat("password of ", name, NULL);
        const char *password = account_fact(s, key);
        g_autofree char *value = g_strdup_printf("%s, %s", shell + 1, password_words(password));
        survey_add(survey, &in_accounts, name, value);
    }
}

static gint survey_by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "system/multi-user.target.wants/ssh.service" to "ssh.service/multi-user.target", owned by the
 * caller; NULL: nothing is enabled. */
static char *unit_and_target(const struct snapshot_fact *fact)
{
    g_auto(GStrv) parts = g_strsplit(fact->key, "/", -1);
    if (g_strv_length(parts) != 3 || strcmp(parts[0], "system") != 0 ||
        !g_str_has_prefix(fact->value, "enabled"))
        return NULL;
    char *dot = strrchr(parts[1], '.');
    if (dot)
        *dot = '\0';
    return g_strjoin("/", parts[2], parts[1], NULL);
}

/* One item a unit, whatever wants it. */
static void add_services(inspect_survey *survey, const snapshot *s)
{
    const GPtrArray *facts = snapshot_facts(s, SNAPSHOT_UNITS);
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) targets = g_string_new(NULL);
    for (guint i = 0; i < facts->len; i++) {
        char *pair = unit_and_target(g_ptr_array_index(facts, i));
        if (pair)
            g_ptr_array_add(pairs, pair);
    }
    g_ptr_array_sort(pairs, survey_by_text);
    for (guint i = 0; i < pairs->len; i++) {
        g_auto(GStrv) pair = g_strsplit(g_ptr_array_index(pairs, i), "/", 2);
        const char *next = i + 1 < pairs->len ? g_ptr_array_index(pairs, i + 1) : "";
        gsize length = strlen(pair[0]);
        g_string_append_printf(targets, "%s%s", targets->len ? ", " : "", pair[1]);
        if (strncmp(next, pair[0], length) == 0 && next[length] == '/')
            continue;
        survey_add(survey, &in_services, pair[0], targets->str);
        g_string_truncate(targets, 0);
    }
}

/* ---- network ---- */

static gboolean add_network(guest *g, inspect_survey *survey, GError **error)
{
    static const struct {
        const char *name, *files;
    } kinds[] = {
        {"ifupdown", "/etc/network/{interfaces,interfaces.d/*}"},
        {"netplan", "/etc/netplan/*.{yaml,yml}"},
        {"NetworkManager", "/etc/NetworkManager/system-connections/*"},
        {"systemd-networkd", "/etc/systemd/network/*.{network,link,netdev}"},
        {"ifcfg", "/etc/sysconfig/{network-scripts,network}/ifcfg-*"},
        {"dhcpcd", "/etc/dhcpcd.conf"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_auto(GStrv) paths = guest_glob(g, kinds[i].files, error);
        if (!paths)
            return FALSE;
        for (char **path = paths; *path; path++)
            survey_add(survey, &in_network, kinds[i].name, *path);
    }
    return TRUE;
}

/* ---- all of it ---- */

static gboolean survey_describe(guest *g, inspect_survey *survey, GError **error)
{
    g_autoptr(snapshot) s = snapshot_new();
    if (!snapshot_take(g, s, error) || !survey_add_system(g, survey, s, error))
        return FALSE;
    survey_add_disk(g, survey, s);
    if (!survey_add_boot(g, survey, error))
        return FALSE;
    add_accounts(survey, s);
    add_services(survey, s);
    return add_network(g, survey, error);
}

static gboolean survey_work(guest *g, inspect_survey *survey, GError **error)
{
    progress_phase(g->p, "inspect");
    if (!guest_inspect(g, error) || !survey_describe(g, survey, error))
        return FALSE;
    progress_phase(g->p, "policy");
    return inspect_check_all(g, survey->findings, error);
}

inspect_survey *inspect_survey_image(const image_file *from, gboolean force_tcg, progress *p,
                                     GCancellable *cancel, GError **error)
{
    const struct guest_spec spec = {.image = from, .force_tcg = force_tcg, .read_only = TRUE};
    g_autoptr(inspect_survey) survey = g_new0(inspect_survey, 1);
    survey->items = g_ptr_array_new_with_free_func(item_free);
    survey->findings = inspect_findings_new();
    progress_phase(p, "launch");
    g_autoptr(guest) g = guest_open(&spec, p, cancel, error);
    if (!g)
        return NULL;
    if (survey_work(g, survey, error))
        return g_steal_pointer(&survey);
    guest_limit_error(g, error);
    return NULL;
}
