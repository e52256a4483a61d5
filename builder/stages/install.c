/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "rootfs/rootfs.h"
#include "stages/stages.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Runs the installer in a VM.  The installed disk is kept under a key over everything that the
 * guest is given, so that a changed seal or a failed export does not install again. */

#define RESULT_LIMIT (1u << 20)
#define KEY_VERSION  "install-1" /* raise when the meaning of the inputs changes */

static void add_files(digest *d, const GPtrArray *files)
{
    for (guint i = 0; i < files->len; i++) {
        const struct os_file *f = g_ptr_array_index(files, i);
        char hex[DIGEST_HEX_LEN + 1];
        gsize size;
        const void *data = g_bytes_get_data(f->data, &size);
        g_autofree char *mode = g_strdup_printf("%o", f->mode);
        digest_bytes(data, size, hex);
        digest_field(d, "path", f->path);
        digest_field(d, "mode", mode);
        digest_field(d, "data", hex);
    }
}

static char *key(const build *b)
{
    const plan *p = b->plan;
    g_autoptr(digest) d = digest_new();
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, p->disk_size);
    char hex[DIGEST_HEX_LEN + 1];
    digest_field(d, "version", KEY_VERSION);
    digest_field(d, "installer", p->installer->name);
    digest_field(d, "architecture", p->vm.arch);
    digest_field(d, "command line", p->vm.command_line);
    digest_field(d, "disk size", size);
    for (guint i = 0; i < b->boot->inputs->len; i++) {
        const struct media_input *input = g_ptr_array_index(b->boot->inputs, i);
        digest_field(d, input->name, input->sha256);
    }
    add_files(d, p->files);
    digest_finish(d, hex);
    return g_strdup(hex);
}

static char *result_dir(const build *b, const char *k)
{
    return g_build_filename(b->plan->cache_dir, "stages", "install", k, NULL);
}

/* Holds the result of the key for this build: a second build of the same recipe waits here, and
 * then reuses it. */
static gboolean hold(build *b, const char *k, GError **error)
{
    g_autofree char *dir = result_dir(b, k);
    g_autofree char *parent = g_path_get_dirname(dir);
    g_autofree char *lock_path = g_strconcat(dir, ".lock", NULL);
    if (b->disk_lock >= 0)
        return TRUE;
    if (!files_mkdir(parent, FALSE, error))
        return FALSE;
    b->disk_lock = files_lock(lock_path, b->cancel, error);
    return b->disk_lock >= 0;
}

static void load_phases(build *b, const json_t *result)
{
    size_t i;
    json_t *item;
    b->phases = g_ptr_array_new_with_free_func((GDestroyNotify)install_phase_free);
    json_array_foreach(json_object_get(result, "phases"), i, item)
    {
        const char *name = NULL;
        double seconds = 0;
        if (json_unpack(item, "{s:s, s:F}", "name", &name, "seconds", &seconds) != 0)
            continue;
        struct install_phase *phase = g_new0(struct install_phase, 1);
        phase->name = g_strdup(name);
        phase->seconds = seconds;
        g_ptr_array_add(b->phases, phase);
    }
}

/* A kept result counts when its manifest is whole, it is young enough and the disk is there. */
static json_t *load_result(build *b, const char *dir)
{
    g_autofree char *file = g_build_filename(dir, "result.json", NULL);
    g_autofree char *disk = g_build_filename(dir, "disk.qcow2", NULL);
    g_autofree char *text = files_read(file, RESULT_LIMIT, NULL, NULL);
    json_t *result = text ? json_loads(text, 0, NULL) : NULL;
    gint64 made = json_integer_value(json_object_get(result, "made"));
    gint64 age = g_get_real_time() / G_USEC_PER_SEC - made;
    if (result && made > 0 && age >= 0 && age <= (gint64)b->options.max_age &&
        g_file_test(disk, G_FILE_TEST_IS_REGULAR)) {
        g_autofree char *old = text_duration((double)age);
        progress_info(b->progress,
                      "  the same inputs were installed %s ago; --fresh installs again", old);
        b->disk = g_steal_pointer(&disk);
        return result;
    }
    json_decref(result);
    return NULL;
}

static gboolean reuse(build *b, const char *k)
{
    g_autofree char *dir = result_dir(b, k);
    if (!hold(b, k, NULL))
        return FALSE;
    json_t *result = load_result(b, dir);
    if (!result)
        return FALSE;
    load_phases(b, result);
    json_decref(result);
    return TRUE;
}

