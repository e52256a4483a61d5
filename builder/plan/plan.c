/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/plan.h"

#include "base/error.h"
#include "base/text.h"
#include "plan/boot_command.h"
#include "plan/isolation.h"
#include "plan/names.h"
#include "plan/outputs.h"
#include "plan/package_names.h"
#include "base/password.h"

#include <string.h>

#define MAX_CPUS   4 /* an installer has little to do in parallel */
#define GUEST_DISK "/dev/vda"

/* ---- strings that live as long as the plan ---- */

static const char *plan_keep(plan *p, const char *text)
{
    return text ? g_string_chunk_insert_const(p->store, text) : NULL;
}

/* Takes a GPtrArray of kept strings; gives it its NULL and to the plan. */
static const char *const *keep_array(plan *p, GPtrArray *list)
{
    g_ptr_array_add(list, NULL);
    g_ptr_array_add(p->pools, list);
    return (const char *const *)list->pdata;
}

static void plan_add_all(plan *p, GPtrArray *list, const char *const *texts)
{
    for (; texts && *texts; texts++) {
        const char *kept = plan_keep(p, *texts);
        gboolean there = FALSE;
        for (guint i = 0; i < list->len; i++)
            there |= strcmp(g_ptr_array_index(list, i), kept) == 0;
        if (!there)
            g_ptr_array_add(list, (gpointer)kept);
    }
}

static const char *const *keep_strv(plan *p, char **texts)
{
    GPtrArray *list = g_ptr_array_new();
    plan_add_all(p, list, (const char *const *)texts);
    return keep_array(p, list);
}

/* ---- the installer ---- */

static char *plan_joined(const char *const *list)
{
    return g_strjoinv(", ", (char **)list);
}

/* Whether any installer is for this family; NULL, which recipe_load has complained of, is. */
static gboolean is_known_family(const char *family)
{
    for (const os_installer *const *i = os_installers(); family && *i; i++)
        if (g_strv_contains((*i)->families, family))
            return TRUE;
    return !family;
}

static void check_family(const recipe *r, recipe_problems *problems)
{
    if (is_known_family(r->family))
        return;
    g_autofree char *hint = names_hint("the families are: ", names_families(), r->family);
    recipe_problem(problems, r, "family", hint, "there is no installer for the family '%s'",
                   r->family);
}

/* NULL also if the family is unknown, which check_family reports. */
static const os_installer *choose_installer(const recipe *r, recipe_problems *problems)
{
    const os_installer *found = os_installer_choose(r->installer, r->family);
    if (found || !r->installer)
        return found;
    g_autofree char *hint = names_hint("the installers are: ", names_installers(), r->installer);
    recipe_problem(problems, r, "installer", hint, "unknown installer '%s'", r->installer);
    return NULL;
}

struct capability {
    const char *key, *what, *value;
    const char *const *can;
};

/* Of what each can do, not every pair is possible. */
static void check_pair(const recipe *r, const os_installer *installer, recipe_problems *problems)
{
    if (installer->packages && r->family && g_strv_contains(installer->families, r->family) &&
        g_strv_contains(installer->arches, r->arch) && !installer->packages(r->family, r->arch))
        recipe_problem(problems, r, "arch", NULL, "%s does not support %s on %s", installer->name,
                       r->family, r->arch);
}

static void check_capabilities(const recipe *r, const os_installer *installer,
                               recipe_problems *problems)
{
    const struct capability all[] = {
        {"family", "family", r->family, installer->families},
        {"arch", "architecture", r->arch, installer->arches},
        {"disk.filesystem", "root file system", r->filesystem, installer->filesystems},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        /* What no installer knows was already reported for the family. */
        if (!all[i].value || g_strv_contains(all[i].can, all[i].value) ||
            (all[i].value == r->family && !is_known_family(r->family)))
            continue;
        g_autofree char *can = plan_joined(all[i].can);
        g_autofree char *hint = g_strdup_printf("it supports: %s", can);
        recipe_problem(problems, r, all[i].key, hint, "%s does not support the %s '%s'",
                       installer->name, all[i].what, all[i].value);
    }
    if (r->memory && r->memory < installer->memory) {
        g_autofree char *least = text_size(installer->memory);
        recipe_problem(problems, r, "vm.memory", NULL, "%s needs at least %s of memory",
                       installer->name, least);
    }
}

/* ---- the mirror ---- */

static gboolean is_guest_mirror(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *scheme = uri ? g_uri_get_scheme(uri) : NULL;
    return uri && g_uri_get_host(uri) && *g_uri_get_host(uri) &&
           (g_str_equal(scheme, "http") || g_str_equal(scheme, "https") ||
            g_str_equal(scheme, "ftp"));
}

