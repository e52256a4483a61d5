/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

const sysprep_operation operation_random_seed = {
    .name = "random-seed",
    .heading = "Remove the random seed and the host's own secret",
    .remove = trace_random_seeds,
};
