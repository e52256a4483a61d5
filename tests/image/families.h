/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "phony.h"

/* Phony guests of other families: per file what is there before the seal and after it. */

struct family_file {
    const char *operation; /* whose work it is; NULL: what the system is made of */
    const char *path;      /* relative */
    const char *before;    /* as phony_entry.text; NULL: not there */
    const char *after;     /* NULL: not there */
};

struct family {
    const char *name;
    const char *distro, *format;     /* as libguestfs says */
    const struct family_file *files; /* ends with a NULL path */
};

extern const struct family families[]; /* ends with a NULL name */
