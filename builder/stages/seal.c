/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/namespace.h"
#include "stages/unpack.h"

#include <string.h>

/* Syspreps an overlay of the installed disk, or the tree, and checks the policy. */

/* The operations that a build does, NULL-terminated; borrowed from the records. */
static GPtrArray *operations_for(const plan *p)
{
    GPtrArray *names = g_ptr_array_new();
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++)
        if (!(*op)->off || (p->grow && strcmp((*op)->name, "grow-root") == 0))
            g_ptr_array_add(names, (gpointer)(*op)->name);
    g_ptr_array_add(names, NULL);
    return names;
}

static gboolean seal_disk(build *b, struct sysprep_spec *spec, GError **error)
{
    b->sealed = g_build_filename(b->work_dir, "sealed." VM_DISK_FORMAT, NULL);
    if (!vm_disk_create(b->sealed, 0, b->disk, b->cancel, error))
        return FALSE;
    g_autoptr(image_file) own = image_own(b->sealed);
    spec->open.image = own;
    spec->open.force_tcg = !b->plan->vm.accel.kvm;
    spec->open.limits.total = b->plan->stage_limit;
    return sysprep_image(spec, b->progress, b->cancel, &b->facts, error);
}

static gboolean seal_tree(build *b, const struct sysprep_spec *spec, GError **error)
{
    struct rootfs_layout layout = unpack_layout(b->plan, b->media);
    if (!namespace_tree(b, error))
        return FALSE;
    const struct guest_tree_spec in = {
        .files = b->tree, .name = b->plan->name, .place = b->work_dir, .layout = &layout};
    return sysprep_tree(spec, &in, b->progress, b->cancel, &b->facts, error);
}

static gboolean seal_stage(build *b, const char *key, GError **error)
{
    (void)key;
    g_autoptr(GPtrArray) operations = operations_for(b->plan);
    struct sysprep_spec spec = {.operations = (const char *const *)operations->pdata,
                                .wanted.required_packages = b->plan->required_packages,
                                .wanted.forbidden_macs = vm_macs(),
                                .wanted.forbidden_texts = (const char *const *)b->plan->hidden};
    return b->plan->isolation == PLAN_NAMESPACE ? seal_tree(b, &spec, error)
                                                : seal_disk(b, &spec, error);
}

const stage stage_seal = {
    .name = "seal",
    .heading = "sysprep the image and check the policy",
    .failure = INGOT_EXIT_SEAL,
    .limits = {.total = 2 * 3600, .emulated = TRUE, .learned = TRUE},
    .run = seal_stage,
};