/* The archive that the host itself uses. */
static const char *host_mirror(const recipe *r, const struct plan_host *host)
{
    return r->family && os_family_has_host_archive(r->family) ? host->host_archive : NULL;
}

/* NULL: none, or one that plan_check_mirror complains of. */
static const char *build_mirror(const recipe *r, const struct plan_host *host)
{
    return host->mirror_override ? host->mirror_override
           : r->mirror           ? r->mirror
                                 : host_mirror(r, host);
}

/* Whether there should be one: what the recipe itself names wrongly, recipe_load has complained of,
 * and of a family that is misspelt the host may have the archive. */
static gboolean needs_mirror(const recipe *r, const struct plan_host *host,
                             const os_installer *installer)
{
    return installer && (installer->packages || r->media.kind == RECIPE_MEDIA_APT) &&
           !recipe_has(r, "mirror") &&
           (!host->host_archive || (r->family && is_known_family(r->family)));
}

static void plan_check_mirror(const recipe *r, const struct plan_host *host,
                              const os_installer *installer, recipe_problems *problems)
{
    const char *mirror = build_mirror(r, host);
    if (mirror && !is_guest_mirror(mirror))
        recipe_problem(problems, r, "mirror",
                       "it must be reachable from the guest: http, https or ftp",
                       "'%s' is not a mirror that an installer can use", mirror);
    else if (!mirror && needs_mirror(r, host, installer))
        recipe_problem(problems, r, "mirror",
                       "add 'mirror: URL' to the recipe, or use --mirror or INGOT_MIRROR",
                       "no package mirror is known: the recipe names none and this host's apt has "
                       "no archive of this distribution");
}

/* The URL if it means the same everywhere. */
static const char *lasting(const char *url)
{
    if (!url || !is_guest_mirror(url))
        return NULL;
    g_autofree char *guest = vm_guest_url(url);
    return g_str_equal(guest, url) ? url : NULL;
}

/* The mirror that the finished system keeps: never the builder's own override, never loopback. */
static const char *final_mirror(const recipe *r, const struct plan_host *host)
{
    return lasting(r->mirror ? r->mirror : host_mirror(r, host));
}

/* The host's apt security archive belongs to its archive, and not to another. */
static const char *security_mirror(const recipe *r, const struct plan_host *host)
{
    if (r->security_mirror)
        return r->security_mirror;
    return r->mirror || !os_family_has_host_archive(r->family) ||
                   !os_release_has_security(r->family, r->release)
               ? NULL
               : host->host_security;
}

/* ---- the media ---- */

/* As the archive has it. */
static const char *archive_arch(const plan *p, const recipe *r)
{
    const char *name = p->installer->packaging->archive_arch(r->arch);
    return name ? name : r->arch;
}

static char *beside_recipe(const recipe *r, const char *path)
{
    if (!path || g_path_is_absolute(path) || strstr(path, "://"))
        return g_strdup(path);
    g_autofree char *directory = g_path_get_dirname(r->path);
    return g_build_filename(directory, path, NULL);
}

/* The installer is given packages: a medium, and what only a medium understands, has no meaning. */
static void check_packages_only(const recipe *r, const char *installer, recipe_problems *problems)
{
    g_autofree char *hint = os_hint_with_media(r->family, FALSE);
    const struct recipe_media *m = &r->media;
    const struct {
        const char *key;
        gboolean there;
    } all[] = {
        {"media.url", m->kind == RECIPE_MEDIA_URL},    {"media.path", m->kind == RECIPE_MEDIA_PATH},
        {"media.apt.package", m->apt_package != NULL}, {"media.kernel", m->kernel != NULL},
        {"media.initrd", m->initrd != NULL},           {"extra", r->extra != NULL}};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i].there)
            recipe_problem(problems, r, all[i].key, hint, "%s does not support '%s'", installer,
                           all[i].key);
}

static const char *media_suite_of(const recipe *r)
{
    return r->media.apt_suite ? r->media.apt_suite : r->release;
}

/* The package that the installer's kernel and initrd are in; owned by the caller. */
static char *media_package_of(const recipe *r, const os_installer *installer)
{
    const char *suite = media_suite_of(r);
    if (r->media.apt_package)
        return g_strdup(r->media.apt_package);
    return suite ? installer->package(suite, r->arch) : NULL;
}

