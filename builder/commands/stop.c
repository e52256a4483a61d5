/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"
#include "stages/stages.h"

static gboolean stop_command(struct call *c, GError **error)
{
    return running_say(c->args[0], "stop", error);
}

const command command_stop = {
    .name = "stop",
    .arguments = "[NAME]",
    .heading = "End a failed machine that a build paused",
    .description =
        "A build with --keep-on-failure pauses the machine in which the installation failed. "
        "This ends the machine, and the build fails.",
    .least = 0,
    .most = 1,
    .run = stop_command,
};
