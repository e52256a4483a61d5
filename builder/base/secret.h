/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>
#include <jansson.h>

/* The values that must not be seen.  A build has one set; whatever it prints, logs or writes down
 * passes through one of the functions here.  Values are masked and never finished documents,
 * because quoting for JSON or HTML changes how a secret is written. */
typedef struct secrets secrets;

secrets *secrets_new(void);    /* the caller owns it */
void secrets_free(secrets *s); /* wipes the values */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(secrets, secrets_free)

/* Values of less than SECRET_SHORTEST bytes are not taken: hiding them would hide every other word.
 * Of a value of several lines (a key, a certificate) each line of SECRET_LINE bytes or more is a
 * secret too, but for the BEGIN and END of RFC 7468: logs hold it a line at a time.  So is a value
 * as text_printable, a POSIX shell's single quotes, JSON and XML write it. */
#define SECRET_SHORTEST 4u
#define SECRET_LINE     8u
void secrets_add(secrets *s, const char *value);

/* A copy of text with every secret replaced by "<secret>"; s may be NULL.  Owned by the caller. */
char *secrets_redact(const secrets *s, const char *text);

/* The same of bytes; *out is their number, and a NUL follows. */
char *secrets_redact_bytes(const secrets *s, const char *bytes, gsize length, gsize *out);

/* A copy in which every string and every name of a member is masked; owned by the caller. */
json_t *secrets_redact_json(const secrets *s, const json_t *value);

/* The masked value as a text (json_dumps(3), flags); owned by the caller. */
char *secrets_dump_json(const secrets *s, const json_t *value, size_t flags);

/* Copies of all values, NULL-terminated, to search for; owned by the caller (secrets_list_free,
 * which wipes them). */
char **secrets_list(const secrets *s);
void secrets_list_free(char **values);

/* Where secrets come from: the environment that ingot was started with, borrowed.  Without it
 * secrets_variable asks getenv(3), as it does when s is NULL. */
void secrets_read_from(secrets *s, const char *const *environment);
const char *secrets_variable(const secrets *s, const char *name);

#define SECRET_FILE "file:" /* before a path, where a value can be somewhere else */

/* The text of a file of at most 64 KiB without NUL bytes, and without the line end that editors
 * add; the caller owns it (secret_free, which wipes it; NULL is fine). */
char *secret_from_file(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void secret_free(char *value);

/* ---- bytes that come in pieces ---- */

/* Bytes that may begin a secret are held back until that is known. */
typedef struct secrets_stream secrets_stream;
typedef void (*secrets_sink_fn)(const char *bytes, gsize length, gpointer user);

/* s (may be NULL) must live longer; what is added to it later counts too. */
secrets_stream *secrets_stream_new(const secrets *s, secrets_sink_fn sink, gpointer user);
void secrets_stream_feed(secrets_stream *stream, const char *bytes, gsize length);
void secrets_stream_end(secrets_stream *stream);  /* nothing more comes */
void secrets_stream_free(secrets_stream *stream); /* wipes what is held back; may be NULL */
