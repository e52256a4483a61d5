/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "os/os.h"

/* What the lines of a guest mean.  Private to the room. */

typedef struct matcher matcher;

/* Each list ends with a NULL pattern and may be NULL; they must live as long as the matcher. */
struct matcher_lists {
    const struct os_phase *phases;
    const struct os_failure *log, *console;
    const struct os_failure *reasons; /* on both */
};

/* Fails with INGOT_EXIT_FAILURE when a pattern is not a GRegex: they are part of the program. */
matcher *matcher_new(const struct matcher_lists *lists, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void matcher_free(matcher *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(matcher, matcher_free)

struct match {
    char *cause; /* a sentence; owned */
    const char *remedy;
};

/* The phase that a line of the log begins, or NULL. */
const struct os_phase *matcher_phase(const matcher *m, const char *line);
/* Whether a line of the log, or of the console, is fatal.  For prompts, several lines with '\n'
 * between them are given at once. */
gboolean matcher_log(const matcher *m, const char *line, struct match *match);
gboolean matcher_console(const matcher *m, const char *line, struct match *match);
/* Whether a line is why something fails later. */
gboolean matcher_reason(const matcher *m, const char *line, struct match *match);
