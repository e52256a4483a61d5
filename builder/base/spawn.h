/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* The one way to start a program: an argv array, never a shell string.  Every child gets SIGKILL
 * when the thread that started it dies (prctl(2), PR_SET_PDEATHSIG), so start children from the
 * main thread only; and a process group of its own, so that Ctrl-C reaches ingot alone and ingot
 * stops its children in order; and of the environment what environment_of_child lets through. */

/* Called for each line of standard output ('\n' or '\r' ends a line). */
typedef void (*spawn_line_fn)(const char *line, gpointer data);

struct spawn_options {
    GBytes *input;          /* standard input; NULL: /dev/null */
    const char *directory;  /* working directory; NULL: unchanged */
    const char *const *env; /* "NAME=value" to set in the child, NULL-terminated; NULL: none */
    spawn_line_fn on_line;  /* NULL: none */
    gpointer data;          /* for on_line */
    GCancellable *cancel;   /* kills the child; may be NULL */
    double still;           /* seconds without progress that end it; 0: SPAWN_STILL */
};

/* qemu-img's last sync of an image that it has written takes no processor and moves no byte: 4 GiB
 * on a disk of 20 MB/s take 215 s. */
#define SPAWN_STILL (10 * 60)

/* Where a program is: on the PATH, or in /usr/sbin, where the PATH of an ordinary user does not
 * look and mke2fs is all the same.  NULL: nowhere; the caller owns the path. */
char *spawn_find(const char *program);

/* Runs a program (spawn_find) to its end, which comes by force when it makes no progress
 * (base/watch.h).  A non-zero end is an error of INGOT_EXIT_HOST that holds the last lines of its
 * standard error.  *out (may be NULL) gets standard output (at most 64 MiB),
 * owned by the caller.  options may be NULL. */
gboolean spawn_run(const char *const argv[], const struct spawn_options *options, char **out,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Starts a program and returns at once; the caller owns the object and must end the program. */
GSubprocess *spawn_start(const char *const argv[], GSubprocessFlags flags,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same with further descriptors, which stay the caller's: the nth becomes 3 + n. */
GSubprocess *spawn_start_with(const char *const argv[], GSubprocessFlags flags,
                              const int *descriptors, gsize n,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The argv as one line that a POSIX shell reads back to the same argv; owned by the caller. */
char *spawn_quote(const char *const argv[]);
