/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/boot_command.h"

#include "base/error.h"
#include "base/text.h"
#include "screen/screen.h"

#include <string.h>

/* ---- placeholders ---- */

struct placeholder {
    const char *name, *value;
};

/* The value of a placeholder of the command, or NULL. */
static const char *value_of(const struct placeholder *all, const char *name, gsize length)
{
    for (; all->name; all++)
        if (strlen(all->name) == length && strncmp(all->name, name, length) == 0)
            return all->value;
    return NULL;
}

static void set_unknown(const struct placeholder *all, const char *name, gsize length,
                        GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (; all->name; all++)
        if (all->value)
            g_ptr_array_add(names, (gpointer)all->name);
    g_ptr_array_add(names, NULL);
    g_autofree char *word = text_printable(name, (gssize)MIN(length, 64));
    const char *near = text_nearest(word, (const char *const *)names->pdata);
    g_autofree char *known = g_strjoinv(", ", (char **)names->pdata);
    g_autofree char *hint = near ? g_strdup_printf("did you mean ${%s}?", near)
                                 : g_strdup_printf("known here: %s; $${ is ${ itself", known);
    ingot_set_error(error, INGOT_EXIT_RECIPE, hint, "unknown placeholder ${%s}", word);
}

/* Replaces "${NAME}"; "$${" is a literal "${".  NULL: unknown name. */
static char *boot_command_expand(const char *text, const struct placeholder *all, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *at = text; *at;) {
        if (g_str_has_prefix(at, "$${")) {
            g_string_append(out, "${");
            at += 3;
        } else if (g_str_has_prefix(at, "${")) {
            gsize length = strcspn(at + 2, "}");
            const char *value = value_of(all, at + 2, length);
            if (!value || at[2 + length] != '}') {
                set_unknown(all, at + 2, length, error);
                return NULL;
            }
            g_string_append(out, value);
            at += 2 + length + 1;
        } else {
            g_string_append_c(out, *at++);
        }
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *expand_command(const char *command, const char *seed_url, const char *args,
                            GError **error)
{
    const struct placeholder all[] = {
        {"seed.url", seed_url}, {"installer.args", args}, {NULL, NULL}};
    return boot_command_expand(command, all, error);
}

char *plan_boot_command(const plan *p, const char *seed_url, GError **error)
{
    return expand_command(p->boot_command, seed_url, p->vm.command_line, error);
}

/* ---- from the recipe ---- */

gboolean boot_command_is_seeded(const recipe *r)
{
    return r->boot.command != NULL;
}

static void boot_command_add_problem(recipe_problems *problems, const recipe *r,
                                     const GError *error)
{
    g_autofree char *text = ingot_error_text(error);
    recipe_problem(problems, r, "boot.command", ingot_error_hint(error), "boot.command: %s", text);
}

/* In the language a placeholder is typed like any other text, so that its places are those of the
 * recipe. */
void boot_command_check(const recipe *r, recipe_problems *problems)
{
    g_autoptr(GError) spelled = NULL, named = NULL;
    if (!r->boot.command)
        return;
    g_autoptr(bootcmd) parsed = bootcmd_parse(r->boot.command, &spelled);
    if (!parsed)
        boot_command_add_problem(problems, r, spelled);
    g_autofree char *whole =
        expand_command(r->boot.command, "http://127.0.0.1:65535/0", "", &named);
    if (!whole)
        boot_command_add_problem(problems, r, named);
}

void boot_command_check_installer(const recipe *r, const os_installer *installer,
                                  recipe_problems *problems)
{
    g_autofree char *hint = os_hint_with_media(r->family, TRUE);
    if (r->boot.command && !installer->seeded)
        recipe_problem(problems, r, "boot.command", hint, "%s does not support 'boot.command'",
                       installer->name);
}

void boot_command_resolve(plan *p, const recipe *r)
{
    if (!r->boot.command)
        return;
    p->boot_command = g_strdup(r->boot.command);
    p->media.whole = TRUE;
}
