/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "plan/plan.h"

/* A URL without its user and password. */
static json_t *public_url(const char *url)
{
    g_autoptr(GUri) uri = url ? g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL) : NULL;
    g_autofree char *text =
        uri ? g_uri_to_string_partial(uri, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY) : NULL;
    return text ? json_string(text) : url ? json_string("<not a URL>") : json_null();
}

static json_t *string_list(const char *const *texts)
{
    json_t *list = json_array();
    for (; texts && *texts; texts++)
        json_array_append_new(list, json_string(*texts));
    return list;
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static void print_add_packages(json_t *o, const struct media_spec *m)
{
    json_object_set_new(o, "security_mirror", public_url(m->security_mirror));
    json_object_set_new(o, "components", text_or_null(m->components));
    json_object_set_new(o, "with_dependencies", string_list((const char *const *)m->plain));
    json_object_set_new(o, "with_recommends", string_list((const char *const *)m->packages));
    json_object_set_new(o, "installer_kernel", text_or_null(m->env_kernel));
}

static json_t *media_json(const struct media_spec *m)
{
    static const char *const kinds[] = {"apt", "url", "path", "packages"};
    json_t *o = json_object();
    json_object_set_new(o, "kind", json_string(kinds[m->kind]));
    if (m->kind == MEDIA_PACKAGE || m->kind == MEDIA_SYSTEM) {
        json_object_set_new(o, "mirror", public_url(m->mirror));
        json_object_set_new(o, "suite", text_or_null(m->suite));
        json_object_set_new(o, "architecture", text_or_null(m->arch));
    }
    if (m->kind == MEDIA_PACKAGE)
        json_object_set_new(o, "package", text_or_null(m->package));
    if (m->kind == MEDIA_SYSTEM)
        print_add_packages(o, m);
    if (m->kind == MEDIA_URL)
        json_object_set_new(o, "url", public_url(m->url));
    if (m->kind == MEDIA_LOCAL)
        json_object_set_new(o, "path", text_or_null(m->path));
    json_object_set_new(o, "sha256", text_or_null(m->sha256));
    json_object_set_new(o, "keyring", text_or_null(m->keyring));
    json_object_set_new(o, "kernel", text_or_null(m->kernel_glob));
    json_object_set_new(o, "initrd", text_or_null(m->initrd_glob));
    return o;
}

static json_t *users_json(const struct os_answers *a)
{
    json_t *list = json_array();
    for (gsize i = 0; i < a->n_users; i++) {
        const struct os_user *u = &a->users[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:I}", "name", u->name, "password",
                                              u->password_hash ? "set" : "locked", "groups",
                                              string_list(u->groups), "ssh_keys",
                                              (json_int_t)g_strv_length((char **)u->ssh_keys)));
    }
    return list;
}

static json_t *system_json(const plan *p)
{
    const struct os_answers *a = &p->answers;
    json_t *o = json_object();
    json_object_set_new(o, "family", json_string(p->family));
    json_object_set_new(o, "release", json_string(p->release));
    json_object_set_new(o, "installer", json_string(p->installer->name));
    json_object_set_new(o, "mirror", public_url(a->mirror));
    json_object_set_new(o, "final_mirror", public_url(a->final_mirror));
    json_object_set_new(o, "final_security_mirror", public_url(a->security_mirror));
    json_object_set_new(o, "hostname", json_string(a->hostname));
    json_object_set_new(o, "locale", json_string(a->locale));
    json_object_set_new(o, "timezone", json_string(a->timezone));
    json_object_set_new(o, "keyboard", json_string(a->keyboard));
    json_object_set_new(o, "kernel_package", json_string(a->kernel_package));
    json_object_set_new(o, "kernel_args", string_list(a->kernel_args));
    json_object_set_new(o, "serial_console", json_boolean(a->serial_console));
    json_object_set_new(o, "packages", string_list(a->packages));
    json_object_set_new(o, "users", users_json(a));
    json_object_set_new(o, "extra", json_boolean(a->extra != NULL));
    json_object_set_new(o, "late_command", json_boolean(a->late_command != NULL));
    return o;
}

/* The files by name and size: their text may hold secrets; `ingot render` shows it. */
static json_t *files_json(const plan *p)
{
    json_t *list = json_array();
    for (guint i = 0; i < p->files->len; i++) {
        const struct os_file *f = g_ptr_array_index(p->files, i);
        json_array_append_new(list, json_pack("{s:s, s:I}", "path", f->path, "size",
                                              (json_int_t)g_bytes_get_size(f->data)));
    }
    return list;
}

static void print_add_firmware(json_t *o, const struct plan_firmware *f)
{
    json_object_set_new(o, "firmware", json_string(f->asked ? f->asked->name : "usual"));
    if (f->template) {
        json_object_set_new(o, "firmware_image", text_json(f->template->executable));
        json_object_set_new(o, "firmware_description", text_json(f->template->description));
        json_object_set_new(o, "firmware_descriptor", text_json(f->template->descriptor));
    } else if (f->missing) {
        g_autofree char *why = ingot_error_text(f->missing);
        json_object_set_new(o, "firmware_image", text_json(why));
    }
    if (f->problems && *f->problems)
        json_object_set_new(o, "firmware_problems", string_list((const char *const *)f->problems));
}

