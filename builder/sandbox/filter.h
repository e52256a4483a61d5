/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* The system calls of a program in a sandbox: those on a list are allowed (filter.c says which and
 * why), others return EPERM or ENOSYS, and end nobody.  Also sets "no new privileges".  For this
 * process and all that it starts; FALSE with errno set. */
gboolean filter_apply(void) G_GNUC_WARN_UNUSED_RESULT;

/* NULL-terminated (syscalls.c). */
extern const char *const filter_allowed[];
extern const char *const filter_refused[];
