/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>
#include <jansson.h>

/* The QEMU Machine Protocol: a JSON object per line (QEMU docs/interop/qmp-spec.txt).  Private to
 * the room.  What comes from QEMU is not trusted: a guest that broke out of it speaks here. */

/* ---- one line ---- */

enum qmp_kind { QMP_NOTHING, QMP_GREETING, QMP_EVENT, QMP_RETURN, QMP_FAILURE };

struct qmp_message {
    enum qmp_kind kind;
    json_t *root;       /* owned */
    json_t *value;      /* RETURN: what came back; borrowed from root */
    const char *name;   /* EVENT: its name; FAILURE: QEMU's sentence; borrowed */
    const char *reason; /* EVENT: data.reason, or "" */
    guint64 id;         /* RETURN, FAILURE; 0: none of ours */
};

/* What is not an object of these kinds is QMP_NOTHING. */
void qmp_parse(const char *line, gsize length, struct qmp_message *message);
void qmp_message_clear(struct qmp_message *message);

/* ---- a connection ---- */

typedef struct qmp qmp;

/* Called in the thread's default main context, never inside qmp_execute. */
typedef void (*qmp_event_fn)(const char *name, const char *reason, gpointer user);

/* Takes the descriptor, reads the greeting and leaves capabilities negotiation; the guest may be
 * stopped (-S).  The caller owns the connection. */
qmp *qmp_new(int fd, qmp_event_fn event, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void qmp_free(qmp *q);

/* Sends a command and waits for its answer, at most QMP_LIMIT_MS milliseconds.  Takes arguments
 * (NULL: none).  *value (may be NULL) is owned by the caller. */
#define QMP_LIMIT_MS 10000
gboolean qmp_execute(qmp *q, const char *command, json_t *arguments, json_t **value,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads and delivers the events that are there now. */
void qmp_drain(qmp *q);

/* The connection to a running machine; borrowed. */
struct vm;
qmp *vm_monitor(struct vm *machine);
