/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"
#include "stages/stages.h"

static gboolean resume_command(struct call *c, GError **error)
{
    return running_say(c->args[0], "resume", error);
}

const command command_resume = {
    .name = "resume",
    .arguments = "[NAME]",
    .heading = "Resume a failed machine that a build paused",
    .description =
        "A build with --keep-on-failure pauses the machine in which the installation failed. "
        "This resumes it, and the build waits for it again: a question that was answered on "
        "the console is then no failure.",
    .least = 0,
    .most = 1,
    .run = resume_command,
};
