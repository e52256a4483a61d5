/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <jansson.h>

/* What a build was, for people and for CI servers.  Knows nothing of builds: the input is a record,
 * one JSON object (docs/report.md), the output is text.  Nothing in the record is believed: it is
 * escaped, cut to a size, and what has the wrong type is as good as absent.  Secrets are masked by
 * who makes the record. */

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
