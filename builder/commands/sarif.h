/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "sysprep/sysprep.h"

#include <jansson.h>

/* Findings as a SARIF 2.1.0 log, which code scanners' dashboards read.  Files of the image are
 * relative to the URI base "IMAGE"; what is about no file is about the image.  rules: of const
 * inspect_rule *, with those of the findings among them.  The caller owns the log. */
json_t *sarif_log(const char *image, const GPtrArray *rules, const GPtrArray *findings);
