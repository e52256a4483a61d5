/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <jansson.h>

/* A build as a report for people and for CI servers.  Knows nothing of builds: the input is a
 * build record, one JSON object (docs/report.md), the output is text.  Nothing in the record is
 * trusted: it is escaped, cut to a size, and a value of the wrong type counts as absent.  The maker
 * of the record masks secrets. */

/* One HTML document that needs nothing beside itself: pictures become data: URIs (RFC 2397), curves
 * are inline SVG.  Pictures are read from the files that the record names; what is not a PNG is
 * left out.  The caller owns the text. */
char *report_html(const json_t *record);

/* A JUnit report: a suite of the stages and one of the assertions of verify, if there are any.
 * There is no standard but the practice of Ant and Jenkins.  The caller owns the text. */
char *report_junit(const json_t *record);

/* Of the assertions alone (the member "verify" of a record): one suite; image: class of its cases.
 * The caller owns the text. */
char *report_junit_verify(const json_t *verify, const char *image);
