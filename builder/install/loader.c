/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/loader.h"

#include "base/error.h"
#include "base/text.h"
#include "screen/screen.h"

#include <string.h>

struct loader {
    const struct install_boot_command *boot_command;
    progress *progress;
    loader_failed failed;
    gpointer user;
    screen_fonts *fonts;
    screen *screen;
    bootcmd *command;
    typist *typist;  /* NULL: all has been typed */
    gint64 typed;    /* when */
    gboolean broken; /* there is nothing more to wait for */
    char *shown;     /* what progress showed last */
};

static void loader_fail(loader *l, const char *cause, const char *remedy)
{
    if (l->broken)
        return;
    l->broken = TRUE;
    l->failed(cause, remedy, l->user);
}

static void loader_on_changed(screen *s, gpointer user)
{
    (void)s;
    const loader *l = user;
    if (l->typist)
        typist_screen_changed(l->typist);
}

static void loader_on_lost(screen *s, gpointer user)
{
    (void)s;
    loader *l = user;
    if (l->typist)
        loader_fail(l, "lost the connection to the machine's screen while typing the boot command",
                    NULL);
}

static void loader_on_typed(typist *t, const GError *failure, gpointer user)
{
    loader *l = user;
    (void)t;
    l->typed = g_get_monotonic_time();
    if (failure) {
        g_autofree char *text = ingot_error_text(failure);
        g_autofree char *cause = g_strdup_printf("cannot type the boot command: %s", text);
        loader_fail(l, cause, ingot_error_hint(failure));
    }
    g_clear_pointer(&l->typist, typist_free);
    progress_detail(l->progress, "the boot command has been typed");
}

/* ---- the whole ---- */

loader *loader_start(const struct install_boot_command *boot_command, const char *vnc, progress *p,
                     loader_failed failed, gpointer user, GError **error)
{
    loader *l = g_new0(loader, 1);
    const struct screen_calls calls = {
        .changed = loader_on_changed, .lost = loader_on_lost, .user = l};
    l->boot_command = boot_command;
    l->progress = p;
    l->failed = failed;
    l->user = user;
    l->command = bootcmd_parse(boot_command->command, error);
    l->fonts = l->command ? screen_fonts_new() : NULL;
    l->screen = l->fonts ? screen_open(vnc, &calls, error) : NULL;
    if (l->screen) {
        const struct typist_port port = screen_typist_port(l->screen, l->fonts);
        l->typist = typist_start(l->command, &port, NULL, loader_on_typed, l);
        return l;
    }
    loader_free(l);
    return NULL;
}

void loader_free(loader *l)
{
    if (!l)
        return;
    g_clear_pointer(&l->typist, typist_free);
    screen_free(l->screen);
    screen_fonts_free(l->fonts);
    bootcmd_free(l->command);
    g_free(l->shown);
    g_free(l);
}

gboolean loader_types(const loader *l)
{
    return l->typist != NULL;
}

void loader_console(loader *l, const char *bytes, gsize length)
{
    if (l->typist)
        typist_serial(l->typist, bytes, length);
}

static void tell_typing(loader *l)
{
    /* How far it is ("types (12 of 80)") would be a line for every tick. */
    g_autofree char *now = typist_doing(l->typist);
    now[strcspn(now, "(")] = '\0';
    if (g_strcmp0(now, l->shown) == 0)
        return;
    progress_detail(l->progress, "boot command: %s", now);
    g_free(l->shown);
    l->shown = g_steal_pointer(&now);
}

/* An installer that was booted wrongly, or has no network, would sit at a question until the limits
 * come; that nobody asks for the answers is known long before. */
static void check_answer(loader *l)
{
    const struct install_boot_command *boot = l->boot_command;
    double waited = (double)(g_get_monotonic_time() - l->typed) / G_USEC_PER_SEC;
    if (!boot->seed || !boot->answer || waited < boot->answer_limit ||
        seed_server_sent(boot->seed, boot->answer))
        return;
    g_autofree char *limit = text_duration(boot->answer_limit);
    g_autofree char *cause = g_strdup_printf(
        "the installer did not request its answer file %s within %s of the boot command",
        boot->answer, limit);
    loader_fail(l, cause, "see screen.png, and check boot.command in the recipe");
}

void loader_tick(loader *l)
{
    if (l->typist)
        tell_typing(l);
    else if (!l->broken)
        check_answer(l);
}
