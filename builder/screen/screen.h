/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "screen/bootcmd.h"

#include <gio/gio.h>

/* The screen of a machine: frames and keys over RFB (RFC 6143), the text that stands on it, and
 * pictures of it.  Knows nothing of QEMU, only of a Unix socket on which an RFB server listens.
 * Sizes and pixels come from a guest. */

/* ---- frames ---- */

/* No frame has more pixels, and neither side of one is longer; a server that announces more has
 * its connection ended. */
#define SCREEN_MOST_PIXELS (4096u * 4096u)
#define SCREEN_LONGEST     8192u

struct screen_frame {
    guint width, height;
    const guint32 *pixels; /* 0x00RRGGBB, line by line without gaps */
    guint64 changes;       /* grows with every update; 0: nothing has come yet, all is black */
};

/* ---- the connection ---- */

typedef struct screen screen;

/* Both are called from the main loop, in the thread's default context; NULL: not wanted.
 * screen_free must not be called from inside them. */
struct screen_calls {
    /* The frame has changed, its size perhaps too. */
    void (*changed)(screen *s, gpointer user);
    /* The server has ended the connection, or sent what cannot be; the last frame stays.  Nothing
     * is called after this. */
    void (*lost)(screen *s, gpointer user);
    gpointer user;
};

/* Connects to an RFB server without authentication, beside other clients of it.  Waits for the
 * handshake, a few milliseconds with a server that is there and at most ten seconds for each of its
 * answers; the first frame comes later, with the main loop.  Errors: INGOT_EXIT_HOST.  The caller
 * owns the screen. */
screen *screen_open(const char *socket_path, const struct screen_calls *calls,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void screen_free(screen *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(screen, screen_free)

/* What is on the screen now; belongs to the screen and stays at its place, while its fields change
 * with every turn of the main loop. */
const struct screen_frame *screen_frame(const screen *s);

/* Presses or lets go of a key: an X11 keysym (RFC 6143, 7.5.4).  Errors: INGOT_EXIT_HOST, when the
 * connection has ended or the server takes nothing for ten seconds. */
gboolean screen_key(screen *s, guint32 keysym, gboolean down,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
