/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "recipe/recipe.h"

#include <yaml.h>

/* Shared by the files of this room; only its tests include it from outside. */

#define RECIPE_MAX_BYTES (1u << 20)
#define RECIPE_MAX_TEXT  65536u /* bytes of one value */
#define RECIPE_MAX_DEPTH 16u    /* the deepest key of a recipe is at 5 */
#define RECIPE_MAX_NODES 20000u /* keys, values, lists and mappings together */

struct place {
    guint line, column; /* from 1; a column is a character, not a byte */
};

/* One reading of a file: what all steps need. */
struct reading {
    struct recipe *recipe;
    recipe_problems *problems;
    yaml_document_t *document;
    secrets *hidden; /* may be NULL */
    gboolean resolve;
};

/* ---- problems.c ---- */

void problems_at(recipe_problems *problems, const struct recipe *recipe, struct place at,
                 const char *hint, const char *format, ...) G_GNUC_PRINTF(5, 6);
/* The text in double quotes on one line, cut if long, without control characters; owned by the
 * caller. User input is shown only in this form. */
char *problems_quote(const char *text);

/* ---- document.c ---- */

/* The lines of the text for carets, without their ends; passwords in them are masked.  Owned by
 * the caller (g_strfreev). */
char **document_lines(const char *text, gsize length);
/* Fills reading->document from the text, within the limits above.  FALSE: it cannot be read on
 * (the reasons are in the problems); else the caller deletes the document, whose root is a
 * mapping. */
gboolean document_load(const struct reading *reading, const char *text,
                       gsize length) G_GNUC_WARN_UNUSED_RESULT;
struct place document_place(yaml_mark_t mark);

/* ---- table.c: every key of a recipe, once ---- */

enum kind {
    KIND_MAP,      /* keys below it are in the table as "KEY.SUB" */
    KIND_MAPS,     /* a list of mappings: "KEY[].SUB", at offsets in struct recipe_user */
    KIND_LIST,     /* char **, each item of the form */
    KIND_TEXT,     /* char * of the form */
    KIND_SIZE,     /* guint64, bytes */
    KIND_DURATION, /* guint, seconds */
    KIND_COUNT,    /* guint */
    KIND_BOOL,     /* gboolean */
};

enum secrecy {
    SECRET_NOT,
    SECRET_WHOLE, /* the value is secret; ${env:NAME} in it, or file:PATH as the whole */
    SECRET_PARTS, /* only the values of ${env:NAME} in it are secret */
};

struct field;

/* The form of a text. */
struct form {
    const char *what;    /* "a host name (letters, …)": what was expected; NULL: the choices */
    const char *example; /* NULL: none that would help */
    const char *pattern; /* for PCRE and ECMA-262 alike; NULL: anything */
    gsize longest;       /* bytes */
    gboolean lines;      /* may hold line feeds */
    gboolean repeats;    /* a list may hold the same twice */
    gboolean joins;      /* of a TEXT: may be a list of texts, which are joined */
    /* What a pattern cannot say; NULL: nothing. */
    gboolean (*check)(const struct field *field, const char *text);
    /* Advice on a text that is refused, owned by the caller, or NULL. */
    char *(*advise)(const struct field *field, const char *text);
};

struct field {
    const char *key; /* dotted; "[]" after a list of mappings */
    enum kind kind;
    const struct form *form; /* TEXT, LIST */
    gsize offset;            /* in struct recipe, or struct recipe_user below KIND_MAPS */
    gboolean required;
    enum secrecy secrecy;
    const char *fallback;       /* as it would be written; NULL: none */
    guint64 least, most;        /* SIZE, DURATION, COUNT */
    const char *const *choices; /* of an enumeration; the schemes of a URL */
    const char *example;        /* NULL: the one of the type */
    const char *doc;            /* a sentence for the schema */
};

/* In the order of the shipped recipes; ends with a NULL key. */
extern const struct field recipe_fields[];

/* Renamed keys; the value has the same meaning under the new name.  Ends with a NULL. */
struct renamed {
    const char *old, *now; /* dotted, as in recipe_fields */
};
extern const struct renamed recipe_renamed[];

/* The field "PARENT.WORD" (parent "": the top level), or NULL. */
const struct field *table_find(const char *parent, const char *word);
/* The last part of a dotted key: "size" of "disk.size". */
const char *table_word(const struct field *field);
/* Whether the field is directly below parent. */
gboolean table_is_below(const struct field *field, const char *parent);
/* The current name of the former key "PARENT.WORD"; NULL: it never was one. */
const char *table_renamed(const char *parent, const char *word);
/* A hint at the key that a wrong word below parent may mean; owned by the caller, or NULL. */
char *table_suggest(const char *parent, const char *word);

/* ---- forms.c ---- */

extern const struct form form_name, form_description, form_word, form_release, form_choice,
    form_suite, form_package, form_url, form_path, form_inner_path, form_reference, form_sha256,
    form_hostname, form_domain, form_locale, form_timezone, form_keyboard, form_kernel_arg,
    form_account, form_boot_command, form_group, form_fullname, form_password, form_hash,
    form_ssh_key, form_script;

/* ---- types.c ---- */

/* How a value looks in the file. */
struct written {
    const char *text;
    gboolean quoted; /* quotes or a block make a text of true and 12 */
};

/* Stores a scalar as the field's type at target (the member itself).  FALSE: it is not of that
 * type; *hint then gets advice, owned by the caller, or NULL. */
gboolean types_store(const struct field *field, struct written value, void *target,
                     char **hint) G_GNUC_WARN_UNUSED_RESULT;
/* Whether one item of a list, or a text, has the form of its field; hint as above. */
gboolean types_text_fits(const struct field *field, const char *text,
                         char **hint) G_GNUC_WARN_UNUSED_RESULT;
/* "a size from 2 GiB to 64 TiB", "20GiB": of one item when it is a list.  types_expected is owned
 * by the caller. */
char *types_expected(const struct field *field);
const char *types_example(const struct field *field); /* may be NULL */
/* "1h30m", as it would be written; owned by the caller. */
char *types_duration(guint64 seconds);
/* A regular expression for the text of the value; NULL: none.  Owned by the field's type. */
const char *types_pattern(const struct field *field);

/* ---- secret.c ---- */

/* The value of a secret-bearing text; owned by the caller.  NULL: there is a problem, which was
 * added at key.  *unread (never NULL): whether a reference was left unread. */
char *secret_value(const struct reading *reading, const struct field *field, const char *key,
                   const char *text, gboolean *unread);

/* ---- fill.c, check.c, recipe.c ---- */

void fill_defaults(const char *parent, void *owner);
void fill_recipe(const struct reading *reading);
/* Frees what the fields below parent hold in owner. */
void fill_clear(const char *parent, void *owner);

/* What no single value can say: one media kind, a digest for a URL, users that differ, … */
void check_recipe(const struct reading *reading);

/* recipe_load on a text that was read already. */
struct recipe *recipe_parse(const char *path, const char *text, gsize length,
                            gboolean resolve_secrets, secrets *hidden, recipe_problems *problems,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
