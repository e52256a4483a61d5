/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"

#include "base/files.h"
#include "base/text.h"
#include "commands/image.h"
#include "output/output.h"
#include "verify/verify.h"

#include <string.h>

/* The verify stage of a build alone, for any image. */

struct options {
    struct image_options image;
    gboolean list, probe_on_disk;
    char *packages, *disk_size, *memory, *timeout, *junit, *logs, *arch;
};

static const GOptionEntry entries[] = {
    {"list", 0, 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct options, list), "List the assertions",
     NULL},
    {"packages", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, packages),
     "Packages whose programs must start (NAME,NAME…)", "LIST"},
    {"disk-size", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, disk_size),
     "Give the clones a larger disk, which the root file system must fill", "SIZE"},
    {"memory", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, memory),
     "Memory of each of the two clones (default: 1GiB)", "SIZE"},
    {"timeout", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, timeout),
     "How long one boot may take (default: 5m, emulated 20m)", "TIME"},
    {"junit", 0, 0, G_OPTION_ARG_FILENAME, COMMAND_OPTION(struct options, junit),
     "Write a JUnit report too", "FILE"},
    {"probe-on-disk", 0, 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct options, probe_on_disk),
     "Put the probe into a copy of the disk, also where systemd would take it by SMBIOS", NULL},
    {"logs", 0, 0, G_OPTION_ARG_FILENAME, COMMAND_OPTION(struct options, logs),
     "Keep the consoles of the clones", "DIR"},
    {"arch", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, arch),
     "Architecture of the image (default: x86_64)", "NAME"},
    IMAGE_FORMAT_ENTRY(struct options),
    IMAGE_TRUST_ENTRY(struct options),
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

static void verify_list(const struct call *c)
{
    json_t *all = json_array();
    for (const verify_assertion *a = verify_assertions(); a->name; a++) {
        if (c->json)
            json_array_append_new(all,
                                  json_pack("{s:s, s:s}", "name", a->name, "heading", a->heading));
        else
            printf("%-20s %s\n", a->name, a->heading);
    }
    if (c->json)
        call_print_json(c, all);
    else
        json_decref(all);
}

static void verify_print(const struct call *c, const verify_result *r)
{
    static const char *const marks[] = {
        [VERIFY_PASSED] = "ok", [VERIFY_FAILED] = "FAILED", [VERIFY_SKIPPED] = "skipped"};
    if (c->json) {
        call_print_json(c, verify_to_json(r));
        return;
    }
    for (guint i = 0; i < r->findings->len; i++) {
        const struct verify_finding *f = g_ptr_array_index(r->findings, i);
        printf("%-8s %-20s %s%s%s\n", marks[f->outcome], f->name, f->heading, *f->says ? ": " : "",
               f->says);
    }
}

/* ---- options ---- */

static gboolean bad(const char *option, const char *value, const char *hint, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_USAGE, hint, "--%s: '%s' cannot be used", option, value);
    return FALSE;
}

static gboolean read_size(const char *option, const char *text, guint64 *size, GError **error)
{
    return !text || text_parse_size(text, size) ||
           bad(option, text, "write it as 1GiB or 512MiB", error);
}

static gboolean read_packages(const char *text, char ***names, GError **error)
{
    *names = g_strsplit(text ? text : "", ",", -1);
    for (char **name = *names; *name; name++)
        if (!text_is_package_name(*name))
            return bad("packages", *name, "write the names of packages with commas between", error);
    return TRUE;
}

/* The systemd of the image, if the manifest beside it says that; the caller owns *sha256. */
static guint published_systemd(const char *image, char **sha256)
{
    g_autofree char *version = output_published_package(image, "systemd", sha256);
    return version ? verify_systemd_version(version) : 0;
}

static gboolean verify_read_options(const struct options *o, struct verify_spec *spec,
                                    char ***names, GError **error)
{
    spec->memory = VERIFY_MEMORY;
    if (!read_size("memory", o->memory, &spec->memory, error) ||
        !read_size("disk-size", o->disk_size, &spec->disk_size, error) ||
        !read_packages(o->packages, names, error))
        return FALSE;
    spec->packages = (const char *const *)*names;
    return !o->timeout || text_parse_duration(o->timeout, &spec->limit) ||
           bad("timeout", o->timeout, "write it as 90s or 10m", error);
}

