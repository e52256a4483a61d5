/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/debian.h"

/* The text of deb_database_order for packages (of deb_unpacked *), else in the order of the array.
 */
GString *order_text(const GPtrArray *packages);
