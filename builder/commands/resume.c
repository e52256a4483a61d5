/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"
#include "commands/running.h"

static gboolean resume_command(struct call *c, GError **error)
{
    return running_say(c->args[0], "resume", error);
}

const command command_resume = {
    .name = "resume",
    .arguments = "[NAME]",
    .heading = "Let a failed machine run on that a build has kept",
    .description = "A build with --keep-on-failure pauses a machine in which the installation has "
                   "failed. This lets it run on, and the build waits for it again: a question that "
                   "somebody answers on the console is no failure then.",
    .least = 0,
    .most = 1,
    .run = resume_command,
};
