/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "install/install.h"

/* The boot loader of a medium that boots by itself: types the boot command at the machine's
 * screen, and then waits until the installer requests its answer file.  Private to the room. */

typedef struct loader loader;

/* Called from the main loop, once at most, when the machine cannot install any more.  It may not
 * free the loader.  Both texts belong to the loader; remedy may be NULL. */
typedef void (*loader_failed)(const char *cause, const char *remedy, gpointer user);

/* Connects to the screen behind the socket and starts typing.  NULL with an error; the caller
 * owns the loader.  boot_command must live as long. */
loader *loader_start(const struct install_boot_command *boot_command, const char *vnc, progress *p,
                     loader_failed failed, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void loader_free(loader *l);

/* Whether there is still something to type. */
gboolean loader_types(const loader *l);

/* What came over the serial console. */
void loader_console(loader *l, const char *bytes, gsize length);
/* To be called now and then: looks at limits. */
void loader_tick(loader *l);
