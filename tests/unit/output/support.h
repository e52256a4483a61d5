/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../test.h"

#include "output/output.h"

/* What the tests of formats share: a folder in *state, and a disk in it. */

#define SIZE (4u << 20)

int folder_setup(void **state);
int folder_teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

char *in_folder(const char *dir, const char *name);
void qemu_img(const char *const argv[]);

/* A qcow2 image with a pattern in its first half and an overlay of it, which is what a sealed disk
 * is; *content gets what is in it, SIZE bytes. */
char *make_overlay(const char *dir, char **content);

/* Writes image as dir/NAME.EXTENSION, with p (may be NULL) and compact. */
gboolean write_format(const char *format, const char *image, const char *dir, const char *name,
                      enum output_compact compact, progress *p, GError **error);

/* What such a failure is. */
void assert_refused(const char *format, const char *image, const char *dir, int code,
                    const char *says);

/* What progress prints, as JSON lines, while that format writes the image into dir; owned by the
 * caller. */
char *events_of_format(const char *format, const char *image, const char *dir);
