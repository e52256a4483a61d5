/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "commands/commands.h"

#include <string.h>

/* What dispatch, help and the man page take for granted of every record. */

static void records_are_whole(void **state)
{
    (void)state;
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (const command *const *c = commands_table(); *c; c++) {
        assert_true(g_hash_table_add(names, (gpointer)(*c)->name));
        assert_non_null((*c)->arguments);
        assert_non_null((*c)->run);
        assert_true((*c)->least <= (*c)->most);
        assert_true((*c)->most == 0 || *(*c)->arguments);
        assert_false(g_str_has_suffix((*c)->heading, "."));
        assert_true(g_str_has_suffix((*c)->description, "."));
        assert_true(g_str_has_prefix(command_formats(*c), "text|json"));
    }
}

/* How much of the struct an entry writes to; 0: of a type whose memory nobody frees. */
static gsize size_of(GOptionArg type)
{
    switch (type) {
    case G_OPTION_ARG_NONE:
        return sizeof(gboolean);
    case G_OPTION_ARG_INT:
        return sizeof(gint);
    case G_OPTION_ARG_STRING:
    case G_OPTION_ARG_FILENAME:
    case G_OPTION_ARG_STRING_ARRAY:
    case G_OPTION_ARG_FILENAME_ARRAY:
        return sizeof(gpointer);
    default:
        return 0;
    }
}

static void check_entries(const command *c, const GOptionEntry *entries, gsize size,
                          GHashTable *words)
{
    for (const GOptionEntry *e = entries; e && e->long_name; e++) {
        gsize takes = size_of(e->arg);
        if (!takes || GPOINTER_TO_SIZE(e->arg_data) + takes > size)
            fail_msg("ingot %s: --%s is not in the struct of its options", c->name, e->long_name);
        if (!g_hash_table_add(words, (gpointer)e->long_name))
            fail_msg("ingot %s: there are two options --%s", c->name, e->long_name);
        assert_non_null(e->description);
        assert_true((e->arg == G_OPTION_ARG_NONE) == !e->arg_description);
    }
}

/* In the struct of its options, of a type that the call frees, and named once. */
static void options_fit(void **state)
{
    (void)state;
    for (const command *const *c = commands_table(); *c; c++) {
        g_autoptr(GHashTable) words = g_hash_table_new(g_str_hash, g_str_equal);
        check_entries(*c, (*c)->entries, (*c)->options_size, words);
        check_entries(*c, commands_common_entries(FALSE), sizeof(struct common_options), words);
        if ((*c)->plans)
            check_entries(*c, commands_common_entries(TRUE), sizeof(struct plan_options), words);
    }
}

/* Each code once, and what commands end with is explained. */
static void exit_codes(void **state)
{
    (void)state;
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (const struct exit_meaning *m = exit_meanings(); m->name; m++) {
        assert_true(g_hash_table_add(seen, GINT_TO_POINTER(m->code)));
        assert_true(*m->text);
    }
    for (int code = INGOT_EXIT_OK; code <= INGOT_EXIT_VERIFY; code++)
        assert_true(g_hash_table_contains(seen, GINT_TO_POINTER(code)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(records_are_whole),
                                       cmocka_unit_test(options_fit), cmocka_unit_test(exit_codes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