/* Where the installer's scripts run. */
static json_t *isolation_json(const plan *p)
{
    return json_pack("{s:s, s:o}", "by", plan_isolation_name(p), "reason",
                     text_or_null(p->isolation_reason));
}

static json_t *machine_json(const plan *p)
{
    json_t *o = json_pack("{s:s}", "architecture", p->vm.arch);
    print_add_firmware(o, &p->firmware);
    json_object_set_new(o, "cpus", json_integer(p->vm.cpus));
    json_object_set_new(o, "memory", json_integer((json_int_t)p->vm.memory));
    json_object_set_new(o, "command_line", json_string(p->vm.command_line));
    json_object_set_new(o, "accelerator", text_or_null(p->vm.accel.option));
    json_object_set_new(o, "cpu", text_or_null(p->vm.accel.cpu));
    json_object_set_new(o, "accelerator_reason", text_or_null(p->vm.accel.reason));
    json_object_set_new(o, "limit_total", json_integer(p->limits.total));
    json_object_set_new(o, "limit_inactivity", json_integer(p->limits.inactivity));
    if (p->stage_limit)
        json_object_set_new(o, "limit_stage", json_integer(p->stage_limit));
    return o;
}

static json_t *boot_json(const plan *p)
{
    return json_pack("{s:s, s:s}", "command", p->boot_command, "seed", "http");
}

static json_t *output_json(const plan *p)
{
    json_t *formats = json_array();
    for (const output_format *const *format = p->outputs; *format; format++)
        json_array_append_new(formats, json_string((*format)->name));
    return json_pack("{s:s, s:o}", "directory", p->out_dir, "formats", formats);
}

json_t *plan_to_json(const plan *p)
{
    json_t *o = json_object();
    json_object_set_new(o, "name", json_string(p->name));
    json_object_set_new(o, "description", text_or_null(p->description));
    json_object_set_new(
        o, "recipe", json_pack("{s:s, s:s}", "path", p->recipe_path, "sha256", p->recipe_digest));
    json_object_set_new(o, "system", system_json(p));
    json_object_set_new(o, "media", media_json(&p->media));
    json_object_set_new(o, "disk",
                        json_pack("{s:I, s:s, s:b, s:b}", "size", (json_int_t)p->disk_size,
                                  "filesystem", p->answers.filesystem, "swap", 0, "grow", p->grow));
    json_object_set_new(o, "isolation", isolation_json(p));
    json_object_set_new(o, "machine", machine_json(p));
    if (p->boot_command)
        json_object_set_new(o, "boot", boot_json(p));
    json_object_set_new(o, p->boot_command ? "seed_files" : "initrd_files", files_json(p));
    struct plan_estimate need = plan_estimate(p);
    guint64 cache = need.media + need.install + need.work;
    json_object_set_new(o, "room",
                        json_pack("{s:I, s:I}", "cache_size", (json_int_t)cache, "output_size",
                                  (json_int_t)need.output));
    json_object_set_new(o, "output", output_json(p));
    return o;
}

/* ---- text: the same values, one per line ---- */

static void print_value(GString *out, const char *key, const json_t *value)
{
    if (json_is_string(value))
        g_string_append_printf(out, "  %-20s %s\n", key, json_string_value(value));
    else if (json_is_boolean(value))
        g_string_append_printf(out, "  %-20s %s\n", key, json_is_true(value) ? "yes" : "no");
    else if (json_is_integer(value)) {
        gint64 number = json_integer_value(value);
        gboolean seconds = g_str_has_prefix(key, "limit_");
        gboolean bytes = g_str_equal(key, "memory") || g_str_has_suffix(key, "size");
        g_autofree char *shown = seconds ? text_duration((double)number)
                                 : bytes ? text_size((guint64)number)
                                         : g_strdup_printf("%" G_GINT64_FORMAT, number);
        g_string_append_printf(out, "  %-20s %s\n", key, shown);
    }
}

static char *list_text(const json_t *list)
{
    GString *text = g_string_new(NULL);
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)list, i, item)
    {
        const char *word = json_is_string(item) ? json_string_value(item)
                           : json_object_get(item, "path")
                               ? json_string_value(json_object_get(item, "path"))
                               : json_string_value(json_object_get(item, "name"));
        g_string_append_printf(text, "%s%s", i ? " " : "", word ? word : "?");
    }
    return g_string_free(text, FALSE);
}

static void print_member(GString *out, const char *key, json_t *value)
{
    if (json_is_array(value)) {
        g_autofree char *words = list_text(value);
        if (*words)
            g_string_append_printf(out, "  %-20s %s\n", key, words);
        return;
    }
    print_value(out, key, value);
}

char *plan_to_text(const plan *p)
{
    json_t *all = plan_to_json(p);
    GString *out = g_string_new(NULL);
    const char *key, *inner;
    json_t *value, *member;
    json_object_foreach(all, key, value)
    {
        if (!json_is_object(value)) {
            print_member(out, key, value);
            continue;
        }
        g_string_append_printf(out, "%s\n", key);
        json_object_foreach(value, inner, member) print_member(out, inner, member);
    }
    json_decref(all);
    return g_string_free(out, FALSE);
}
