/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/deb822.h"

/* Reads one relation, which the caller clears.  What cannot be read is a relation to the name "",
 * which nothing has. */
deb_relation relation_parse(struct slice text);

/* The name alone, where it is in the text. */
struct slice relation_name(struct slice text);
