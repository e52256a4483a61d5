/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* What is handed on of the environment that ingot was started with: a CI job has passwords and
 * tokens there, which are no business of QEMU or gpgv.  docs/architecture.md has the list. */

/* The whole environment, for looking up variables by name; owned by the caller
 * (environment_free). The process keeps only what ingot and its libraries need, because libguestfs
 * starts programs itself.  Call it before any thread starts (setenv(3)). */
char **environment_take(void);
void environment_free(char **environment); /* wipes it */

/* The environment of a program that ingot starts; owned by the caller (g_strfreev). */
char **environment_of_child(void);
