/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* kdump-tools, kexec-tools and systemd-coredump(8). */
static const char files[] = "/var/{crash/{*,.[!.]*},log/dump/*,lib/systemd/{coredump,pstore}/*}";

const sysprep_operation operation_crash_data = {
    .name = "crash-data",
    .heading = "Remove the data of kernel crashes and core dumps",
    .remove = files,
};
