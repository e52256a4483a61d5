/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../unit/test.h"

#include "install/install.h"
#include "vm/vm.h"

/* The tiny guest: the newest kernel of /boot that can be read, with an initramfs of busybox and the
 * script init.  It is up in about two seconds of processor time without KVM. */

struct guest {
    char *top, *dir, *log_dir; /* top holds the others and the initramfs */
    struct vm_spec vm;
    vm *machine;           /* guest_start */
    GString *said[2];      /* by enum vm_channel */
    GString *events;       /* "NAME reason\n" */
    GString *heard[2];     /* by guest_attach */
    GSource *listening[2]; /* the same */
    int sockets[2];
    gboolean gone;
    int status;
};

/* Skips the test, with the reason, when the host cannot run the guest.  what: see init. */
struct guest *guest_new(const char *what);
/* Another one: a machine that boots a disk of one sector.  sector: 512 bytes. */
struct guest *guest_new_booting(const guint8 *sector);
void guest_free(struct guest *g);

/* Gives the machine firmware of this host; skips the test when it has none of that kind. */
void guest_choose_firmware(struct guest *g, const char *kind);

/* Starts it; the test fails when it does not start. */
void guest_start(struct guest *g);

/* Runs the main loop until it is so, at most two minutes; then the test fails and says what the
 * guest has said. */
void guest_wait(struct guest *g, gboolean (*done)(const struct guest *g, const char *text),
                const char *text);
gboolean guest_console_has(const struct guest *g, const char *text);
gboolean guest_log_has(const struct guest *g, const char *text);
gboolean guest_event(const struct guest *g, const char *text);
gboolean guest_gone(const struct guest *g, const char *unused);

/* No file is left in the directory of the sockets, and no process has this number. */
void guest_assert_nothing_left(const struct guest *g, GPid pid);

/* Somebody connects to the console's relay; what they see comes in heard.  Returns the socket. */
int guest_attach(struct guest *g, int person);
/* Closes the socket; guest_free does so for who is still attached. */
void guest_detach(struct guest *g, int person);
gboolean guest_both_heard(const struct guest *g, const char *text);
