/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* The kinds of firmware, as recipes name them and as QEMU's firmware descriptors say them
 * (docs/interop/firmware.json of QEMU: FirmwareOSInterface and FirmwareFeature).  Recipe schema,
 * plan and machine read this one table. */

struct firmware_kind {
    const char *name;           /* machine.firmware of a recipe: "uefi" */
    const char *title;          /* in messages: "UEFI" */
    const char *interface_type; /* that its descriptors offer */
    /* Features that its descriptors must and must not have; NULL-terminated; NULL: none. */
    const char *const *with, *const *without;
    /* The architectures whose machines have it, and the package of the host that brings it; ends
     * with a NULL. */
    struct firmware_package {
        const char *arch, *package;
    } packages[4];
};

/* NULL when there is no such kind. */
const struct firmware_kind *firmware_kind_find(const char *name);

/* The kinds in order, from 0; NULL after the last. */
const struct firmware_kind *firmware_kind_nth(gsize n);

/* What machines of an architecture have by default; NULL: not known. */
const struct firmware_kind *firmware_kind_usual(const char *arch);

/* The package that brings it; NULL: machines of that architecture do not have it. */
const char *firmware_kind_package(const struct firmware_kind *kind, const char *arch);

/* The kind in keys of kept results: "1" for the first; "0" for NULL, the usual one. */
char *firmware_kind_key(const struct firmware_kind *kind);

/* The names that a recipe may use: of kinds for which the installers that are there put a boot
 * loader on the disk.  NULL-terminated. */
extern const char *const firmware_offered[];
