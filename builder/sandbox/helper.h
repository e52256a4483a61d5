/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* The process between ingot and a sandbox: it is outside, makes the namespaces, and holds
 * everything in them by its own life.  main() of a program that was started to be one; does not
 * return. */
void helper_main(void) G_GNUC_NORETURN;