/* A release or an architecture that is wrong for itself has been complained of. */
static void check_media_package(const recipe *r, const os_installer *installer,
                                recipe_problems *problems)
{
    g_autofree char *package = media_package_of(r, installer);
    if (r->media.kind == RECIPE_MEDIA_APT && !package && media_suite_of(r) &&
        g_strv_contains(installer->arches, r->arch))
        recipe_problem(problems, r, "release", "name the package with media.apt.package",
                       "%s does not know which package has the installer of '%s'", installer->name,
                       media_suite_of(r));
}

static char **strv_of(const char *const *a, const char *const *b, const char *const *c)
{
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    g_strv_builder_addv(all, (const char **)a);
    g_strv_builder_addv(all, (const char **)b);
    g_strv_builder_addv(all, (const char **)c);
    return g_strv_builder_end(all);
}

/* A whole system's packages: after the answers, which have the names. */
static void resolve_packages(plan *p, const recipe *r, const struct plan_host *host,
                             const char *mirror)
{
    const struct os_packages *from = p->answers.sources;
    const char *const own[] = {p->answers.kernel_package, from->loader, NULL};
    struct media_spec *to = &p->media;
    to->kind = MEDIA_SYSTEM;
    to->source = p->installer->packaging->source;
    to->mirror = g_strdup(mirror);
    /* The builder's override replaces what the host's own apt would use. */
    to->security_mirror =
        g_strdup(host->mirror_override ? r->security_mirror : security_mirror(r, host));
    to->proxy = g_strdup(r->proxy);
    to->suite = g_strdup(media_suite_of(r));
    to->components = g_strdup(from->components);
    to->arch = g_strdup(archive_arch(p, r));
    to->keyring = r->media.keyring ? beside_recipe(r, r->media.keyring) : g_strdup(from->keyring);
    to->plain = g_strdupv((char **)from->plain);
    to->packages = strv_of(from->wanted, own, p->answers.packages);
    to->excluded = g_strdupv((char **)from->excluded);
    to->env_kernel = g_strdup(from->env_kernel);
    to->env_shell = g_strdup(from->env_shell);
    to->env_modules = g_strdupv((char **)from->env_modules);
    to->packages_only = p->isolation == PLAN_NAMESPACE;
}

static void resolve_media(plan *p, const recipe *r, const char *mirror)
{
    const struct recipe_media *m = &r->media;
    struct media_spec *to = &p->media;
    to->kind = m->kind == RECIPE_MEDIA_APT   ? MEDIA_PACKAGE
               : m->kind == RECIPE_MEDIA_URL ? MEDIA_URL
                                             : MEDIA_LOCAL;
    to->source = p->installer->packaging->source;
    to->proxy = g_strdup(r->proxy);
    to->kernel_glob = g_strdup(m->kernel ? m->kernel : p->installer->kernel_glob);
    to->initrd_glob = g_strdup(m->initrd ? m->initrd : p->installer->initrd_glob);
    to->sha256 = g_strdup(m->sha256);
    to->signature = beside_recipe(r, m->signature);
    to->keyring = m->keyring ? beside_recipe(r, m->keyring) : g_strdup(p->installer->keyring);
    to->url = g_strdup(m->url);
    to->path = beside_recipe(r, m->path);
    if (to->kind != MEDIA_PACKAGE)
        return;
    to->mirror = g_strdup(mirror);
    to->suite = g_strdup(media_suite_of(r));
    to->components = g_strdup(p->installer->packaging->components);
    to->arch = g_strdup(archive_arch(p, r));
    to->package = media_package_of(r, p->installer);
}

/* As the guest will look for them: in the archive and the suite that its answers name. */
static void resolve_modules(plan *p, const recipe *r, const char *mirror)
{
    gboolean own = p->media.kind == MEDIA_PACKAGE; /* the keyring is that of the archive */
    p->modules = (struct media_modules){
        .source = p->installer->packaging->source,
        .mirror = plan_keep(p, mirror),
        .suite = p->answers.release,
        .arch = archive_arch(p, r),
        .component = p->installer->modules,
        .keyring = plan_keep(p, own ? p->media.keyring : p->installer->keyring),
        .proxy = plan_keep(p, r->proxy),
        .remedy = p->installer->modules_remedy};
}

/* ---- the answers ---- */

