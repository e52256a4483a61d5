/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <jansson.h>

/* What a guest or a server says may be anything: as a text of a document; NULL is "".  Private to
 * the room; owned by the caller. */
json_t *shown_text(const char *text);
