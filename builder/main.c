/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/environment.h"
#include "base/heap.h"
#include "commands/commands.h"
#include "rootfs/tree.h"

#include <string.h>

/* Whether the program was started as the server of a tree. */
static gboolean is_tree_server(const char *program)
{
    const char *slash = program ? strrchr(program, '/') : NULL;
    return program && strcmp(slash ? slash + 1 : program, TREE_SERVER) == 0;
}

int main(int argc, char **argv)
{
    heap_return_freed();
    if (argc == 2 && is_tree_server(argv[0]))
        return tree_serve(argv[1]);
    char **environment = environment_take();
    int code = commands_main(argc, argv, (const char *const *)environment);
    environment_free(environment);
    return code;
}
