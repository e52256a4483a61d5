/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/operations.h"

#define RECORD(name) extern const guest_operation operation_##name;
#include "guest/guest_operations.inc"
#undef RECORD

static const guest_operation *const table[] = {
#define RECORD(name) &operation_##name,
#include "guest/guest_operations.inc"
#undef RECORD
    NULL,
};

const guest_operation *const *guest_operations(void)
{
    return table;
}
