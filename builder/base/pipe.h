/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* A pipe between two threads or processes of which both have work to do: with room for a MiB, as
 * far as the host allows, so that on a busy host one is not switched to for every 64 KiB.  ends[0]
 * is read, ends[1] written; both are closed on exec, and the caller's.  Error: INGOT_EXIT_HOST. */
gboolean pipe_open(int ends[2], GError **error) G_GNUC_WARN_UNUSED_RESULT;
