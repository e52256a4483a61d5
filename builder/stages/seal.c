/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/stages.h"

#include <string.h>

/* Syspreps an overlay of the installed disk and checks the policy. */

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

static gboolean seal_stage(build *b, const char *key, GError **error)
{
    (void)key;
    b->sealed = g_build_filename(b->work_dir, "sealed." VM_DISK_FORMAT, NULL);
    if (!vm_disk_create(b->sealed, 0, b->disk, b->cancel, error))
        return FALSE;
    g_autoptr(GPtrArray) operations = operations_for(b->plan);
    g_autoptr(image_file) own = image_own(b->sealed);
    const struct sysprep_spec spec = {.open.image = own,
                                      .open.force_tcg = !b->plan->vm.accel.kvm,
                                      .operations = (const char *const *)operations->pdata,
                                      .wanted.required_packages = b->plan->required_packages,
                                      .wanted.forbidden_macs = vm_macs(),
                                      .wanted.forbidden_texts =
                                          (const char *const *)b->plan->hidden,
                                      .open.limits = {.total = b->plan->stage_limit}};
    return sysprep_image(&spec, b->progress, b->cancel, &b->facts, error);
}

const stage stage_seal = {
    .name = "seal",
    .heading = "sysprep the image and check the policy",
    .failure = INGOT_EXIT_SEAL,
    .limits = {.total = 2 * 3600, .emulated = TRUE, .learned = TRUE},
    .run = seal_stage,
};
