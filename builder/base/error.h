/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* The error contract.  Every function that can fail takes a GError ** last.  Errors made here carry
 * the exit code of the program and, after the sentence of the cause, an optional remedy ("hint").
 * Errors of other domains (G_IO_ERROR, …) get the exit code of the stage in which they happen. */

/* Exit codes of the program; documented in ingot(1), section EXIT STATUS. */
enum ingot_exit {
    INGOT_EXIT_OK = 0,
    INGOT_EXIT_FAILURE = 1, /* not foreseen: a defect in ingot */
    INGOT_EXIT_USAGE = 2,
    INGOT_EXIT_RECIPE = 3,
    INGOT_EXIT_HOST = 4, /* the host lacks a tool, a right, or space */
    INGOT_EXIT_MEDIA = 5,
    INGOT_EXIT_INSTALL = 6,
    INGOT_EXIT_SEAL = 7,
    INGOT_EXIT_POLICY = 8,
    INGOT_EXIT_OUTPUT = 9,
    INGOT_EXIT_DIFFERENT = 10,    /* no error: ingot diff found differences */
    INGOT_EXIT_VERIFY = 11,       /* clones of the image are not as they must be */
    INGOT_EXIT_INTERRUPTED = 130, /* SIGINT or SIGTERM, as a shell would say */
};

#define INGOT_ERROR (ingot_error_quark())
GQuark ingot_error_quark(void);

/* Sets *error to a sentence (what, where) and a remedy (hint, NULL: none).  The code is an exit
 * code.  Does nothing when error is NULL. */
void ingot_set_error(GError **error, enum ingot_exit code, const char *hint, const char *format,
                     ...) G_GNUC_PRINTF(4, 5);

/* The sentence without the remedy; the caller owns the text. */
char *ingot_error_text(const GError *error);

/* The remedy, or NULL; owned by the error. */
const char *ingot_error_hint(const GError *error);

/* The exit code for this error: its own when it is of INGOT_ERROR, INTERRUPTED when it is
 * G_IO_ERROR_CANCELLED, else fallback. */
enum ingot_exit ingot_error_exit(const GError *error, enum ingot_exit fallback);
