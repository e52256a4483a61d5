/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/template.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A shell that reads what stands between single quotes reads the value. */
static void check_shell(const char *value, const char *escaped)
{
    g_autofree char *line = g_strdup_printf("'%s'", escaped);
    g_autofree char *back = g_shell_unquote(line, NULL);
    g_assert_cmpstr(back, ==, value);
}

/* The first line is a value, the rest is a template. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *input = g_strndup((const char *)data, size);
    char *feed = strchr(input, '\n');
    const char *text = feed ? feed + 1 : "";
    if (feed)
        *feed = '\0';
    g_autoptr(GHashTable) values = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(values, (gpointer) "a", input);
    g_hash_table_insert(values, (gpointer) "b", (gpointer) "");
    g_autoptr(GError) error = NULL, refused = NULL;
    g_autofree char *out = template_render("t", text, values, template_escape_preseed, &error);
    g_assert(!out == (error != NULL));
    g_autofree char *escaped = template_escape_shell(input, &refused);
    g_assert(!escaped == (refused != NULL));
    if (escaped)
        check_shell(input, escaped);
    return 0;
}
