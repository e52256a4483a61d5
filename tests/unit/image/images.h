/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../folder.h"

#include "base/error.h"
#include "base/spawn.h"
#include "image/image.h"

#include <string.h>

/* Small images made by qemu-img and qemu-io in the test's folder. */

static inline char *at(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static inline void qemu(const char *const argv[])
{
    g_autoptr(GError) error = NULL;
    const struct spawn_options options = {.directory = folder};
    gboolean good = spawn_run(argv, &options, NULL, &error);
    assert_no_error(error);
    assert_true(good);
}

#define QEMU_IMG(...) qemu((const char *const[]){"qemu-img", __VA_ARGS__, NULL})
#define QEMU_IO(...)  qemu((const char *const[]){"qemu-io", "-f", "qcow2", __VA_ARGS__, NULL})

/* 4 MiB, of which the first 64 KiB hold that byte. */
static inline void make_image(const char *name, const char *byte)
{
    g_autofree char *command = g_strdup_printf("write -P %s 0 64k", byte);
    QEMU_IMG("create", "-q", "-f", "qcow2", name, "4M");
    QEMU_IO("-c", command, name);
}

static inline void assert_holds(const char *name, const char *byte)
{
    g_autofree char *command = g_strdup_printf("read -P %s 0 64k", byte);
    g_autofree char *out = NULL;
    g_autoptr(GError) error = NULL;
    const char *const argv[] = {"qemu-io", "-f", "qcow2", "-c", command, name, NULL};
    const struct spawn_options options = {.directory = folder};
    gboolean good = spawn_run(argv, &options, &out, &error);
    assert_no_error(error);
    assert_true(good);
    assert_null(strstr(out, "Pattern verification failed"));
}

static inline image_file *open_image(const char *name, enum image_flags flags)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = at(name), *parent = at("scratch");
    image_file *i = image_open(path, flags, parent, &error);
    assert_no_error(error);
    return i;
}

static inline void assert_refused(const char *name, enum image_flags flags, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = at(name), *parent = at("scratch");
    assert_null(image_open(path, flags, parent, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, says);
    assert_non_null(strstr(error->message, name));
    assert_non_null(ingot_error_hint(error));
}
