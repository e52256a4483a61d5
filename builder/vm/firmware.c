/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/firmware.h"

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "vm/arch.h"
#include "vm/descriptor.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Which firmware a machine gets, by the rules of QEMU's docs/interop/firmware.json, "@Firmware":
 * the descriptors of all folders sorted by name; of two with one name the one in the more specific
 * folder; an empty file hides those of its name; the first that fits is taken. */

/* Descriptors are of about a kilobyte, and a host has some ten. */
#define DESCRIPTOR_LIMIT 65536u
#define FOLDER_LIMIT     1000u

struct candidate {
    char *path;
    descriptor *descriptor;
};

struct vm_firmware_list {
    GPtrArray *candidates; /* of struct candidate *, in the order of choice */
    GPtrArray *problems;   /* of char *; once all is read, a NULL ends them */
    char *searched;        /* the folders, for messages */
};

static void candidate_free(gpointer data)
{
    struct candidate *c = data;
    g_free(c->path);
    descriptor_free(c->descriptor);
    g_free(c);
}

void vm_firmware_list_free(vm_firmware_list *all)
{
    if (!all)
        return;
    g_ptr_array_unref(all->candidates);
    g_ptr_array_unref(all->problems);
    g_free(all->searched);
    g_free(all);
}

const char *const *vm_firmware_list_problems(const vm_firmware_list *all)
{
    return (const char *const *)all->problems->pdata;
}

static void firmware_add_problem(vm_firmware_list *all, const char *path, const char *problem)
{
    g_autofree char *clean = text_printable(path, -1);
    g_ptr_array_add(all->problems,
                    g_strdup_printf("firmware descriptors: %s is not used: %s", clean, problem));
}

/* The files of a folder into a table of name to path, over those of less specific ones. */
static void list_folder(vm_firmware_list *all, const char *folder, GHashTable *paths)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    const char *name;
    guint count = 0;
    if (!dir && !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        firmware_add_problem(all, folder, error->message);
    while (dir && (name = g_dir_read_name(dir))) {
        if (*name == '.' || !g_str_has_suffix(name, ".json"))
            continue;
        if (count++ == FOLDER_LIMIT) {
            firmware_add_problem(all, folder,
                                 "it holds more than a thousand; the others are ignored");
            return;
        }
        g_hash_table_replace(paths, g_strdup(name), g_build_filename(folder, name, NULL));
    }
}

static void read_candidate(vm_firmware_list *all, const char *path)
{
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    GStatBuf info;
    if (g_stat(path, &info) == 0 && info.st_size == 0)
        return;
    g_autofree char *text = files_read(path, DESCRIPTOR_LIMIT, &length, &error);
    descriptor *d = text ? descriptor_parse(text, length, &error) : NULL;
    if (!d) {
        firmware_add_problem(all, path, error->message);
        return;
    }
    struct candidate *c = g_new0(struct candidate, 1);
    *c = (struct candidate){g_strdup(path), d};
    g_ptr_array_add(all->candidates, c);
}

vm_firmware_list *firmware_read(const char *const *folders)
{
    vm_firmware_list *all = g_new0(vm_firmware_list, 1);
    all->candidates = g_ptr_array_new_with_free_func(candidate_free);
    all->problems = g_ptr_array_new_with_free_func(g_free);
    all->searched = g_strjoinv(", ", (char **)folders);
    g_autoptr(GHashTable) paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (const char *const *folder = folders; *folder; folder++)
        list_folder(all, *folder, paths);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(paths), (GCompareFunc)strcmp);
    for (const GList *name = names; name; name = name->next)
        read_candidate(all, g_hash_table_lookup(paths, name->data));
    g_ptr_array_add(all->problems, NULL);
    return all;
}

/* ingot's own come first, as the most general: they are named so that those of the host, whose
 * names begin with lower numbers, are taken before them. */
vm_firmware_list *vm_firmware_list_read(const char *data_dir)
{
    g_autofree char *own = g_build_filename(data_dir, "firmware", NULL);
    g_autofree char *user = g_build_filename(g_get_user_config_dir(), "qemu", "firmware", NULL);
    const char *const folders[] = {own, "/usr/share/qemu/firmware", "/etc/qemu/firmware", user,
                                   NULL};
    return firmware_read(folders);
}

/* ---- choosing ---- */

