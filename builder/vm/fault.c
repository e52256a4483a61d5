/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/vm.h"

#include "base/space.h"

#include <errno.h>
#include <string.h>

/* qapi/block-core.json, BLOCK_IO_ERROR: "reason" is strerror(3)'s text and for people only; but
 * "nospace" comes only with error policies that stop, and the text is what both have. */
char *vm_disk_fault(const char *reason, const char *disk, char **remedy)
{
    const char *place = disk ? disk : ".";
    if (strstr(reason, g_strerror(ENOSPC)) || strstr(reason, "No space")) {
        *remedy = space_full_remedy(place);
        return space_full_cause(place);
    }
    *remedy = g_strdup("check the host's log (dmesg)");
    return g_strdup_printf("the host could not read or write the machine's disk: %s",
                           *reason ? reason : "no reason was given");
}
