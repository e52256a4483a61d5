/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/history.h"

#include "base/files.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *folder; /* fuzzing is one process without an end */

static void drop_folder(void)
{
    files_remove_tree(folder);
}

static void make_folder(void)
{
    folder = files_temp_dir(g_get_tmp_dir(), "ingot-fuzz", NULL);
    g_autofree char *below = g_build_filename(folder, "history", NULL);
    if (!files_mkdir(below, FALSE, NULL))
        abort();
    (void)atexit(drop_folder);
}

static void assert_seconds(double seconds)
{
    g_assert(isfinite(seconds));
}

/* Any bytes as the history of earlier builds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!folder)
        make_folder();
    const plan p = {
        .name = (char *)"fuzz", .cache_dir = folder, .vm = {.arch = (char *)"x86_64", .cpus = 2}};
    g_autofree char *file = g_build_filename(folder, "history", "fuzz.json", NULL);
    if (!g_file_set_contents(file, (const char *)data, (gssize)size, NULL))
        abort();
    g_autoptr(history) h = history_load(&p, NULL);
    assert_seconds(history_expected(h, "install", NULL));
    assert_seconds(history_expected(h, "install", "boot"));
    assert_seconds(history_slowest(h, "install", NULL));
    assert_seconds(history_slowest(h, "install", "boot"));
    (void)history_count(h, "install");
    return 0;
}
