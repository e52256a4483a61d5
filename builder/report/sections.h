/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "report/markup.h"

/* The sections of the page; each appends nothing if the record has nothing for it.  Private to
 * the room. */

void section_header(GString *out, const json_t *record);
void section_failure(GString *out, const json_t *record);
void section_timeline(GString *out, const json_t *record);
void section_filmstrip(GString *out, const json_t *record);
void section_curves(GString *out, const json_t *record);
void section_verify(GString *out, const json_t *record);
void section_operations(GString *out, const json_t *record);
void section_packages(GString *out, const json_t *record);
void section_inputs(GString *out, const json_t *record);
void section_machine(GString *out, const json_t *record);
void section_footer(GString *out, const json_t *record);

extern const char report_style[];
extern const char report_script[];
