/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/operations.h"

#include <string.h>

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

static gboolean is_called(const guest_operation *op, const char *name)
{
    g_auto(GStrv) also = g_strsplit(op->also ? op->also : "", " ", -1);
    return strcmp(op->name, name) == 0 || g_strv_contains((const char *const *)also, name);
}

const guest_operation *guest_operation_find(const char *name)
{
    for (const guest_operation *const *op = table; *op; op++)
        if (is_called(*op, name))
            return *op;
    return NULL;
}
