/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

/* render_report html|junit RECORD: the report of a record on standard output. */
int main(int argc, char **argv)
{
    json_error_t error;
    json_t *record = argc == 3 ? json_load_file(argv[2], 0, &error) : NULL;
    if (!record) {
        fprintf(stderr, "%s\n", argc == 3 ? error.text : "render_report html|junit RECORD");
        return 2;
    }
    char *text = strcmp(argv[1], "html") == 0 ? report_html(record) : report_junit(record);
    fputs(text, stdout);
    g_free(text);
    json_decref(record);
    return 0;
}
