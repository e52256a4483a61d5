/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "verify/answer.h"
#include "verify/dhcp.h"
#include "verify/verify.h"

/* What was seen of the clones, for the assertions.  Private to the room. */

#define CLONES VERIFY_CLONES

/* A fault that ends all clones, because it is the host's and says nothing about the image. */
struct host_fault {
    char *cause, *remedy; /* NULL: none */
};

struct clone_evidence {
    struct host_fault *host; /* that both share */
    const char *name;        /* "a" */
    const char *disk;        /* what it is a clone of (verify_disk_name) */
    const char *mac;
    char *trouble;             /* why it came no further; NULL: it did */
    answer *booted, *facts;    /* of the first boot; NULL: it came not so far */
    answer *searched;          /* for what it must not know */
    answer *packages;          /* asked of the first clone only */
    answer *restarted, *again; /* booted and facts of the second boot, of the second clone */
    gint64 clock;              /* seconds that its clock is ahead of the host's */
    gboolean powered_off;      /* when its power button was pressed */
    struct dhcp_seen dhcp;
};

struct hotplug_evidence {
    gboolean tried;
    gboolean no_cpu_slot; /* the guest's kernel has set itself up for the CPUs it has */
    char *cpu_error, *nic_error, *disk_error, *memory_error; /* QEMU's; NULL: it did */
    char *nic_mac;
    guint64 disk_bytes;
    answer *before, *after; /* what the guest had */
    guint64 memory, asked, shrunk,
        grown;     /* bytes: all, wanted, what the balloon left, at the end */
    answer *small; /* with the balloon blown up */
};

struct evidence {
    const struct verify_spec *spec;
    enum verify_probe probe;
    struct clone_evidence clones[CLONES];
    struct hotplug_evidence hotplug;
    /* Of each disk that there is. */
    struct disk_evidence {
        char *before, *after; /* digests */
    } disks[CLONES];
};
void evidence_clear(struct evidence *e);

/* A finding for each assertion; an array of struct verify_finding * that the caller owns. */
GPtrArray *evidence_judge(const struct evidence *e);
json_t *evidence_to_json(const struct evidence *e);
