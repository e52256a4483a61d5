/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/matcher.h"

#include "base/error.h"

#include <string.h>

/* What firmware, boot loaders and Linux itself print on a console, whatever is installed: Linux'
 * kernel/panic.c and mm/oom_kill.c, the shells of initramfs-tools, dracut and systemd, GRUB's
 * prompts, EDK2's boot manager, SeaBIOS's src/boot.c. */
static const struct os_failure everywhere[] = {
    {"Kernel panic - not syncing: (.*)", "the guest's kernel panicked: \\1",
     "the lines before it on the console say why"},
    {"Out of memory and no killable processes|System is deadlocked on memory",
     "the guest ran out of memory", "raise vm.memory in the recipe"},
    {"You are in (?:emergency|rescue) mode|(?:Give root password|Press Enter) for maintenance",
     "the guest is in its emergency shell", "the lines before it on the console say what failed"},
    {"\\(initramfs\\)\\s*$|dracut:[^ ]*# *$", "the guest's initramfs gave up and started a shell",
     "the lines before it on the console say what is missing, most often the root file system"},
    {"(?:^|\n)grub(?: rescue)?> *$", "the boot loader stopped at its own prompt",
     "it did not find its configuration"},
    {"No bootable (?:device|option or device was found)\\.",
     "the firmware found no bootable device", "the disk has no boot loader, or is not the first"},
    {"(?:^|\n)Shell> *$", "the firmware found nothing to boot and has started its own shell",
     "the disk has no boot loader for this firmware"},
    {NULL, NULL, NULL},
};

struct fatal {
    GRegex *regex;
    const struct os_failure *failure;
};

struct begin {
    GRegex *regex;
    const struct os_phase *phase;
};

struct matcher {
    GArray *phases;                  /* of struct begin */
    GArray *log, *console, *reasons; /* of struct fatal */
};

static GRegex *matcher_compile(const char *pattern, GError **error)
{
    g_autoptr(GError) local = NULL;
    GRegex *regex = g_regex_new(pattern, G_REGEX_OPTIMIZE, 0, &local);
    if (!regex)
        ingot_set_error(error, INGOT_EXIT_FAILURE, NULL, "invalid pattern \"%s\": %s", pattern,
                        local->message);
    return regex;
}

static gboolean add_failures(GArray *list, const struct os_failure *failures, GError **error)
{
    for (; failures && failures->pattern; failures++) {
        struct fatal f = {.regex = matcher_compile(failures->pattern, error), .failure = failures};
        if (!f.regex)
            return FALSE;
        g_array_append_val(list, f);
    }
    return TRUE;
}

static gboolean add_phases(GArray *list, const struct os_phase *phases, GError **error)
{
    for (; phases && phases->pattern; phases++) {
        struct begin b = {.regex = matcher_compile(phases->pattern, error), .phase = phases};
        if (!b.regex)
            return FALSE;
        g_array_append_val(list, b);
    }
    return TRUE;
}

static void clear_fatal(gpointer data)
{
    g_regex_unref(((struct fatal *)data)->regex);
}

static void clear_begin(gpointer data)
{
    g_regex_unref(((struct begin *)data)->regex);
}

static GArray *fatals(void)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct fatal));
    g_array_set_clear_func(list, clear_fatal);
    return list;
}

matcher *matcher_new(const struct matcher_lists *lists, GError **error)
{
    g_autoptr(matcher) m = g_new0(matcher, 1);
    m->phases = g_array_new(FALSE, FALSE, sizeof(struct begin));
    m->log = fatals();
    m->console = fatals();
    m->reasons = fatals();
    g_array_set_clear_func(m->phases, clear_begin);
    if (add_phases(m->phases, lists->phases, error) && add_failures(m->log, lists->log, error) &&
        add_failures(m->console, lists->console, error) &&
        add_failures(m->console, everywhere, error) &&
        add_failures(m->reasons, lists->reasons, error))
        return g_steal_pointer(&m);
    return NULL;
}

void matcher_free(matcher *m)
{
    if (!m)
        return;
    g_array_unref(m->phases);
    g_array_unref(m->log);
    g_array_unref(m->console);
    g_array_unref(m->reasons);
    g_free(m);
}

const struct os_phase *matcher_phase(const matcher *m, const char *line)
{
    for (guint i = 0; i < m->phases->len; i++) {
        const struct begin *b = &g_array_index(m->phases, struct begin, i);
        if (g_regex_match(b->regex, line, 0, NULL))
            return b->phase;
    }
    return NULL;
}

static char *matcher_expand(const GMatchInfo *info, const char *cause)
{
    char *text = g_match_info_expand_references(info, cause, NULL);
    return text ? g_strchomp(text) : g_strdup(cause);
}

static gboolean matcher_find(const GArray *list, const char *line, struct match *match)
{
    for (guint i = 0; i < list->len; i++) {
        const struct fatal *f = &g_array_index(list, struct fatal, i);
        g_autoptr(GMatchInfo) info = NULL;
        if (!g_regex_match(f->regex, line, 0, &info))
            continue;
        match->cause = matcher_expand(info, f->failure->cause);
        match->remedy = f->failure->remedy;
        return TRUE;
    }
    return FALSE;
}

gboolean matcher_log(const matcher *m, const char *line, struct match *match)
{
    return matcher_find(m->log, line, match);
}

gboolean matcher_console(const matcher *m, const char *line, struct match *match)
{
    return matcher_find(m->console, line, match);
}

gboolean matcher_reason(const matcher *m, const char *line, struct match *match)
{
    return matcher_find(m->reasons, line, match);
}
