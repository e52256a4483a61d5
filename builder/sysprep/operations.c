/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

#include <string.h>

#define RECORD(name) extern const sysprep_operation operation_##name;
#include "sysprep/sysprep_operations.inc"
#undef RECORD

static const sysprep_operation *const table[] = {
#define RECORD(name) &operation_##name,
#include "sysprep/sysprep_operations.inc"
#undef RECORD
    NULL,
};

const sysprep_operation *const *sysprep_operations(void)
{
    return table;
}

static gboolean is_called(const sysprep_operation *op, const char *name)
{
    g_auto(GStrv) also = g_strsplit(op->also ? op->also : "", " ", -1);
    return strcmp(op->name, name) == 0 || g_strv_contains((const char *const *)also, name);
}

const sysprep_operation *sysprep_operation_find(const char *name)
{
    for (const sysprep_operation *const *op = table; *op; op++)
        if (is_called(*op, name))
            return *op;
    return NULL;
}
