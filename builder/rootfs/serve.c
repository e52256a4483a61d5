/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/tree.h"

#include "rootfs/mark.h"
#include "rootfs/message.h"
#include "rootfs/receive.h"
#include "rootfs/scan.h"
#include "rootfs/send.h"
#include "rootfs/serve_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One request. */
struct serving {
    struct message_request q;
    struct served r;
    int fd;     /* came along; -1: none */
    mark **old; /* of the server */
};

/* root: the directory of the request, open. */
typedef gboolean (*serve_tree_fn)(struct serving *s, int root, GError **error);
typedef gboolean (*serve_file_fn)(const struct message_request *q, struct served *r,
                                  GError **error);

/* ---- what is done with a directory ---- */

static gboolean serve_usage(struct serving *s, int root, GError **error)
{
    return send_usage(root, &s->r.number, error);
}

static gboolean serve_send(struct serving *s, int root, GError **error)
{
    return send_all(root, s->q.names, s->fd, error);
}

static gboolean serve_send_names(struct serving *s, int root, GError **error)
{
    return send_names(root, s->fd, error);
}

static gboolean serve_receive(struct serving *s, int root, GError **error)
{
    return receive_all(root, s->fd, error);
}

static gboolean serve_mark(struct serving *s, int root, GError **error)
{
    g_clear_pointer(s->old, mark_free);
    *s->old = mark_take(root, error);
    return *s->old != NULL;
}

static gboolean serve_send_layer(struct serving *s, int root, GError **error)
{
    if (!s->q.flag || *s->old)
        return mark_send(s->q.flag ? *s->old : NULL, root, s->fd, error);
    scan_set_error(error, EINVAL, "no mark");
    return FALSE;
}

static gboolean serve_in_directory(struct serving *s, serve_tree_fn serve, GError **error)
{
    int root = open(s->q.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        scan_set_error(error, errno, NULL);
        return FALSE;
    }
    gboolean good = serve(s, root, error);
    close(root);
    return good;
}

static gboolean serve_hello(const struct message_request *q, struct served *r, GError **error)
{
    (void)q;
    (void)error;
    r->text = g_strdup(INGOT_VERSION);
    return TRUE;
}

/* ---- requests ---- */

static const struct serve_operation {
    serve_file_fn file;
    serve_tree_fn tree; /* when file is NULL */
    gboolean stream;
} serve_operations[MESSAGE_OPS] = {
    [MESSAGE_HELLO] = {serve_hello, NULL, FALSE},
    [MESSAGE_STAT] = {serve_stat, NULL, FALSE},
    [MESSAGE_STAT_LIST] = {serve_stat_list, NULL, FALSE},
    [MESSAGE_LIST] = {serve_list, NULL, FALSE},
    [MESSAGE_GLOB] = {serve_glob, NULL, FALSE},
    [MESSAGE_READLINK] = {serve_readlink, NULL, FALSE},
    [MESSAGE_READ] = {serve_read, NULL, FALSE},
    [MESSAGE_WRITE] = {serve_write, NULL, FALSE},
    [MESSAGE_TRUNCATE] = {serve_truncate, NULL, FALSE},
    [MESSAGE_UNLINK] = {serve_unlink, NULL, FALSE},
    [MESSAGE_MKDIRS] = {serve_mkdirs, NULL, FALSE},
    [MESSAGE_CHMOD] = {serve_chmod, NULL, FALSE},
    [MESSAGE_CHOWN] = {serve_chown, NULL, FALSE},
    [MESSAGE_SYMLINK] = {serve_symlink, NULL, FALSE},
    [MESSAGE_USAGE] = {NULL, serve_usage, FALSE},
    [MESSAGE_SEND] = {NULL, serve_send, TRUE},
    [MESSAGE_SEND_NAMES] = {NULL, serve_send_names, TRUE},
    [MESSAGE_RECEIVE] = {NULL, serve_receive, TRUE},
    [MESSAGE_MARK] = {NULL, serve_mark, FALSE},
    [MESSAGE_SEND_LAYER] = {NULL, serve_send_layer, TRUE},
};

