/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/appliance.h"

#include "base/error.h"
#include "base/text.h"

gboolean appliance_reason(guest *g, GError **error)
{
    const char *said = guestfs_last_error(g->appliance->h);
    g_autofree char *clean = text_printable(said ? said : "no reason was given", -1);
    ingot_set_error(error, INGOT_EXIT_SEAL, NULL, "%s", clean);
    return FALSE;
}
