/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/isolation.h"

#include "base/error.h"

#include <string.h>
#include <sys/utsname.h>

#define MACHINE   "machine"
#define NAMESPACE "namespace"

const char *plan_isolation_name(const plan *p)
{
    return p->isolation == PLAN_NAMESPACE ? NAMESPACE : MACHINE;
}

static gboolean isolation_is(const char *asked, const char *name)
{
    return g_strcmp0(asked, name) == 0;
}

/* ---- what does not depend on the host ---- */

/* Why these never run in a namespace, or NULL. */
static const char *isolation_obstacle(const os_installer *installer, const char *family,
                                      const char *arch)
{
    const struct os_packages *from = installer->packages ? installer->packages(family, arch) : NULL;
    if (!installer->namespace_script)
        return "this installer runs in a machine of its own";
    return from && from->efi ? "a disk for UEFI is made in a machine" : NULL;
}

void isolation_check(const recipe *r, const os_installer *installer, recipe_problems *problems)
{
    if (!isolation_is(r->isolation, NAMESPACE) || !r->family)
        return;
    const char *obstacle = isolation_obstacle(installer, r->family, r->arch);
    if (obstacle)
        recipe_problem(problems, r, "isolation", "leave it out",
                       "%s does not support '%s' here: %s", installer->name, NAMESPACE, obstacle);
}

/* ---- what does ---- */

/* The names of uname(2) are those of recipes. */
static gboolean isolation_is_native(const char *arch)
{
    struct utsname host;
    return uname(&host) == 0 && strcmp(host.machine, arch) == 0;
}

static const char *isolation_wish(const recipe *r, const struct plan_host *host)
{
    const char *asked = host->isolation ? host->isolation : r->isolation;
    return asked ? asked : "auto";
}

/* A namespace by name: what is not possible is an error. */
static gboolean isolation_force(plan *p, const recipe *r, const struct plan_host *host,
                                GError **error)
{
    const char *obstacle = isolation_obstacle(p->installer, p->family, r->arch);
    const struct sandbox_host *sandbox = host->sandbox;
    if (isolation_is(host->site_isolation, MACHINE))
        ingot_set_error(error, INGOT_EXIT_USAGE, "leave out isolation and --isolation",
                        "this site allows only machines (isolation in %s)", host->site_file);
    else if (obstacle)
        ingot_set_error(error, INGOT_EXIT_USAGE, "leave out --isolation",
                        "%s cannot be isolated by a namespace: %s", p->installer->name, obstacle);
    else if (!isolation_is_native(r->arch))
        ingot_set_error(error, INGOT_EXIT_HOST, "use isolation: machine",
                        "programs of %s do not run on this host's processor", r->arch);
    else if (sandbox && sandbox->kind == SANDBOX_NONE)
        ingot_set_error(error, INGOT_EXIT_HOST, sandbox->remedy, "this host has no sandbox: %s",
                        sandbox->why);
    else {
        p->isolation = PLAN_NAMESPACE;
        p->isolation_reason =
            g_strdup_printf("requested; %s", sandbox ? sandbox->why : "not tried");
        return TRUE;
    }
    return FALSE;
}

/* Of what is possible, the fastest that is not weaker than a sandbox in a user namespace. */
enum plan_isolation plan_isolation_usual(gboolean kvm, enum sandbox_kind sandbox, const char *site)
{
    return !kvm && sandbox == SANDBOX_USER && !isolation_is(site, MACHINE) ? PLAN_NAMESPACE
                                                                           : PLAN_MACHINE;
}

/* Why it is a machine whatever else this host has; owned by the caller, NULL: it need not be. */
static char *isolation_why_machine(const plan *p, const recipe *r, const struct plan_host *host)
{
    const char *obstacle = isolation_obstacle(p->installer, p->family, r->arch);
    if (isolation_is(host->site_isolation, MACHINE))
        return g_strdup_printf("this site decides so, in %s", host->site_file);
    if (obstacle)
        return g_strdup(obstacle);
    if (host->accel && host->accel->kvm)
        return g_strdup("this host has KVM");
    if (!isolation_is_native(r->arch))
        return g_strdup_printf("programs of %s do not run on this host's processor", r->arch);
    return host->accel && host->sandbox ? NULL : g_strdup("this host was not looked at");
}

static void isolation_choose(plan *p, const recipe *r, const struct plan_host *host)
{
    const struct sandbox_host *sandbox = host->sandbox;
    p->isolation_reason = isolation_why_machine(p, r, host);
    if (p->isolation_reason || !sandbox)
        return;
    p->isolation = plan_isolation_usual(FALSE, sandbox->kind, host->site_isolation);
    p->isolation_reason = g_strdup_printf(
        sandbox->kind == SANDBOX_USER   ? "this host has no KVM, but %s"
        : sandbox->kind == SANDBOX_ROOT ? "%s: ask for isolation: namespace by name if that is "
                                          "enough"
                                        : "this host has neither KVM nor a sandbox: %s",
        sandbox->why);
}

gboolean isolation_resolve(plan *p, const recipe *r, const struct plan_host *host, GError **error)
{
    const char *asked = isolation_wish(r, host);
    p->isolation = PLAN_MACHINE;
    p->sandbox = host->sandbox ? host->sandbox->kind : SANDBOX_NONE;
    if (isolation_is(asked, NAMESPACE))
        return isolation_force(p, r, host, error);
    if (isolation_is(asked, MACHINE))
        p->isolation_reason = g_strdup("requested");
    else
        isolation_choose(p, r, host);
    return TRUE;
}

gboolean plan_needs_sandbox(const recipe *r, const char *isolation, gboolean kvm)
{
    const os_installer *installer = os_installer_choose(r->installer, r->family);
    const char *asked = isolation ? isolation : r->isolation;
    if (!installer || !r->arch || isolation_is(asked, MACHINE) ||
        isolation_obstacle(installer, r->family, r->arch) || !isolation_is_native(r->arch))
        return FALSE;
    return !kvm || isolation_is(asked, NAMESPACE);
}
