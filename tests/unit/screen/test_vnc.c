/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "screen/screen.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Against a server that says what a test wants, byte by byte (RFC 6143). */

#define PATIENCE_SECONDS 30

struct server {
    int listener, fd;
    char *path;
    const char *bytes; /* all that it says; it reads what it must between */
    gsize length;
    gboolean stays; /* after that, until the client goes */
    GByteArray *heard;
    GThread *thread;
};

static gpointer serve(gpointer data)
{
    struct server *s = data;
    s->fd = accept(s->listener, NULL, NULL);
    assert_true(s->fd >= 0);
    /* A socket takes more than any of these answers: nothing has to be read first. */
    assert_true(send(s->fd, s->bytes, s->length, MSG_NOSIGNAL) == (ssize_t)s->length);
    if (!s->stays)
        (void)shutdown(s->fd, SHUT_WR);
    guint8 chunk[512];
    ssize_t n;
    while ((n = read(s->fd, chunk, sizeof chunk)) > 0)
        g_byte_array_append(s->heard, chunk, (guint)n);
    close(s->fd);
    return NULL;
}

static void server_start(struct server *s, const char *bytes, gsize length, gboolean stays)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *s = (struct server){.bytes = bytes, .length = length, .stays = stays};
    s->path = g_build_filename(folder, "vnc", NULL);
    s->heard = g_byte_array_new();
    (void)unlink(s->path);
    assert_true(g_strlcpy(address.sun_path, s->path, sizeof address.sun_path) <
                sizeof address.sun_path);
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    s->thread = g_thread_new("server", serve, s);
}

/* It has heard all then. */
static void server_join(struct server *s)
{
    if (s->thread)
        g_thread_join(g_steal_pointer(&s->thread));
}

static void server_end(struct server *s)
{
    server_join(s);
    close(s->listener);
    g_free(s->path);
    g_byte_array_unref(s->heard);
}

/* ---- what happens to a client ---- */

struct seen {
    guint changed;
    gboolean lost, late;
};

static void on_changed(screen *s, gpointer user)
{
    assert_non_null(screen_frame(s));
    ((struct seen *)user)->changed++;
}

static void on_lost(screen *s, gpointer user)
{
    assert_non_null(screen_frame(s));
    ((struct seen *)user)->lost = TRUE;
}

static gboolean on_limit(gpointer data)
{
    ((struct seen *)data)->late = TRUE;
    return G_SOURCE_REMOVE;
}

static void wait_for(struct seen *seen, guint changed, gboolean lost)
{
    guint timer = g_timeout_add_seconds(PATIENCE_SECONDS, on_limit, seen);
    while (!seen->late && !(seen->changed >= changed && seen->lost == lost))
        g_main_context_iteration(NULL, TRUE);
    assert_false(seen->late);
    g_source_remove(timer);
}

#define VERSION "RFB 003.008\n"
/* One security type, none; result good. */
#define ACCEPTED VERSION "\1\1\0\0\0\0"
/* A pixel format (not looked at) and a name. */
#define FORMAT         "\40\30\0\1\0\377\0\377\0\377\20\10\0\0\0\0"
#define INIT(size)     ACCEPTED size FORMAT "\0\0\0\4QEMU"
#define UPDATE(n)      "\0\0\0" n
#define RAW(place)     place "\0\0\0\0"
#define RESIZE(to)     "\0\0\0\0" to "\377\377\377\041" /* -223 */
#define PIXEL(b, g, r) b g r "\252"                     /* with a fourth byte that means nothing */

static const struct screen_calls calls = {.changed = on_changed, .lost = on_lost};

static screen *open_screen(const struct server *s, struct seen *seen)
{
    g_autoptr(GError) error = NULL;
    struct screen_calls mine = calls;
    mine.user = seen;
    screen *opened = screen_open(s->path, &mine, &error);
    assert_no_error(error);
    assert_non_null(opened);
    return opened;
}

/* Several messages that come in one piece, the last of them one that is no end of the frame. */
static void frames(void **state)
{
    (void)state;
    static const char said[] = INIT("\0\2\0\1") UPDATE("\1") RAW("\0\0\0\0\0\2\0\1")
        PIXEL("\1", "\2", "\3") PIXEL("\4", "\5", "\6") UPDATE("\1") RESIZE("\0\1\0\2") UPDATE("\1")
            RAW("\0\0\0\1\0\1\0\1") PIXEL("\7", "\7", "\7") "\2" /* bell */;
    struct server server;
    struct seen seen = {0};
    server_start(&server, said, sizeof said - 1, TRUE);
    screen *s = open_screen(&server, &seen);
    const struct screen_frame *frame = screen_frame(s);
    assert_true(frame->width == 2 && frame->height == 1 && frame->changes == 0);
    assert_int_equal(frame->pixels[0], 0);
    wait_for(&seen, 1, FALSE);
    assert_int_equal(frame->pixels[0], 0x030201);
    assert_int_equal(frame->pixels[1], 0x060504);
    assert_true(frame->changes == 1);
    wait_for(&seen, 2, FALSE);
    assert_true(frame->width == 1 && frame->height == 2 && frame->changes == 2);
    assert_int_equal(frame->pixels[0], 0);
    assert_int_equal(frame->pixels[1], 0x070707);
    screen_free(s);
    server_end(&server);
}

