/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/secret.h"

#include <jansson.h>

/* What the documents of a build are made of; private to the room.  Both results are owned by the
 * caller. */

/* What a guest or a server says may be anything; NULL is "". */
json_t *shown_text(const char *text);

/* A copy in which every string is masked: of the values and not of the finished text, because
 * quoting a secret for JSON or HTML would change how it is written. */
json_t *shown_masked(const secrets *hidden, json_t *value);
