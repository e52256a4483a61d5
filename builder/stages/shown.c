/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/shown.h"

#include "base/text.h"

json_t *shown_text(const char *text)
{
    g_autofree char *clean = text_printable(text ? text : "", -1);
    return json_string(clean);
}
