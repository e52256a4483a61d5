/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* The values that must not be seen.  A build has one set; whatever it prints, logs or writes down
 * passes through secrets_redact. */
typedef struct secrets secrets;

secrets *secrets_new(void);    /* the caller owns it */
void secrets_free(secrets *s); /* wipes the values */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(secrets, secrets_free)

/* Values of less than 4 bytes are not taken: hiding them would hide every other word. */
void secrets_add(secrets *s, const char *value);

/* A copy of text with every secret replaced by "<secret>"; s may be NULL.  Owned by the caller. */
char *secrets_redact(const secrets *s, const char *text);

/* Copies of all values, NULL-terminated, for whoever looks for them; owned by the caller
 * (secrets_list_free, which wipes them). */
char **secrets_list(const secrets *s);
void secrets_list_free(char **values);
