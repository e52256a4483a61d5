/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/source.h"

#include "debian/debian.h"

/* Debian's merged /usr, and what it was before. */
static const char *const shell_paths[] = {"usr/bin/busybox", "bin/busybox", NULL};

const struct media_source deb_source = {
    .format = &deb_format,
    .kernel_glob = "boot/vmlinuz-*",
    .shell_paths = shell_paths,
    .package = deb_source_package,
    .choose = deb_source_choose,
    .kernels = deb_source_kernels,
};
