/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

/* Which operations run. */

#define EVERY "all"

static void choose_unknown(const char *name, GError **error)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++)
        g_ptr_array_add(known, (gpointer)(*op)->name);
    g_ptr_array_add(known, NULL);
    g_autofree char *hint = text_did_you_mean(name, (const char *const *)known->pdata,
                                              "ingot sysprep --list prints their names");
    ingot_set_error(error, INGOT_EXIT_USAGE, hint, "unknown operation '%s'", name);
}

/* "a,b" to ingot's own names of them; NULL: one is unknown.  The caller owns the list. */
static char **sysprep_choose_names(const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text ? text : "", ",", -1);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (char **word = words; *word; word++) {
        const sysprep_operation *op = sysprep_operation_find(*word);
        if (!op && strcmp(*word, EVERY) != 0) {
            choose_unknown(*word, error);
            return NULL;
        }
        g_strv_builder_add(names, op ? op->name : *word);
    }
    return g_strv_builder_end(names);
}

static gboolean choose_has(char **names, const char *name)
{
    return g_strv_contains((const char *const *)names, name);
}

const char **sysprep_choose(const char *enable, const char *disable, GError **error)
{
    g_auto(GStrv) on = sysprep_choose_names(enable, error);
    g_auto(GStrv) off = on ? sysprep_choose_names(disable, error) : NULL;
    if (!off)
        return NULL;
    GPtrArray *names = g_ptr_array_new();
    gboolean none = choose_has(off, EVERY), every = choose_has(on, EVERY);
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++) {
        gboolean asked = every || choose_has(on, (*op)->name);
        if (!choose_has(off, (*op)->name) && (asked || (!none && !(*op)->off)))
            g_ptr_array_add(names, (gpointer)(*op)->name);
    }
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(names, FALSE);
}
