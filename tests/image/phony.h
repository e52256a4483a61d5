/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>
#include <guestfs.h>

/* Disks that look like installed systems to libguestfs and hold no programs: what an installer and
 * a used machine leave behind, and what must stay.  One launch of libguestfs makes all of them. */

#define PHONY_MAC      "52:54:00:6b:1d:9e"
#define PHONY_PASSWORD "correct-horse-battery"

/* What an operation removes, and what is like it and must stay; relative paths. */
struct phony_sample {
    const char *operation, *gone, *stays;
};
#define PHONY_STAYS "to stay\n"                   /* what is in them */
extern const struct phony_sample phony_samples[]; /* ends with NULLs; on the disk debian */

struct phony_disks {
    char *folder;
    char *debian;    /* a used Debian 13, all in one partition */
    char *with_swap; /* clean, with a swap partition beside it, and changed in every respect */
    char *two_roots; /* two systems */
    char *no_system; /* a file system with a text in it */
};

void phony_make(struct phony_disks *disks);
void phony_remove(struct phony_disks *disks);

/* A new qcow2 overlay of image in the same folder; the caller frees the path. */
char *phony_overlay(const struct phony_disks *disks, const char *image, const char *name);

/* ---- for other disks ---- */

struct phony_entry {
    const char *path; /* relative; NULL ends a table */
    int mode;
    const char *text; /* a directory: NULL; a symbolic link: "-> target"; a FIFO: "|" */
};

/* A launched libguestfs with these images (NULL-terminated) as /dev/sda and on; make: new disks, to
 * be filled; else they are only read. */
guestfs_h *phony_appliance(char *const *images, gboolean make);
void phony_appliance_end(guestfs_h *h); /* unmounts, shuts down, closes */

/* One partition with these files on an empty disk. */
void phony_system(guestfs_h *h, const char *disk, const struct phony_entry *entries);

/* The files of the disk debian, and these, as a tar in memory; the caller closes it.  And the same
 * as phony_system with such a tar. */
#define PHONY_UUID "5f0c0de0-1111-4222-8333-444455556666" /* of the file system */
#define PHONY_SIZE (96ll << 20)                           /* of a disk in bytes */
int phony_archive(const struct phony_entry *more);
void phony_system_of(guestfs_h *h, const char *disk, int archive);
