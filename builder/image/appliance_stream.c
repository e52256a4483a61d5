/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libguestfs reads from and writes to files of this host, and the programs it runs. */
#include "image/appliance.h"

#include <errno.h>
#include <gio/gio.h>

static char *name_of(int fd)
{
    return g_strdup_printf("/dev/fd/%d", fd);
}

/* EINTR: guestfs_user_cancel has ended it. */
static gboolean appliance_sent(guest *g, int result, GError **error)
{
    if (result == 0)
        return TRUE;
    if (guestfs_last_errno(g->appliance->h) != EINTR)
        return appliance_reason(g, error);
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED, guestfs_last_error(g->appliance->h));
    return FALSE;
}

gboolean appliance_send_tar(guest *g, const char *directory, char *const *excludes, int fd,
                            GError **error)
{
    char *const none[] = {NULL};
    g_autofree char *path = name_of(fd);
    int result =
        guestfs_tar_out_opts(g->appliance->h, directory, path, GUESTFS_TAR_OUT_OPTS_NUMERICOWNER, 1,
                             GUESTFS_TAR_OUT_OPTS_EXCLUDES, excludes ? excludes : none, -1);
    return appliance_sent(g, result, error);
}

gboolean appliance_send_names(guest *g, const char *directory, int fd, GError **error)
{
    g_autofree char *path = name_of(fd);
    return appliance_sent(g, guestfs_find0(g->appliance->h, directory, path), error);
}

gboolean appliance_receive_tar(guest *g, const char *directory, int fd, GError **error)
{
    g_autofree char *path = name_of(fd);
    return guestfs_tar_in(g->appliance->h, path, directory) == 0 || appliance_reason(g, error);
}

void appliance_stop(guest *g)
{
    guestfs_user_cancel(g->appliance->h);
}

gboolean appliance_upload(guest *g, const char *local, const char *path, GError **error)
{
    return guestfs_upload(g->appliance->h, local, path) == 0 || appliance_reason(g, error);
}

char *appliance_shell(guest *g, const char *commands, GError **error)
{
    char *said = guestfs_sh(g->appliance->h, commands);
    if (!said)
        appliance_reason(g, error);
    return said;
}
