/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/program.h"

#include "base/error.h"
#include "image/backend.h"

gboolean guest_can_run(guest *g, GError **error)
{
    if (g->backend->shell)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_SEAL, "run them in the image that is made of it",
                    "%s is a tree of files: programs of it cannot be run here", g->name);
    return FALSE;
}

gboolean guest_put_program(guest *g, const char *local, const char *path, GError **error)
{
    const struct guest_backend *in = g->backend;
    g_autofree char *directory = g_path_get_dirname(path);
    return guest_can_run(g, error) &&
           ((in->mkdirs(g, directory, error) && in->remove(g, path, FALSE, error) &&
             in->upload(g, local, path, error) && in->chmod(g, path, 0700, error)) ||
            guest_fail(g, error, "put %s into the guest", local));
}

char *guest_shell(guest *g, const char *commands, const char *what, GError **error)
{
    if (!guest_can_run(g, error))
        return NULL;
    char *said = g->backend->shell(g, commands, error);
    if (!said)
        guest_fail(g, error, "run %s in the guest", what);
    return said;
}
