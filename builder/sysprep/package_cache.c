/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

static const char files[] = "/var/{cache/apt/{*.bin,archives/*.deb,archives/partial/*},"
                            "lib/apt/lists/{*_*,auxfiles/*,partial/*},"
                            "cache/{yum,dnf,libdnf5,zypp,apk,pacman/pkg,PackageKit}/*}";

const sysprep_operation operation_package_cache = {
    .name = "package-cache",
    .also = "package-manager-cache",
    .heading = "Remove downloaded packages and package lists",
    .remove = files,
};
