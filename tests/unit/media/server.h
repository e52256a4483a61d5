/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* A small HTTP server on loopback that misbehaves on demand.  It runs in threads of its own. */
typedef struct server server;

enum trick {
    TRICK_NONE,
    TRICK_STATUS,      /* answers with status, without a body */
    TRICK_BREAK,       /* closes the connection in the middle of the body */
    TRICK_CUT,         /* the same without a Content-Length: looks like the end */
    TRICK_NO_RANGE,    /* knows no Range */
    TRICK_WRONG_RANGE, /* answers a Range with another one */
    TRICK_STALL,       /* sends half of the body, then nothing */
    TRICK_ENDLESS,     /* sends without end */
    TRICK_REDIRECT,    /* sends to location */
    TRICK_HOLD,        /* lets the client wait for 0.4 s before the answer */
};

struct server_file {
    GBytes *body;
    char *etag, *modified, *location;
    enum trick trick;
    guint status, times; /* times: how often the trick is played; 0: always */
    guint retry_after;
    guint gets;       /* requests so far */
    guint64 sent;     /* bytes of bodies so far */
    char *last_range; /* of the last request; NULL: none */
};

server *server_new(void);
void server_free(server *s);

/* Serves data at path ("/a/b"), in place of what was there.  The result belongs to the server; set
 * its fields before the next request comes. */
struct server_file *server_put(server *s, const char *path, const void *data, gssize length);
struct server_file *server_put_bytes(server *s, const char *path, GBytes *body);
void server_remove(server *s, const char *path);

guint server_gets(server *s, const char *path);
guint server_all_gets(server *s);

/* The URL of a path; the caller owns it. */
char *server_url(const server *s, const char *path);