static gboolean serve_request(struct serving *s, GError **error)
{
    const struct serve_operation *operation = &serve_operations[s->q.op];
    if (*s->q.path != '/' || operation->stream != (s->fd >= 0)) {
        scan_set_error(error, EINVAL, NULL);
        return FALSE;
    }
    return operation->file ? operation->file(&s->q, &s->r, error)
                           : serve_in_directory(s, operation->tree, error);
}

static GBytes *serve_reply(const struct served *r, const GError *error)
{
    const struct message_reply reply = {.code = error ? (guint)error->code : 0,
                                        .text = error ? error->message : r->text,
                                        .names = (const char *const *)r->names,
                                        .stats = r->stats,
                                        .number = r->number,
                                        .data = r->data};
    GBytes *bytes = message_encode_reply(&reply);
    if (g_bytes_get_size(bytes) <= MESSAGE_MAX)
        return bytes;
    const struct message_reply large = {.code = E2BIG, .text = g_strerror(E2BIG)};
    g_bytes_unref(bytes);
    return message_encode_reply(&large);
}

static enum message_result serve_bytes(const struct message_peer *peer, GBytes *bytes, int fd,
                                       mark **old)
{
    g_autoptr(GError) error = NULL;
    struct message_owner owner = {0};
    struct serving s = {.fd = fd, .old = old};
    enum message_result result = MESSAGE_BAD;
    if (message_decode_request(bytes, &s.q, &owner)) {
        /* The stream ends before the reply comes. */
        (void)serve_request(&s, &error);
        if (fd >= 0)
            close(g_steal_fd(&fd));
        g_autoptr(GBytes) reply = serve_reply(&s.r, error);
        result = message_send(peer, reply, -1);
    }
    if (fd >= 0)
        close(fd);
    served_clear(&s.r);
    message_owner_clear(&owner);
    return result;
}

/* ---- the process ---- */

#define SERVE_MEMORY (1ul << 30)

/* What it takes to give files owners, modes and attributes, whoever has them: capabilities(7).
 * CAP_MKNOD is not in it. */
#define SERVE_CAPABILITIES                                                                         \
    (1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER | 1u << CAP_FSETID |              \
     1u << CAP_SETFCAP)

static gboolean serve_drop_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
        if ((cap > 31 || !(SERVE_CAPABILITIES >> cap & 1)) && prctl(PR_CAPBSET_DROP, cap) != 0)
            return FALSE;
    data[0].effective = data[0].permitted = SERVE_CAPABILITIES;
    return syscall(SYS_capset, &header, data) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/* Descriptors for each level of the tree, and memory for more names than a tree has.  What
 * AddressSanitizer maps is larger. */
static gboolean serve_set_limits(void)
{
    struct rlimit files;
#ifdef __SANITIZE_ADDRESS__
    const struct rlimit data = {RLIM_INFINITY, RLIM_INFINITY};
#else
    const struct rlimit data = {SERVE_MEMORY, SERVE_MEMORY};
#endif
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return FALSE;
    files.rlim_cur = MIN(files.rlim_max, SCAN_DEPTH_MAX + 100);
    return setrlimit(RLIMIT_NOFILE, &files) == 0 && setrlimit(RLIMIT_DATA, &data) == 0;
}

static gboolean serve_confine(const char *root)
{
    umask(0);
    (void)signal(SIGPIPE, SIG_IGN);
    if (!serve_set_limits() || chdir(root) != 0 || chroot(".") != 0 || !serve_drop_capabilities()) {
        g_printerr("cannot enter the tree: %s\n", g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

int tree_serve(const char *root)
{
    const struct message_peer peer = {MESSAGE_DESCRIPTOR, NULL};
    g_autoptr(mark) old = NULL;
    enum message_result result = MESSAGE_GOOD;
    if (!root || !serve_confine(root))
        return 1;
    while (result == MESSAGE_GOOD) {
        g_autoptr(GBytes) bytes = NULL;
        int fd = -1;
        result = message_receive(&peer, &bytes, &fd);
        if (result == MESSAGE_GOOD)
            result = serve_bytes(&peer, bytes, fd, &old);
    }
    return result == MESSAGE_CLOSED ? 0 : 1;
}
