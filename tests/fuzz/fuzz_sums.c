/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/publish.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as the SHA256SUMS of an output directory, which others may write to.  Whatever they
 * are, the new file is there with its sum, and each line is a sum and a name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char digest[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    output_file sum = {.name = (char *)"image.qcow2", .sha256 = (char *)digest};
    g_autoptr(GPtrArray) sums = g_ptr_array_new();
    g_ptr_array_add(sums, &sum);
    g_autofree char *old = g_strndup((const char *)data, size);
    g_autofree char *merged = sums_merge(old, "/usr/bin", sums);
    g_autofree char *mine = g_strdup_printf("%s  image.qcow2\n", digest);
    g_assert(strstr(merged, mine));
    g_auto(GStrv) lines = g_strsplit(merged, "\n", -1);
    for (char **line = lines; **line; line++) {
        g_assert(strlen(*line) > 66 && strspn(*line, "0123456789abcdef") == 64);
        g_assert(!strchr(*line + 66, '/'));
    }
    /* What was written is read back as it is. */
    g_autofree char *again = sums_merge(merged, "/usr/bin", sums);
    g_assert_cmpstr(again, ==, merged);
    return 0;
}
