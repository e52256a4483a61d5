/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/tree.h"

/* systemd-random-seed(8), systemd-boot's seed, the seeds of other init scripts (OpenRC's
 * seedrng); and the key that
 * systemd-creds(1) makes for one host. */
static const char files[] =
    "/{var/lib/systemd/{random-seed,credential.secret},var/lib/{urandom/,misc/,}random-seed,"
    "var/lib/seedrng/seed.*,"
    "{boot/,}{efi/,}loader/random-seed}";

const guest_operation operation_random_seed = {
    .name = "random-seed",
    .heading = "Remove the random seed and the host's own secret",
    .remove = files,
};