/* ---- the work ---- */

/* As JSON the result is one document, and the exit code says the rest. */
static gboolean commands_verify_judge(struct call *c, gboolean good, GError **error)
{
    if (good || !c->json)
        return good;
    g_clear_error(error);
    c->exit_code = INGOT_EXIT_VERIFY;
    return TRUE;
}

static gboolean verify_verify(struct call *c, const struct options *o, struct verify_spec *spec,
                              GError **error)
{
    verify_result *found = NULL;
    progress *p = c->json ? NULL : c->progress;
    progress_stage(p, "verify");
    gboolean good = verify_run(spec, p, c->cancel, &found, error);
    progress_stage_end(p, good, FALSE);
    g_autoptr(verify_result) result = found;
    if (!result)
        return FALSE;
    verify_print(c, result);
    g_autofree char *xml = o->junit ? verify_to_junit(result, c->args[0]) : NULL;
    g_autoptr(GError) local = NULL;
    if (xml && !files_write_atomic(o->junit, xml, -1, 0644, &local))
        progress_warning(c->progress, "%s", local->message);
    if (!good && !o->logs && !c->json)
        progress_info(c->progress, "--logs DIR keeps the consoles of the clones");
    return commands_verify_judge(c, good, error);
}

/* As JSON the result is one document. */
static vm_firmware *verify_firmware(const struct call *c, const char *arch, GError **error)
{
    g_autofree char *data = files_data_dir();
    g_autoptr(vm_firmware_list) all = vm_firmware_list_read(data);
    for (const char *const *problem = vm_firmware_list_problems(all); *problem && !c->json;
         problem++)
        progress_warning(c->progress, "%s", *problem);
    return vm_firmware_choose(all, arch, firmware_kind_usual(arch), error);
}

static gboolean verify_work(struct call *c, const struct options *o, GError **error)
{
    struct vm_accel accel = {0};
    g_auto(GStrv) names = NULL;
    g_autofree char *sha256 = NULL;
    g_autoptr(image_file) i = image_take(c, c->args[0], &o->image, IMAGE_PLAIN, error);
    g_autofree char *cache = call_cache_dir(c), *data = files_data_dir();
    g_autofree char *work = g_build_filename(cache, "work", NULL);
    struct verify_spec spec = {.disks[0] = {.image = i, .name = c->args[0]},
                               .arch = o->arch ? o->arch : "x86_64",
                               .accel = &accel,
                               .cpus = 1,
                               .foreign_macs = vm_macs(),
                               .build_host = g_get_host_name(),
                               .data_dir = data,
                               .work_dir = work,
                               .log_dir = o->logs};
    if (!i || !verify_read_options(o, &spec, &names, error) ||
        (o->logs && !files_mkdir(o->logs, FALSE, error)) ||
        !image_probe(c, &spec.force_tcg, error) ||
        !vm_accel_probe(spec.arch, cache, FALSE, c->cancel, &accel, error))
        return FALSE;
    g_autoptr(vm_firmware) firmware = verify_firmware(c, spec.arch, error);
    spec.firmware = firmware;
    if (!o->probe_on_disk)
        spec.systemd = published_systemd(c->args[0], &sha256);
    spec.systemd_sha256 = sha256;
    gboolean good = firmware && verify_verify(c, o, &spec, error);
    vm_accel_clear(&accel);
    return good;
}

static gboolean verify_command(struct call *c, GError **error)
{
    const struct options *o = c->options;
    if (o->list) {
        verify_list(c);
        return TRUE;
    }
    return image_named(c, error) && verify_work(c, o, error);
}

const command command_verify = {
    .name = "verify",
    .arguments = "IMAGE",
    .heading = "Boot two clones of an image and prove that they are distinct machines",
    .description =
        "Boots two throw-away clones of an image at the same time, asks them what they "
        "are, restarts one, hot-plugs a CPU, a disk and a network card into the other, and "
        "prints every assertion with the evidence. The image is only read. The guest needs "
        "systemd.",
    .least = 0,
    .most = 1,
    .plans = FALSE,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = verify_command,
};
