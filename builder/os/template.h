/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* A strict subset of Mustache (mustache(5)): {{key}} escaped for the target format, {{&key}} raw,
 * {{#key}}…{{/key}} kept when the value is not empty, {{^key}}…{{/key}} kept when it is.  A section
 * tag alone on its line takes the line with it.  An unknown key, an unclosed section or a value
 * that the format cannot hold is an error that names file and line. */

/* Escapes one value; NULL with an error when the format cannot hold it (a newline in a preseed
 * value).  The caller owns the result. */
typedef char *(*template_escape_fn)(const char *value, GError **error);

char *template_escape_preseed(const char *value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For use between single quotes. */
char *template_escape_shell(const char *value, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* values: key -> text.  name is for messages.  The caller owns the text. */
char *template_render(const char *name, const char *text, GHashTable *values,
                      template_escape_fn escape, GError **error) G_GNUC_WARN_UNUSED_RESULT;
