/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/console.h"

#include <unistd.h>

gboolean console_raw(struct termios *saved)
{
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, saved) != 0)
        return FALSE;
    struct termios raw = *saved;
    cfmakeraw(&raw);
    return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

void console_cooked(const struct termios *saved)
{
    (void)tcsetattr(STDIN_FILENO, TCSANOW, saved);
}

void console_on_cancel(GCancellable *cancel, gpointer loop)
{
    (void)cancel;
    g_main_loop_quit(loop);
}
