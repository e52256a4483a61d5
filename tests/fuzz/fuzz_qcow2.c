/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/qcow2.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_printable(const char *text)
{
    g_assert(!text || (g_utf8_validate(text, -1, NULL) && !strchr(text, '\n')));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qcow2_header h;
    if (!qcow2_header_read(data, size, &h)) {
        g_assert(h.version == 2 || h.version == 3);
        assert_printable(h.backing_file);
        assert_printable(h.unknown);
    }
    qcow2_header_clear(&h);
    return 0;
}
