/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

#include "base/digest.h"
#include "report/sections.h"

#include <string.h>

/* As a source of Content-Security-Policy wants it (CSP level 3, 2.3.1). */
static char *script_hash(void)
{
    char hex[DIGEST_HEX_LEN + 1];
    guchar raw[DIGEST_HEX_LEN / 2];
    digest_bytes(report_script, strlen(report_script), hex);
    for (gsize i = 0; i < sizeof raw; i++)
        raw[i] =
            (guchar)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
    return g_base64_encode(raw, sizeof raw);
}

/* The policy holds even if something of a guest should ever get through: nothing is loaded from
 * anywhere, and no script runs but ours. */
static void put_head(GString *out, const json_t *record)
{
    g_autofree char *hash = script_hash();
    g_string_append(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    markup(out,
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src "
           "data:; style-src 'unsafe-inline'; script-src 'sha256-%s'; base-uri 'none'; form-action "
           "'none'\">\n",
           hash);
    g_string_append(out,
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n"
                    "<meta name=\"referrer\" content=\"no-referrer\">\n"
                    "<link rel=\"icon\" href=\"data:,\">\n");
    markup(out, "<title>%s: %s – ingot</title>\n", member_text(record, "name"),
           member_text(record, "result"));
    g_string_append_printf(out, "<style>%s</style>\n</head>\n<body>\n<main>\n", report_style);
}

char *report_html(const json_t *record)
{
    static void (*const sections[])(GString *, const json_t *) = {
        section_header, section_failure, section_timeline,   section_filmstrip,
        section_curves, section_verify,  section_operations, section_packages,
        section_inputs, section_machine, section_footer};
    GString *out = g_string_new(NULL);
    put_head(out, record);
    for (gsize i = 0; i < G_N_ELEMENTS(sections); i++)
        sections[i](out, record);
    g_string_append_printf(out, "</main>\n<script>%s</script>\n</body>\n</html>\n", report_script);
    return g_string_free(out, FALSE);
}
