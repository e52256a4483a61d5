/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/stages.h"

#define RECORD(name) extern const stage stage_##name;
#include "stages/stages_stages.inc"
#undef RECORD

const stage *const *stages_table(void)
{
    static const stage *const table[] = {
#define RECORD(name) &stage_##name,
#include "stages/stages_stages.inc"
#undef RECORD
        NULL};
    return table;
}
