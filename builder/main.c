/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/environment.h"
#include "base/heap.h"
#include "commands/commands.h"

int main(int argc, char **argv)
{
    heap_return_freed();
    char **environment = environment_take();
    int code = commands_main(argc, argv, (const char *const *)environment);
    environment_free(environment);
    return code;
}
