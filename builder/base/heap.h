/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Makes freed memory go back to the system; to be called before there are threads. */
void heap_return_freed(void);
