/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "stages/stages.h"

/* How long the stages and phases of earlier good builds of a recipe took, under the same
 * conditions: installer, architecture, accelerator, number of CPUs.  Kept in
 * CACHE/history/NAME.json, the last ten of each stage; what was reused does not count.  Two builds
 * of one recipe at the same time may lose the durations of one of them, nothing else. */

/* Reads the history for this plan.  A file that cannot be read is a warning and counts as empty;
 * the next good build replaces it.  Never NULL; freed by history_free. */
history *history_load(const plan *p, progress *reporter);
void history_free(history *h); /* NULL: nothing */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(history, history_free)

/* The median and the longest duration of a stage, or of another kind of it (timeline_set_kind),
 * and of a phase of it (NULL: the whole stage), in seconds; negative if not known.  If a phase
 * occurs twice in a stage, its longer time counts. */
double history_expected(const history *h, const char *kind, const char *phase);
double history_slowest(const history *h, const char *kind, const char *phase);

/* How many earlier runs of it are known. */
guint history_count(const history *h, const char *kind);

/* Why there is no kept result of that key, as a sentence; owned by the caller. */
char *history_why(const history *h, const char *stage_name, const char *key, const build *b);

/* Adds what a good build took, and writes the file. */
gboolean history_add(history *h, const build *b, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes the histories that are older than max_age seconds; returns their number and, in *bytes
 * (may be NULL), their size. */
guint history_prune(const char *cache_dir, guint max_age, guint64 *bytes);
