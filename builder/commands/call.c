/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/site.h"

#include <string.h>

#define CACHE_SIZE "INGOT_CACHE_SIZE"

char *call_cache_dir(const struct call *c)
{
    return c->planning.cache ? g_strdup(c->planning.cache) : files_cache_dir();
}

gboolean call_read_cache_size(const char *name, const char *text, guint64 *bytes, GError **error)
{
    if (text_parse_size(text, bytes) && *bytes > 0)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_USAGE, "write it as 10GiB, 500M or 1.5G",
                    "%s: '%s' is not a size for the cache", name, text);
    return FALSE;
}

gboolean call_cache_limit(const struct call *c, guint64 *bytes, GError **error)
{
    const char *set = g_environ_getenv((char **)c->environment, CACHE_SIZE);
    *bytes = 0;
    return !set || !*set || call_read_cache_size(CACHE_SIZE, set, bytes, error);
}

void call_print_json(const struct call *c, json_t *value)
{
    g_autofree char *text = secrets_dump_json(c->hidden, value, JSON_INDENT(2));
    puts(text);
    json_decref(value);
}

const char *call_mirror_override(const struct call *c)
{
    const char *set = c->planning.mirror
                          ? c->planning.mirror
                          : g_environ_getenv((char **)c->environment, "INGOT_MIRROR");
    return set && *set ? set : NULL;
}

gboolean call_isolation(struct call *c, const char *text, GError **error)
{
    g_auto(GStrv) values = g_strsplit(ISOLATION_VALUES, "|", -1);
    c->isolation = text;
    if (!text || g_strv_contains((const char *const *)values, text))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_USAGE, "--isolation is " ISOLATION_VALUES,
                    "'%s' is not a way to isolate", text);
    return FALSE;
}

/* A mirror's password is a secret too: "https://user:PASSWORD@host/". */
static void hide_password(secrets *hidden, const char *url)
{
    g_autofree char *password = NULL;
    if (url && g_uri_split_with_user(url, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED, NULL,
                                     NULL, &password, NULL, NULL, NULL, NULL, NULL, NULL, NULL))
        secrets_add(hidden, password);
}

/* The firmware that boots a kernel is needed in any case; that which boots the template, perhaps
 * not. */
static gboolean call_find_firmware(const recipe *from, struct plan_firmware *found, GError **error)
{
    g_autofree char *data = files_data_dir();
    g_autoptr(vm_firmware_list) all = vm_firmware_list_read(data);
    found->problems = g_strdupv((char **)vm_firmware_list_problems(all));
    const struct firmware_kind *asked = firmware_kind_find(from->firmware);
    const struct firmware_kind *kernel = vm_kernel_firmware(from->arch);
    const struct firmware_kind *kind = asked ? asked : firmware_kind_usual(from->arch);
    if (kernel && !(found->kernel = vm_firmware_choose(all, from->arch, kernel, error)))
        return FALSE;
    found->template = kind == kernel ? vm_firmware_ref(found->kernel)
                                     : vm_firmware_choose(all, from->arch, kind, &found->missing);
    return TRUE;
}

/* What was found out about this host for a recipe. */
struct call_host {
    struct vm_accel accel;
    struct plan_firmware firmware;
    struct sandbox_host sandbox;
    struct site site;
    gboolean sandbox_probed;
};

static void call_host_clear(struct call_host *found)
{
    vm_accel_clear(&found->accel);
    plan_firmware_clear(&found->firmware);
    sandbox_host_clear(&found->sandbox);
    site_clear(&found->site);
}

static gboolean call_find_sandbox(struct call *c, const recipe *from, struct call_host *found,
                                  GError **error)
{
    if (!site_read(SITE_FILE, &found->site, error))
        return FALSE;
    found->sandbox_probed = plan_needs_sandbox(from, c->isolation, found->accel.kvm);
    return !found->sandbox_probed || sandbox_probe(&found->sandbox, c->cancel, error);
}

static gboolean call_probe(struct call *c, const recipe *from, struct call_host *found,
                           GError **error)
{
    g_autofree char *cache = call_cache_dir(c);
    return vm_accel_probe(from->arch, cache, FALSE, c->cancel, &found->accel, error) &&
           call_find_firmware(from, &found->firmware, error) &&
           call_find_sandbox(c, from, found, error);
}

static plan *call_resolve(struct call *c, const recipe *from, const struct call_host *found,
                          gboolean probed, recipe_problems *problems, GError **error)
{
    g_autofree char *cache = call_cache_dir(c);
    g_autofree char *data = files_data_dir();
    g_autofree char *apt = os_host_archive(FALSE);
    g_autofree char *security = os_host_archive(TRUE);
    hide_password(c->hidden, call_mirror_override(c));
    const struct plan_host host = {.mirror_override = call_mirror_override(c),
                                   .host_archive = apt,
                                   .host_security = security,
                                   .cpus = g_get_num_processors(),
                                   .accel = probed ? &found->accel : NULL,
                                   .firmware = found->firmware,
                                   .sandbox = found->sandbox_probed ? &found->sandbox : NULL,
                                   .isolation = c->isolation,
                                   .site_isolation = found->site.isolation,
                                   .site_file = SITE_FILE,
                                   .cache_dir = cache,
                                   .data_dir = data,
                                   .out_dir = c->planning.out ? c->planning.out : "out"};
    return plan_new(from, &host, c->hidden, problems, error);
}

plan *call_plan(struct call *c, const char *recipe_path, gboolean resolve_secrets, gboolean probe,
                GError **error)
{
    struct call_host found = {0};
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(recipe) from = recipe_load_as(recipe_path, c->recipe_as ? c->recipe_as : recipe_path,
                                            resolve_secrets, c->hidden, problems, error);
    g_autoptr(plan) p = NULL;
    if (from &&
        (!probe || recipe_problems_count(problems) > 0 || call_probe(c, from, &found, error)))
        p = call_resolve(c, from, &found, probe, problems, error);
    call_host_clear(&found);
    if (error && *error)
        return NULL;
    return recipe_problems_report(problems, error) ? g_steal_pointer(&p) : NULL;
}
