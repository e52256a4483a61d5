/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "plan/plan.h"

#include <string.h>
#include <sys/utsname.h>

/* Where the packages of a recipe are configured: what it says, an option, the site, the host. */

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-isolation");
}

static char host_arch[sizeof((struct utsname *)NULL)->machine];

struct given {
    const char *recipe, *option, *site; /* each may be NULL */
    gboolean kvm;
    enum sandbox_kind sandbox;
    const char *arch; /* NULL: the host's */
};

static recipe *isolation_recipe(const struct given *g, recipe_problems *problems, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "recipe.yaml", NULL);
    g_autofree char *text =
        g_strdup_printf("name: web\nfamily: debian\nrelease: trixie\narch: %s\n%s",
                        g->arch ? g->arch : host_arch, g->recipe ? g->recipe : "");
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return recipe_load(path, TRUE, NULL, problems, error);
}

static plan *isolation_plan(const struct given *g, GError **error)
{
    const struct vm_accel accel = {.kvm = g->kvm,
                                   .reason = (char *)"it was measured",
                                   .cpu = (char *)"max",
                                   .option = (char *)"tcg"};
    const struct sandbox_host sandbox = {
        .kind = g->sandbox, .why = (char *)"so it is here", .remedy = (char *)"get another host"};
    const struct plan_host host = {.host_archive = "http://apt.test/debian",
                                   .cpus = 2,
                                   .accel = &accel,
                                   .sandbox = &sandbox,
                                   .isolation = g->option,
                                   .site_isolation = g->site,
                                   .site_file = "/etc/site",
                                   .cache_dir = folder,
                                   .data_dir = g_getenv("INGOT_TEST_SOURCE"),
                                   .out_dir = "out"};
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(recipe) r = isolation_recipe(g, problems, error);
    g_autoptr(plan) p = r ? plan_new(r, &host, NULL, problems, error) : NULL;
    return !*error && recipe_problems_report(problems, error) ? g_steal_pointer(&p) : NULL;
}

/* NULL: it must be an error with that text. */
static void assert_isolation(const struct given *g, const char *name, const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(plan) p = isolation_plan(g, &error);
    if (!name) {
        assert_null(p);
        assert_non_null(strstr(error->message, reason));
        return;
    }
    assert_no_error(error);
    assert_string_equal(plan_isolation_name(p), name);
    assert_non_null(strstr(p->isolation_reason, reason));
    assert_int_equal(p->media.packages_only, strcmp(name, "namespace") == 0);
}

static void automatic(void **state)
{
    (void)state;
    const char *other = strcmp(host_arch, "x86_64") == 0 ? "aarch64" : "x86_64";
    assert_isolation(&(struct given){.kvm = TRUE, .sandbox = SANDBOX_USER}, "machine", "KVM");
    assert_isolation(&(struct given){.sandbox = SANDBOX_NONE}, "machine", "so it is here");
    /* Weaker than a sandbox in a user namespace: by name only. */
    assert_isolation(&(struct given){.sandbox = SANDBOX_ROOT}, "machine", "by name");
    assert_isolation(&(struct given){.sandbox = SANDBOX_USER, .arch = other}, "machine", "");
    assert_isolation(&(struct given){.sandbox = SANDBOX_USER, .site = "machine"}, "machine",
                     "/etc/site");
    assert_isolation(
        &(struct given){.recipe = "installer: debian-installer\n", .sandbox = SANDBOX_USER},
        "machine", "of its own");
    if (strcmp(host_arch, "x86_64") == 0)
        assert_isolation(&(struct given){.sandbox = SANDBOX_USER}, "namespace", "no KVM");
}

static void by_name(void **state)
{
    (void)state;
    static const char asked[] = "isolation: namespace\n";
    if (strcmp(host_arch, "x86_64") != 0)
        return;
    assert_isolation(&(struct given){.recipe = asked, .kvm = TRUE, .sandbox = SANDBOX_USER},
                     "namespace", "requested");
    assert_isolation(&(struct given){.recipe = asked, .sandbox = SANDBOX_ROOT}, "namespace",
                     "requested");
    assert_isolation(&(struct given){.recipe = asked, .sandbox = SANDBOX_NONE}, NULL,
                     "no sandbox: so it is here");
    assert_isolation(&(struct given){.recipe = asked, .sandbox = SANDBOX_USER, .site = "machine"},
                     NULL, "this site allows only machines");
    /* An option counts more than the recipe. */
    assert_isolation(
        &(struct given){.recipe = asked, .option = "machine", .sandbox = SANDBOX_USER}, "machine",
        "requested");
    assert_isolation(&(struct given){.option = "namespace", .kvm = TRUE, .sandbox = SANDBOX_USER},
                     "namespace", "requested");
}

/* Not every installer and not every machine can do it. */
static void impossible(void **state)
{
    (void)state;
    const char *other = strcmp(host_arch, "x86_64") == 0 ? "aarch64" : "x86_64";
    assert_isolation(
        &(struct given){.recipe = "isolation: namespace\ninstaller: debian-installer\n",
                        .sandbox = SANDBOX_USER},
        NULL, "debian-installer does not support 'namespace'");
    assert_isolation(&(struct given){.option = "namespace",
                                     .recipe = "installer: debian-installer\n",
                                     .sandbox = SANDBOX_USER},
                     NULL, "cannot be isolated by a namespace");
    assert_isolation(&(struct given){.option = "namespace", .sandbox = SANDBOX_USER, .arch = other},
                     NULL, "");
    assert_isolation(&(struct given){.recipe = "isolation: chroot\n"}, NULL, "isolation");
}

/* A probe costs time: it is made where it can decide something. */
static void probed_when_needed(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    const struct given plain = {0}, foreign = {.recipe = "installer: debian-installer\n"};
    g_autoptr(recipe) r = isolation_recipe(&plain, problems, &error);
    g_autoptr(recipe) f = isolation_recipe(&foreign, problems, &error);
    assert_no_error(error);
    if (strcmp(host_arch, "x86_64") == 0) {
        assert_true(plan_needs_sandbox(r, NULL, FALSE));
        assert_true(plan_needs_sandbox(r, "namespace", TRUE));
    }
    assert_false(plan_needs_sandbox(r, NULL, TRUE));
    assert_false(plan_needs_sandbox(r, "machine", FALSE));
    assert_false(plan_needs_sandbox(f, NULL, FALSE));
}

int main(void)
{
    struct utsname host;
    g_strlcpy(host_arch, uname(&host) == 0 ? host.machine : "x86_64", sizeof host_arch);
    const struct CMUnitTest tests[] = {cmocka_unit_test(automatic), cmocka_unit_test(by_name),
                                       cmocka_unit_test(impossible),
                                       cmocka_unit_test(probed_when_needed)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
