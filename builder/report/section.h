/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "report/markup.h"

/* The building blocks of the page's sections.  Private to the room. */

/* A duration in words, escaped. */
void put_duration(GString *out, double seconds);
/* A number for CSS or SVG, with a point in every locale and two decimals. */
void put_number(GString *out, double value);
/* The heading of a section, which gets the id too. */
void section_begin(GString *out, const char *id, const char *heading);
void section_end(GString *out);
/* The class of a word like "done", "failed", "skipped": what it looks like. */
const char *outcome_class(const char *outcome);