static const char *first_of(const descriptor *d, const char *const *features, gboolean had)
{
    for (; features && *features; features++)
        if (descriptor_has(d, *features) == had)
            return *features;
    return NULL;
}

static const char *missing_file(const descriptor *d)
{
    const char *const names[] = {d->executable.name, d->nvram_template.name};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i] &&
            (!g_file_test(names[i], G_FILE_TEST_IS_REGULAR) || access(names[i], R_OK) != 0))
            return names[i];
    return NULL;
}

/* Why a descriptor of the right interface and machine is passed over; NULL: it is the one. */
static char *reason_against(const descriptor *d, const struct firmware_kind *kind)
{
    const char *unwanted = first_of(d, kind->without, TRUE);
    const char *wanted = first_of(d, kind->with, FALSE);
    if (unwanted)
        return g_strdup_printf("it has the feature %s", unwanted);
    if (wanted)
        return g_strdup_printf("it lacks the feature %s", wanted);
    if (d->unusable)
        return g_strdup(d->unusable);
    const char *missing = missing_file(d);
    g_autofree char *clean = text_printable(missing ? missing : "", -1);
    return missing ? g_strdup_printf("%s is missing or not readable", clean) : NULL;
}

static void firmware_clear(gpointer data)
{
    vm_firmware *f = data;
    g_free(f->description);
    g_free(f->descriptor);
    g_free(f->executable);
    g_free(f->executable_format);
    g_free(f->variables);
    g_free(f->variables_format);
}

vm_firmware *vm_firmware_ref(vm_firmware *firmware)
{
    return firmware ? g_atomic_rc_box_acquire(firmware) : NULL;
}

void vm_firmware_unref(vm_firmware *firmware)
{
    if (firmware)
        g_atomic_rc_box_release_full(firmware, firmware_clear);
}

static vm_firmware *firmware_new(const struct candidate *c)
{
    const descriptor *d = c->descriptor;
    vm_firmware *f = g_atomic_rc_box_new0(vm_firmware);
    f->description = g_strdup(d->description);
    f->descriptor = g_strdup(c->path);
    f->executable = g_strdup(d->executable.name);
    f->executable_format = g_strdup(d->executable.format);
    f->variables = g_strdup(d->nvram_template.name);
    f->variables_format = g_strdup(d->nvram_template.format);
    f->smm = descriptor_has(d, "requires-smm");
    return f;
}

static void set_none_fits(const vm_firmware_list *all, const char *arch, const char *machine,
                          const struct firmware_kind *kind, const char *passed, GError **error)
{
    g_autofree char *hint = g_strdup_printf(
        "install the package %s, or describe one for QEMU in /etc/qemu/firmware; "
        "descriptors are read from %s%s%s",
        firmware_kind_package(kind, arch), all->searched, *passed ? "; skipped:" : "", passed);
    ingot_set_error(error, INGOT_EXIT_HOST, hint,
                    "this host has no %s firmware for %s (machine type %s), so nothing can boot",
                    kind->title, arch, machine);
}

vm_firmware *firmware_choose(const vm_firmware_list *all, const char *arch, const char *machine,
                             const struct firmware_kind *kind, GError **error)
{
    g_autoptr(GString) passed = g_string_new(NULL);
    for (guint i = 0; i < all->candidates->len; i++) {
        const struct candidate *c = g_ptr_array_index(all->candidates, i);
        if (!descriptor_offers(c->descriptor, kind->interface_type) ||
            !descriptor_is_for(c->descriptor, arch, machine))
            continue;
        g_autofree char *reason = reason_against(c->descriptor, kind);
        if (!reason)
            return firmware_new(c);
        g_autofree char *path = text_printable(c->path, -1);
        g_string_append_printf(passed, "\n  %s: %s", path, reason);
    }
    set_none_fits(all, arch, machine, kind, passed->str, error);
    return NULL;
}

vm_firmware *vm_firmware_choose(const vm_firmware_list *all, const char *name,
                                const struct firmware_kind *kind, GError **error)
{
    const struct vm_arch *arch = vm_arch_find(name);
    if (!arch || !kind || !firmware_kind_package(kind, name)) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "machines of %s have no %s", name,
                        kind ? kind->title : "firmware that ingot knows");
        return NULL;
    }
    g_autofree char *machine = vm_arch_machine(arch, error);
    return machine ? firmware_choose(all, name, machine, kind, error) : NULL;
}
