/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/rerun.h"

#include <string.h>

static const char head[] =
    "#!/bin/sh\n# Starts the machine of a failed build again, from an empty disk:  sh qemu.sh "
    "[DIR]\n# DIR (by default a new directory) gets the disk, the kernel and initrd or the medium, "
    "and the\n# answers with their secrets, which are read where the recipe says: from the "
    "environment or from\n# files.\n#   INGOT         the program; by default \"ingot\"\n#   "
    "INGOT_RECIPE  the path of the recipe, if it has moved; the files that it names are beside "
    "it\n#   INGOT_MIRROR  a different package archive from the build's\n";

static void rerun_add_variable(GString *text, const char *name, const char *instead,
                               const char *value)
{
    g_autofree char *quoted = g_shell_quote(value);
    g_string_append_printf(text, "%s=%s\n[ -z \"${%s-}\" ] || %s=$%s\n", name, quoted, instead,
                           name, instead);
}

/* A secret in the recipe itself is in no bundle. */
static void rerun_add_check(GString *text, const plan *p)
{
    g_string_append(text, "here=$(cd \"$(dirname \"$0\")\" && pwd) || exit\n");
    if (p->recipe_text && strstr(p->recipe_text, "<secret>"))
        g_string_append(text, "if grep -q '<secret>' \"$here/" RERUN_RECIPE "\"; then\n"
                              "    echo \"qemu.sh: write the secret in place of <secret> in "
                              "$here/" RERUN_RECIPE "\" >&2\n"
                              "    exit 1\n"
                              "fi\n");
}

static void rerun_add_render(GString *text, const plan *p)
{
    g_autofree char *path = g_canonicalize_filename(p->recipe_path, NULL);
    g_autofree char *cache = g_canonicalize_filename(p->cache_dir, NULL);
    g_autofree char *data = g_canonicalize_filename(p->data_dir, NULL);
    g_autofree char *quoted = g_shell_quote(cache);
    g_autofree char *templates = g_shell_quote(data);
    rerun_add_variable(text, "recipe", "INGOT_RECIPE", path);
    g_string_append(text, "dir=${1-}\n[ -n \"$dir\" ] || dir=$(mktemp -d) || exit\n"
                          "set -- --into \"$dir\" --as \"$recipe\"\n");
    if (p->mirror_override) {
        rerun_add_variable(text, "mirror", "INGOT_MIRROR", p->mirror_override);
        g_string_append(text, "set -- \"$@\" --mirror \"$mirror\"\n");
    }
    g_string_append_printf(text, "[ ! -d %s ] || set -- \"$@\" --cache %s\n", quoted, quoted);
    g_string_append_printf(text,
                           "[ -n \"${INGOT_DATA-}\" ] || [ ! -d %s ] || export INGOT_DATA=%s\n",
                           templates, templates);
    g_string_append(text, "\"${INGOT:-ingot}\" render \"$@\" \"$here/" RERUN_RECIPE "\"\n"
                          "code=$?\n"
                          "if [ $code -ne 0 ]; then\n"
                          "    rmdir \"$dir\" 2>/dev/null\n"
                          "    exit $code\n"
                          "fi\n");
}

/* What a person has to do, or cannot have. */
static void rerun_add_notes(GString *text, const build *b)
{
    const json_t *last = timeline_last_machine(b->timeline);
    const char *name = json_string_value(json_object_get(last, "name"));
    g_autofree char *vnc = g_strconcat(b->plan->name, ".vnc", NULL);
    g_autofree char *quoted = g_shell_quote(vnc);
    g_string_append_printf(text, "echo \"qemu.sh: its screen (VNC) is the socket $dir/\"%s >&2\n",
                           quoted);
    if (b->plan->boot_command)
        g_string_append(text, "echo 'qemu.sh: nothing is typed and no answer file is served: type "
                              "the recipe'\\''s boot command at the screen' >&2\n");
    if (timeline_machines(b->timeline) > 1 && g_strcmp0(name, "system") == 0)
        g_string_append(text, "echo 'qemu.sh: the build had configured its packages and failed in "
                              "the machine after that; this one configures them' >&2\n");
}

/* As comments: what was started then, whatever another host or QEMU makes of it. */
static void rerun_add_record(GString *text, const build *b)
{
    const media_boot *boot = b->media;
    const char *initrd = b->initrd ? b->initrd : boot ? boot->initrd : NULL;
    g_autofree char *script =
        plan_script(b->plan, boot ? boot->kernel : NULL, initrd, boot ? boot->medium : NULL);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(strstr(script, "\nexec ") + 1), "\n", -1);
    g_string_append(text, "# The build's own command line:\n");
    for (char **line = lines; *line; line++)
        g_string_append_printf(text, "#   %s\n", *line);
}

char *rerun_script(const build *b)
{
    GString *text = g_string_new(head);
    rerun_add_check(text, b->plan);
    rerun_add_render(text, b->plan);
    rerun_add_notes(text, b);
    g_string_append(text, "exec sh \"$dir/qemu.sh\"\n");
    rerun_add_record(text, b);
    return g_string_free(text, FALSE);
}
