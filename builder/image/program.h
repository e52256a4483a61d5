/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "image/handle.h"

/* Programs of the guest: in a chroot of the appliance, with the appliance's kernel and network, so
 * that no service of the guest runs. */

/* Error: INGOT_EXIT_SEAL, the guest is in something that runs no programs. */
gboolean guest_can_run(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts a program of this host in, over what is there, with mode 0700. */
gboolean guest_put_program(guest *g, const char *local, const char *path,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What these commands print, at most 4 MiB, owned by the caller; the error says what could not be
 * run. */
char *guest_shell(guest *g, const char *commands, const char *what,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
