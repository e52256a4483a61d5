/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/qmp.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as a line from QEMU. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qmp_message m;
    qmp_parse((const char *)data, size, &m);
    g_assert((m.kind != QMP_EVENT && m.kind != QMP_FAILURE) || m.name);
    g_assert(m.kind != QMP_RETURN || m.value);
    qmp_message_clear(&m);
    return 0;
}
