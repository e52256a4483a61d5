/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* Several files of a staging directory move into out_dir as one.  A journal in the staging
 * directory, synced before the first rename, lists them; whoever finds it after a kill or a power
 * cut completes the missing moves.  An error in the middle reverses the journal, and the earlier
 * files come back.  All under the lock of out_dir (publish_lock).  For the files of this room only.
 * */

/* Writes the journal for these files (NULL-terminated) of staging, which are synced.  Nothing is
 * moved yet.  Error: nothing will be. */
gboolean journal_begin(const char *staging, const char *out_dir, const char *const *names,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes the moves.  Error: they were taken back. */
gboolean journal_commit(const char *staging, const char *out_dir,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends what a dead process began; no journal: nothing. */
gboolean journal_recover(const char *staging, const char *out_dir,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether there is still something to end, so that staging must stay. */
gboolean journal_pending(const char *staging);