static void keys(void **state)
{
    (void)state;
    static const char said[] = INIT("\0\2\0\1");
    static const guint8 pressed[] = {4, 1, 0, 0, 0, 0, 0xff, 0x0d, 4, 0, 0, 0, 0, 0, 0xff, 0x0d};
    g_autoptr(GError) error = NULL;
    struct server server;
    struct seen seen = {0};
    server_start(&server, said, sizeof said - 1, TRUE);
    screen *s = open_screen(&server, &seen);
    assert_true(screen_key(s, 0xff0d, TRUE, &error));
    assert_true(screen_key(s, 0xff0d, FALSE, &error));
    screen_free(s);
    server_join(&server);
    guint8 *heard = server.heard->data;
    guint length = server.heard->len;
    /* Version, type, shared; pixel format; two encodings; the whole frame; the keys. */
    assert_int_equal(length, 14 + 20 + 12 + 10 + sizeof pressed);
    assert_int_equal(heard[13], 1);
    assert_memory_equal(heard + 14 + 20, "\2\0\0\2\0\0\0\0\377\377\377\041", 12);
    assert_memory_equal(heard + 14 + 32, "\3\0\0\0\0\0\0\2\0\1", 10);
    assert_memory_equal(heard + length - sizeof pressed, pressed, sizeof pressed);
    server_end(&server);
}

/* Ways in which a connection ends, with the last frame and without a crash. */
static void ends(void **state)
{
    (void)state;
#define GOOD INIT("\0\2\0\1") UPDATE("\1") RAW("\0\0\0\0\0\1\0\1") PIXEL("\1", "\2", "\3")
    static const struct {
        const char *bytes;
        gsize length;
    } cases[] = {
#define CASE(text) {text, sizeof(text) - 1}
        CASE(GOOD),
        CASE(GOOD "\0\0\0\5"),
        CASE(GOOD UPDATE("\1") RAW("\0\0\0\0\0\2\0\1") "\1\2"),
        CASE(GOOD UPDATE("\1") RAW("\0\1\0\0\0\2\0\1") "outside!"),
        CASE(GOOD UPDATE("\1") RAW("\377\377\377\377\377\377\377\377") "outside!"),
        CASE(GOOD UPDATE("\1") RESIZE("\377\377\377\377")),
        CASE(GOOD UPDATE("\1") RESIZE("\20\0\20\1")), /* 4096x4097 */
        CASE(GOOD UPDATE("\1") RESIZE("\40\1\0\1")),  /* 8193x1 */
        CASE(GOOD UPDATE("\1") RESIZE("\0\0\0\1")),
        CASE(GOOD UPDATE("\1") "\0\0\0\0\0\1\0\1\0\0\1\0"), /* no encoding */
        CASE(GOOD "\3\0\0\0\377\377\377\377"),              /* cut text of 4 GiB */
        CASE(GOOD "\200"),
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        struct server server;
        struct seen seen = {0};
        server_start(&server, cases[i].bytes, cases[i].length, FALSE);
        screen *s = open_screen(&server, &seen);
        wait_for(&seen, 1, TRUE);
        const struct screen_frame *frame = screen_frame(s);
        assert_true(frame->width == 2 && frame->height == 1);
        assert_int_equal(frame->pixels[0], 0x030201);
        assert_false(screen_key(s, 'a', TRUE, &error));
        assert_error_says(error, INGOT_EXIT_HOST, "is gone");
        screen_free(s);
        server_end(&server);
    }
}

/* Servers that are none for us. */
static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        gsize length;
    } cases[] = {
        CASE(""),
        CASE("RFB 003"),
        CASE("SSH-2.0-OpenS"),
        CASE(VERSION "\0\0\0\0\4busy"),
        CASE(VERSION "\1\2"), /* wants a password */
        CASE("RFB 003.003\n\0\0\0\2"
             "0123456789abcdef"),
        CASE(VERSION "\1\1\0\0\0\1\0\0\0\2no"),
        CASE(INIT("\377\377\377\377")),
        CASE(INIT("\0\0\0\0")),
        CASE(ACCEPTED "\0\1\0\1" FORMAT "\377\377\377\377"),
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        struct server server;
        server_start(&server, cases[i].bytes, cases[i].length, FALSE);
        assert_null(screen_open(server.path, &calls, &error));
        assert_error_says(error, INGOT_EXIT_HOST, "unexpected reply from the VNC server on");
        server_end(&server);
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *nobody = g_build_filename(folder, "nobody", NULL);
    assert_null(screen_open(nobody, &calls, &error));
    assert_error_says(error, INGOT_EXIT_HOST, nobody);
}

static int setup(void **state)
{
    (void)state;
    return folder_make("vnc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(frames), cmocka_unit_test(keys),
                                       cmocka_unit_test(ends), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
