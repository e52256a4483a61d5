/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* Unix sockets and what goes over them without blocking.  Private to the room.  Everything runs in
 * the thread's default main context. */

/* A listening socket (non-blocking, mode 0600) at dir/name; -1 when the name is too long for
 * unix(7) or cannot be made.  The caller closes it. */
int channel_listen(const char *dir, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends *source and sets it to NULL; NULL is left alone. */
void channel_drop_source(GSource **source);

/* ---- a connected socket, or a pipe that is only read ---- */

typedef struct stream stream;

struct stream_calls {
    void (*data)(const char *bytes, gsize length, gpointer user);
    /* The other side is gone; the stream may be freed here.  May be NULL. */
    void (*closed)(stream *s, gpointer user);
    gpointer user;
};

/* Takes the descriptor.  The caller owns the stream. */
stream *stream_new(int fd, const struct stream_calls *calls);
void stream_free(stream *s);

/* Sends what the socket takes and keeps the rest until it takes more; FALSE, and nothing is sent,
 * when more than STREAM_LIMIT bytes would wait. */
#define STREAM_LIMIT (256u << 10)
gboolean stream_send(stream *s, const char *bytes, gsize length) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets what waits to be sent. */
void stream_discard(stream *s);

/* Reads what is there now, to the end of the stream when the other side is gone. */
void stream_drain(stream *s);

/* ---- the console for people: any number of them see it and type into it ---- */

typedef struct relay relay;

/* Listens at dir/attach.  input gets what they type. */
relay *relay_new(const char *dir, void (*input)(const char *bytes, gsize length, gpointer user),
                 gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void relay_free(relay *r);

/* To everybody who is there; somebody who does not read gets a gap, and never delays the rest. */
void relay_send(relay *r, const char *bytes, gsize length);
