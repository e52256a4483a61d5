/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/archive.h"

#include "base/files.h"
#include "debian/debian.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *folder; /* fuzzing is one process without an end */

static void drop_folder(void)
{
    files_remove_tree(folder);
}

static void check(const struct media_pick *pick)
{
    struct stat info;
    g_assert(lstat(pick->out, &info) == 0 && S_ISREG(info.st_mode));
    g_assert(info.st_size > 0 && info.st_size <= (off_t)1 << 30);
    g_assert(pick->member && *pick->member != '/' && !strstr(pick->member, "/../"));
}

/* Any bytes as a .deb, an ISO image or a tar. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!folder) {
        folder = files_temp_dir(g_get_tmp_dir(), "ingot-fuzz", NULL);
        (void)atexit(drop_folder);
    }
    g_autofree char *medium = g_build_filename(folder, "medium", NULL);
    g_autofree char *kernel = g_build_filename(folder, "kernel", NULL);
    g_autofree char *initrd = g_build_filename(folder, "initrd", NULL);
    struct media_pick picks[] = {{.glob = "*linux*", .what = "kernel", .out = kernel},
                                 {.glob = "*initrd*", .what = "initrd", .out = initrd}};
    g_autoptr(GError) error = NULL;
    if (!g_file_set_contents(medium, (const char *)data, (gssize)size, NULL))
        abort();
    if (media_archive_pick(medium, "the medium", &deb_format, picks, G_N_ELEMENTS(picks), NULL,
                           &error)) {
        check(&picks[0]);
        check(&picks[1]);
    } else {
        g_assert(error && access(kernel, F_OK) != 0 && access(initrd, F_OK) != 0);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(picks); i++) {
        (void)unlink(picks[i].out);
        g_free(picks[i].member);
    }
    return 0;
}
