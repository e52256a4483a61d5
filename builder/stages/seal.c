/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/stages.h"

/* Syspreps an overlay of the installed disk and checks the policy. */

static gboolean run(build *b, const char *key, GError **error)
{
    (void)key;
    b->sealed = g_build_filename(b->work_dir, "sealed.qcow2", NULL);
    if (!vm_disk_create(b->sealed, 0, b->disk, b->cancel, error))
        return FALSE;
    const struct seal_spec spec = {.image = b->sealed,
                                   .force_tcg = !b->plan->vm.accel.kvm,
                                   .required_packages = b->plan->required_packages,
                                   .forbidden_macs = vm_macs(),
                                   .forbidden_texts = (const char *const *)b->plan->hidden};
    return guest_seal(&spec, b->progress, b->cancel, &b->facts, error);
}

const stage stage_seal = {
    .name = "seal",
    .heading = "sysprep the image and check the policy",
    .failure = INGOT_EXIT_SEAL,
    .run = run,
};
