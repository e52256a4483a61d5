/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* The environment of Berkeley DB (RPM before 4.16): created again when the database is opened. */
static const char files[] = "/{var/lib/rpm,usr/lib/sysimage/rpm}/__db.*";

static const char *const families[] = {"rpm", NULL};

const sysprep_operation operation_rpm_db = {
    .name = "rpm-db",
    .heading = "Remove the files that RPM's database makes for each host",
    .families = families,
    .remove = files,
};