static gboolean resolve_user(plan *p, const recipe *r, const struct recipe_user *from,
                             struct os_user *to, secrets *hidden, GError **error)
{
    to->name = plan_keep(p, from->name ? from->name : "root");
    to->fullname = plan_keep(p, from->fullname ? from->fullname : "");
    to->groups = keep_strv(p, from->groups);
    to->ssh_keys = keep_strv(p, from->ssh_keys);
    to->password_hash = plan_keep(p, from->password_hash);
    if (!from->password)
        return TRUE;
    g_autofree char *hash = password_hash(from->password, p->cache_dir, r->name, to->name, error);
    if (!hash)
        return FALSE;
    secrets_add(hidden, hash);
    to->password_hash = plan_keep(p, hash);
    return TRUE;
}

/* The secrets that must not be in the finished image: all but password hashes, whose place is
 * /etc/shadow. */
static char **forbidden_texts(const recipe *r, const secrets *hidden)
{
    char **values = secrets_list(hidden);
    gsize kept = 0;
    for (gsize i = 0; values[i]; i++) {
        gboolean hash = r->root.password_hash && strstr(r->root.password_hash, values[i]);
        for (guint u = 0; u < r->users->len; u++) {
            const struct recipe_user *user = g_ptr_array_index(r->users, u);
            hash |= user->password_hash && strstr(user->password_hash, values[i]);
        }
        if (hash)
            g_free(values[i]);
        else
            values[kept++] = values[i];
    }
    values[kept] = NULL;
    return values;
}

static gboolean resolve_users(plan *p, const recipe *r, secrets *hidden, GError **error)
{
    gsize n = 1 + r->users->len;
    struct os_user *users = g_new0(struct os_user, n);
    p->answers.users = users;
    p->answers.n_users = n;
    for (gsize i = 0; i < n; i++) {
        const struct recipe_user *from = i ? g_ptr_array_index(r->users, i - 1) : &r->root;
        if (!resolve_user(p, r, from, &users[i], hidden, error))
            return FALSE;
    }
    return TRUE;
}

static void resolve_answers(plan *p, const recipe *r, const char *mirror, const char *final)
{
    struct os_answers *a = &p->answers;
    g_autofree char *guest_mirror = mirror ? vm_guest_url(mirror) : NULL;
    g_autofree char *guest_proxy = r->proxy ? vm_guest_url(r->proxy) : NULL;
    a->locale = plan_keep(p, r->locale);
    a->timezone = plan_keep(p, r->timezone);
    a->keyboard = plan_keep(p, r->keyboard);
    a->hostname = plan_keep(p, r->hostname);
    a->domain = plan_keep(p, r->domain);
    a->mirror = plan_keep(p, guest_mirror);
    a->final_mirror = plan_keep(p, final);
    a->proxy = plan_keep(p, guest_proxy);
    a->release = plan_keep(p, r->release);
    a->disk = GUEST_DISK;
    a->filesystem = plan_keep(p, r->filesystem);
    a->kernel_package =
        plan_keep(p, r->kernel_package ? r->kernel_package
                                       : p->installer->kernel_package(r->family, r->arch));
    a->serial_name = vm_console_name(r->arch);
    a->sources = p->installer->packages ? p->installer->packages(r->family, r->arch) : NULL;
    a->kernel_args = keep_strv(p, r->kernel_args);
    a->serial_console = r->serial_console;
    a->extra = plan_keep(p, r->extra);
    a->late_command = plan_keep(p, r->late_command);
    a->seeded = boot_command_is_seeded(r);
    GPtrArray *packages = g_ptr_array_new();
    plan_add_all(p, packages, p->installer->base_packages);
    plan_add_all(p, packages, (const char *const *)r->packages);
    a->packages = p->required_packages = keep_array(p, packages);
}

static void resolve_machine(plan *p, const recipe *r, const struct plan_host *host,
                            const secrets *hidden)
{
    p->vm.name = g_strdup(r->name);
    p->vm.arch = g_strdup(r->arch);
    p->vm.cpus = r->cpus ? r->cpus : CLAMP(host->cpus, 1, MAX_CPUS);
    p->vm.memory = r->memory ? r->memory : p->installer->memory;
    p->firmware.asked = firmware_kind_find(r->firmware);
    p->firmware.template = vm_firmware_ref(host->firmware.template);
    p->firmware.kernel = vm_firmware_ref(host->firmware.kernel);
    p->firmware.problems = g_strdupv(host->firmware.problems);
    p->firmware.missing = host->firmware.missing ? g_error_copy(host->firmware.missing) : NULL;
    p->vm.network = p->installer->network;
    p->vm.hidden = hidden;
    p->vm.command_line = p->installer->command_line(&p->answers);
    if (host->accel) {
        p->vm.accel = *host->accel;
        p->vm.accel.reason = g_strdup(host->accel->reason);
        p->vm.accel.cpu = g_strdup(host->accel->cpu);
        p->vm.accel.option = g_strdup(host->accel->option);
    }
    p->disk_size = r->disk_size;
    p->grow = r->grow;
    p->limits.total = r->limit_total;
    p->limits.inactivity = r->limit_inactivity;
    p->stage_limit = r->limit_stage;
    p->limits.spare = INSTALL_SPARE;
}

