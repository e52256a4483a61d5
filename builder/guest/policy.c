/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/policy.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

static const policy_check checks[] = {policy_disk,     policy_swap,     policy_fstab,
                                      policy_identity, policy_leavings, policy_packages};

void policy_break(GPtrArray *broken, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(broken, text_printable(text, -1));
}

static gboolean is_installed(const guest_facts *facts, const char *name)
{
    for (guint i = 0; i < facts->packages->len; i++) {
        const struct guest_package *package = g_ptr_array_index(facts->packages, i);
        if (strcmp(package->name, name) == 0)
            return TRUE;
    }
    return FALSE;
}

/* A package that was removed and left its configuration is not among the installed ones. */
gboolean policy_packages(guest *g, GPtrArray *broken, GError **error)
{
    (void)error;
    for (const char *const *name = g->spec->required_packages; name && *name; name++)
        if (!is_installed(g->facts, *name))
            policy_break(broken, "the package %s is not installed", *name);
    return TRUE;
}

static void fail(guest *g, GPtrArray *broken, GError **error)
{
    GString *lines = g_string_new(NULL);
    for (guint i = 0; i < broken->len; i++)
        g_string_append_printf(lines, "\n- %s", (const char *)g_ptr_array_index(broken, i));
    ingot_set_error(error, INGOT_EXIT_POLICY, NULL, "%s breaks the policy for templates:%s",
                    g->spec->image, lines->str);
    g_string_free(lines, TRUE);
}

gboolean guest_policy(guest *g, GError **error)
{
    g_autoptr(GPtrArray) broken = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++)
        if (!checks[i](g, broken, error))
            return FALSE;
    if (broken->len == 0)
        return TRUE;
    fail(g, broken, error);
    return FALSE;
}