static json_t *phases_json(const GPtrArray *phases)
{
    json_t *list = json_array();
    for (guint i = 0; phases && i < phases->len; i++) {
        const struct install_phase *phase = g_ptr_array_index(phases, i);
        json_array_append_new(
            list, json_pack("{s:s, s:f}", "name", phase->name, "seconds", phase->seconds));
    }
    return list;
}

static gboolean save_result(const build *b, const char *dir, GError **error)
{
    g_autofree char *file = g_build_filename(dir, "result.json", NULL);
    json_t *result =
        json_pack("{s:I, s:o}", "made", (json_int_t)(g_get_real_time() / G_USEC_PER_SEC), "phases",
                  phases_json(b->phases));
    char *text = json_dumps(result, JSON_INDENT(2));
    gboolean good = files_write_atomic(file, text, -1, 0644, error);
    free(text);
    json_decref(result);
    return good;
}

/* What `ingot console` reads to find a running build. */
static gboolean announce(build *b, GError **error)
{
    g_autofree char *runtime = files_runtime_dir(error);
    if (!runtime)
        return FALSE;
    g_autofree char *name = g_strdup_printf("%.24s-%d", b->plan->name, (int)getpid());
    b->run_dir = g_build_filename(runtime, name, NULL);
    files_remove_tree(b->run_dir);
    if (!files_mkdir(b->run_dir, TRUE, error))
        return FALSE;
    g_autofree char *file = g_build_filename(b->run_dir, "build.json", NULL);
    json_t *about = json_pack("{s:s, s:i}", "name", b->plan->name, "pid", (int)getpid());
    char *text = json_dumps(about, 0);
    gboolean good = files_write_atomic(file, text, -1, 0600, error);
    free(text);
    json_decref(about);
    return good;
}

/* Empty, or with the packages unpacked. */
static gboolean make_disk(const build *b, const char *disk, GError **error)
{
    const GPtrArray *packages = b->boot->packages;
    if (!packages)
        return vm_disk_create(disk, b->plan->disk_size, NULL, b->cancel, error);
    g_autofree struct rootfs_deb *debs = g_new0(struct rootfs_deb, packages->len);
    g_autofree char *folder = g_path_get_dirname(disk);
    for (guint i = 0; i < packages->len; i++) {
        const media_deb *from = g_ptr_array_index(packages, i);
        debs[i] = (struct rootfs_deb){from->name, from->path, from->automatic};
    }
    const struct rootfs_spec spec = {.image = disk,
                                     .work_dir = folder,
                                     .size = b->plan->disk_size,
                                     .efi = b->plan->answers.sources->efi,
                                     .debs = debs,
                                     .n_debs = packages->len};
    return rootfs_make(&spec, b->progress, b->cancel, error);
}

static gboolean install(build *b, char *disk, GError **error)
{
    struct vm_spec machine = b->plan->vm; /* shares the plan's strings */
    machine.disk = disk;
    machine.kernel = b->boot->kernel;
    machine.initrd = b->initrd;
    const os_installer *installer = b->plan->installer;
    const struct install_spec spec = {.vm = &machine,
                                      .phases = installer->phases,
                                      .failures = installer->failures,
                                      .console = installer->console,
                                      .limits = b->plan->limits,
                                      .dir = b->run_dir,
                                      .log_dir = b->log_dir};
    g_clear_pointer(&b->phases, g_ptr_array_unref);
    return make_disk(b, disk, error) &&
           install_run(&spec, b->progress, b->cancel, &b->phases, error);
}

static gboolean run(build *b, const char *k, GError **error)
{
    g_autofree char *dir = result_dir(b, k);
    g_autofree char *making = g_strconcat(dir, ".making", NULL);
    g_autofree char *disk = g_build_filename(making, "disk.qcow2", NULL);
    if (!hold(b, k, error))
        return FALSE;
    files_remove_tree(making);
    gboolean good = announce(b, error) && files_mkdir(making, FALSE, error) &&
                    install(b, disk, error) && save_result(b, making, error);
    if (good) {
        files_remove_tree(dir);
        good = files_rename(making, dir, error);
    }
    if (!good)
        files_remove_tree(making);
    else
        b->disk = g_build_filename(dir, "disk.qcow2", NULL);
    return good;
}

const stage stage_install = {
    .name = "install",
    .heading = "run the installer in a VM",
    .failure = INGOT_EXIT_INSTALL,
    .key = key,
    .reuse = reuse,
    .run = run,
};