static plan *plan_alloc(const recipe *r, const struct plan_host *host)
{
    plan *p = g_new0(plan, 1);
    p->store = g_string_chunk_new(4096);
    p->pools = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    p->name = g_strdup(r->name);
    p->description = g_strdup(r->description);
    p->recipe_path = g_strdup(r->path);
    p->recipe_digest = g_strdup(r->digest);
    p->recipe_text = g_strdup(r->text);
    p->mirror_override = g_strdup(host->mirror_override);
    p->family = g_strdup(r->family);
    p->release = g_strdup(r->release);
    p->cache_dir = g_strdup(host->cache_dir);
    p->data_dir = g_strdup(host->data_dir);
    p->out_dir = g_strdup(host->out_dir);
    return p;
}

/* Checks that need no plan. */
static void check_installer(const recipe *r, const os_installer *installer,
                            recipe_problems *problems)
{
    check_capabilities(r, installer, problems);
    check_pair(r, installer, problems);
    package_names_check(r, installer->packaging, problems);
    boot_command_check_installer(r, installer, problems);
    isolation_check(r, installer, problems);
    if (installer->packages)
        check_packages_only(r, installer->name, problems);
    else
        check_media_package(r, installer, problems);
}

plan *plan_new(const recipe *from, const struct plan_host *host, secrets *hidden,
               recipe_problems *problems, GError **error)
{
    check_family(from, problems);
    const os_installer *installer = choose_installer(from, problems);
    const char *mirror = build_mirror(from, host);
    plan_check_mirror(from, host, installer, problems);
    boot_command_check(from, problems);
    outputs_check(from, problems);
    if (installer)
        check_installer(from, installer, problems);
    if (recipe_problems_count(problems) > 0)
        return NULL;
    g_autoptr(plan) p = plan_alloc(from, host);
    p->installer = installer;
    if (!isolation_resolve(p, from, host, error))
        return NULL;
    resolve_answers(p, from, mirror, final_mirror(from, host));
    p->answers.security_mirror = plan_keep(p, lasting(security_mirror(from, host)));
    if (p->answers.sources)
        resolve_packages(p, from, host, mirror);
    else
        resolve_media(p, from, mirror);
    resolve_modules(p, from, mirror);
    resolve_machine(p, from, host, hidden);
    boot_command_resolve(p, from);
    outputs_resolve(p, from);
    p->hidden = forbidden_texts(from, hidden);
    if (!resolve_users(p, from, hidden, error))
        return NULL;
    p->files = installer->answer(&p->answers, p->data_dir, error);
    return p->files ? g_steal_pointer(&p) : NULL;
}

void plan_free(plan *p)
{
    if (!p)
        return;
    g_free(p->name);
    g_free(p->description);
    g_free(p->recipe_path);
    g_free(p->recipe_digest);
    g_free(p->recipe_text);
    g_free(p->mirror_override);
    g_free(p->family);
    g_free(p->release);
    media_spec_clear(&p->media);
    vm_spec_clear(&p->vm);
    plan_firmware_clear(&p->firmware);
    g_free(p->boot_command);
    g_free(p->isolation_reason);
    g_clear_pointer(&p->files, g_ptr_array_unref);
    g_free((gpointer)p->answers.users);
    g_free(p->cache_dir);
    g_free(p->data_dir);
    g_free(p->out_dir);
    secrets_list_free(p->hidden);
    g_ptr_array_unref(p->pools);
    g_string_chunk_free(p->store);
    g_free(p);
}

struct media_file *plan_media_files(const plan *p, gboolean base_only, gsize *n)
{
    struct media_file *list = g_new0(struct media_file, p->files->len);
    *n = 0;
    for (guint i = 0; i < p->files->len; i++) {
        const struct os_file *f = g_ptr_array_index(p->files, i);
        if (!base_only || f->base_system)
            list[(*n)++] = (struct media_file){.path = f->path, .data = f->data, .mode = f->mode};
    }
    return list;
}

gboolean plan_append_files(const plan *p, gboolean base_only, const char *initrd, const char *out,
                           GError **error)
{
    gsize n = 0;
    g_autofree struct media_file *list = plan_media_files(p, base_only, &n);
    return media_initrd_append(initrd, list, n, out, error);
}
