/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/unpacked.h"

/* The text of DEB_ORDER for packages (of deb_unpacked *): base-passwd and base-files first, as
 * debootstrap has it, then every package behind those it pre-depends on, else in the order of the
 * array. */
GString *order_text(const GPtrArray *packages);
