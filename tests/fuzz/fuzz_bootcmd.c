/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "screen/keys.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void press(GHashTable *down, const struct bootcmd_step *s)
{
    gpointer key = GUINT_TO_POINTER(
        s->keysym < 0x80 ? (guint)(guchar)keys_unshifted((char)s->keysym) : s->keysym);
    if (s->kind == BOOTCMD_RELEASE)
        g_assert(g_hash_table_remove(down, key));
    else
        g_assert(!g_hash_table_contains(down, key));
    if (s->kind == BOOTCMD_HOLD)
        g_hash_table_add(down, key);
}

/* What the typist relies on. */
static void check(const bootcmd *command, gsize length)
{
    g_autoptr(GHashTable) down = g_hash_table_new(NULL, NULL);
    g_assert(command->count <= MIN(BOOTCMD_STEPS_MAX, length));
    for (gsize i = 0; i < command->count; i++) {
        const struct bootcmd_step *s = &command->steps[i];
        g_assert(s->column >= 1 && s->column <= length);
        g_assert(s->milliseconds <= BOOTCMD_WAIT_MAX);
        g_assert((s->kind == BOOTCMD_WAIT) == (s->text != NULL));
        g_assert(!s->text || (*s->text && strlen(s->text) <= BOOTCMD_TEXT_MAX));
        g_assert(s->kind != BOOTCMD_CHARACTER || (s->character >= ' ' && s->character < 0x7f));
        if (s->kind <= BOOTCMD_RELEASE) {
            g_assert(s->keysym != 0);
            press(down, s);
        }
    }
    g_assert(g_hash_table_size(down) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(bootcmd) command = bootcmd_parse(text, &error);
    g_assert((command != NULL) == (error == NULL));
    if (!command) {
        g_assert(ingot_error_exit(error, INGOT_EXIT_FAILURE) == INGOT_EXIT_RECIPE);
        g_assert(ingot_error_hint(error) != NULL);
        g_assert(g_utf8_validate(error->message, -1, NULL));
        return 0;
    }
    check(command, size);
    g_autofree char *words = bootcmd_describe(command);
    g_assert(words);
    return 0;
}
