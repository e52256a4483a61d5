/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/screen.h"

#include "base/error.h"

#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <poll.h>
#include <rfb/rfbclient.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

/* The server is on this host: if it takes longer than this, it hangs. */
#define PATIENCE_SECONDS 10

struct screen {
    rfbClient *client; /* NULL: lost */
    struct screen_frame frame;
    guint32 *pixels;
    gboolean drawn; /* by the message that is being read */
    struct screen_calls calls;
    GSource *source;
};

/* The library's own log, which it would write to standard error. */
static void log_line(const char *format, ...) G_GNUC_PRINTF(1, 2);

static void log_line(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_debug("vnc: %s", g_strchomp(text));
}

/* ---- what the library calls ---- */

static struct screen *screen_of(rfbClient *client)
{
    return rfbClientGetClientData(client, NULL);
}

/* A new size, at first and whenever the guest changes its mode. */
static rfbBool on_size(rfbClient *client)
{
    struct screen *s = screen_of(client);
    guint width = (guint)client->width, height = (guint)client->height;
    if (width < 1 || height < 1 || width > SCREEN_LONGEST || height > SCREEN_LONGEST ||
        (guint64)width * height > SCREEN_MOST_PIXELS)
        return FALSE;
    guint32 *pixels = g_try_new0(guint32, (gsize)width * height);
    if (!pixels)
        return FALSE;
    g_free(s->pixels);
    s->pixels = pixels;
    s->frame.width = width;
    s->frame.height = height;
    s->frame.pixels = pixels;
    client->frameBuffer = (guint8 *)pixels;
    return TRUE;
}

/* In place of the library's own: the fourth byte of a pixel can be anything (alpha of a guest). */
static void on_pixels(rfbClient *client, const uint8_t *buffer, int x, int y, int w, int h)
{
    struct screen *s = screen_of(client);
    gsize width = s->frame.width;
    if (x < 0 || y < 0 || w < 0 || h < 0 || (gsize)x + (gsize)w > width ||
        (gsize)y + (gsize)h > s->frame.height)
        return;
    for (int line = 0; line < h; line++) {
        guint32 *to = s->pixels + (gsize)(y + line) * width + (gsize)x;
        memcpy(to, buffer + (gsize)line * (gsize)w * 4, (gsize)w * 4);
        for (int i = 0; i < w; i++)
            to[i] &= 0xffffffu;
    }
}

static void on_rectangle(rfbClient *client, int x, int y, int w, int h)
{
    (void)x;
    (void)y;
    screen_of(client)->drawn |= w > 0 && h > 0;
}

static char *no_password(rfbClient *client)
{
    (void)client;
    return NULL; /* the library's own asks on the terminal */
}

/* ---- the handshake ---- */

/* Through GSocket, which also makes writing to a server that is gone an error and no SIGPIPE. */
static GSocket *connected_socket(const char *path, GError **error)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
    if (!socket)
        return NULL;
    g_socket_set_timeout(socket, PATIENCE_SECONDS);
    return g_socket_connect(socket, address, NULL, error) ? g_steal_pointer(&socket) : NULL;
}

static int connect_to(const char *path, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GSocket) socket = connected_socket(path, &why);
    if (!socket) {
        ingot_set_error(error, INGOT_EXIT_HOST, "check whether QEMU is still running",
                        "cannot connect to the screen on %s: %s", path, why->message);
        return -1;
    }
    int fd = fcntl(g_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0);
    if (fd < 0 || fd >= FD_SETSIZE) { /* the library uses select(2) */
        if (fd >= 0)
            close(fd);
        ingot_set_error(error, INGOT_EXIT_HOST,
                        "close what is open, or raise the limit (ulimit -n)",
                        "no file descriptor is left for the screen on %s", path);
        return -1;
    }
    return fd;
}

static gboolean send_bytes(rfbClient *client, const void *bytes, gsize length)
{
    return WriteToRFBServer(client, bytes, (unsigned int)length);
}

/* Done here and not by SetFormatAndEncodings, which announces ExtendedDesktopSize always and then
 * takes no new size from QEMU, whose screen has the number 0.  Raw is the quickest between two
 * processes of one host.  RFC 6143, 7.5.1 and 7.5.2. */
static gboolean send_format(rfbClient *client)
{
    client->format.redShift = 16;
    client->format.greenShift = 8;
    client->format.blueShift = 0;
    rfbSetPixelFormatMsg format = {.type = rfbSetPixelFormat};
    format.format = client->format;
    format.format.redMax = GUINT16_TO_BE(format.format.redMax);
    format.format.greenMax = GUINT16_TO_BE(format.format.greenMax);
    format.format.blueMax = GUINT16_TO_BE(format.format.blueMax);
    const guint32 encodings[] = {GUINT32_TO_BE(rfbEncodingRaw),
                                 GUINT32_TO_BE((guint32)rfbEncodingNewFBSize)};
    const rfbSetEncodingsMsg head = {.type = rfbSetEncodings,
                                     .nEncodings = GUINT16_TO_BE(G_N_ELEMENTS(encodings))};
    return send_bytes(client, &format, sz_rfbSetPixelFormatMsg) &&
           send_bytes(client, &head, sz_rfbSetEncodingsMsg) &&
           send_bytes(client, encodings, sizeof encodings);
}

static gboolean handshake(struct screen *s)
{
    rfbClient *client = s->client;
    if (!InitialiseRFBConnection(client))
        return FALSE;
    client->width = client->si.framebufferWidth;
    client->height = client->si.framebufferHeight;
    client->updateRect.x = client->updateRect.y = 0;
    client->updateRect.w = client->width;
    client->updateRect.h = client->height;
    return on_size(client) && send_format(client) &&
           SendFramebufferUpdateRequest(client, 0, 0, client->width, client->height, FALSE);
}

static rfbClient *new_client(struct screen *s, int fd)
{
    static const uint32_t without[] = {rfbNoAuth};
    rfbClientLog = rfbClientErr = log_line;
    rfbClient *client = rfbGetClient(8, 3, 4);
    g_assert(client);
    rfbClientSetClientData(client, NULL, s);
    client->MallocFrameBuffer = on_size;
    client->GotBitmap = on_pixels;
    client->GotFrameBufferUpdate = on_rectangle;
    client->GetPassword = no_password;
    client->canHandleNewFBSize = TRUE;
    client->readTimeout = PATIENCE_SECONDS;
    client->appData.shareDesktop = TRUE;
    SetClientAuthSchemes(client, without, G_N_ELEMENTS(without));
    client->sock = fd;
    return client;
}

/* ---- the main loop ---- */

struct screen_source {
    GSource source;
    struct screen *s;
    gpointer tag;
};

/* What the library has read ahead does not wake the descriptor again. */
static gboolean source_prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return ((struct screen_source *)source)->s->client->buffered > 0;
}

static gboolean source_check(GSource *source)
{
    struct screen_source *self = (struct screen_source *)source;
    return self->s->client->buffered > 0 || g_source_query_unix_fd(source, self->tag) != 0;
}

static void lose(struct screen *s)
{
    rfbClientCleanup(g_steal_pointer(&s->client));
    if (s->calls.lost)
        s->calls.lost(s, s->calls.user);
}

static gboolean source_dispatch(GSource *source, GSourceFunc callback, gpointer user)
{
    (void)callback;
    (void)user;
    struct screen *s = ((struct screen_source *)source)->s;
    s->drawn = FALSE;
    if (!HandleRFBServerMessage(s->client)) {
        lose(s);
        return G_SOURCE_REMOVE;
    }
    if (s->drawn) {
        s->frame.changes++;
        if (s->calls.changed)
            s->calls.changed(s, s->calls.user);
    }
    return G_SOURCE_CONTINUE;
}

static void vnc_attach(struct screen *s)
{
    static GSourceFuncs functions = {
        .prepare = source_prepare, .check = source_check, .dispatch = source_dispatch};
    s->source = g_source_new(&functions, sizeof(struct screen_source));
    struct screen_source *self = (struct screen_source *)s->source;
    self->s = s;
    self->tag = g_source_add_unix_fd(s->source, s->client->sock, G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_attach(s->source, g_main_context_get_thread_default());
}

/* ---- public functions ---- */

screen *screen_open(const char *socket_path, const struct screen_calls *calls, GError **error)
{
    int fd = connect_to(socket_path, error);
    if (fd < 0)
        return NULL;
    g_autoptr(screen) s = g_new0(struct screen, 1);
    s->client = new_client(s, fd);
    if (!handshake(s)) {
        ingot_set_error(error, INGOT_EXIT_HOST,
                        "check whether QEMU is still running; ingot supports no VNC password and "
                        "at most 4096x4096 pixels",
                        "unexpected reply from the VNC server on %s", socket_path);
        return NULL;
    }
    if (calls)
        s->calls = *calls;
    vnc_attach(s);
    return g_steal_pointer(&s);
}

void screen_free(screen *s)
{
    if (!s)
        return;
    if (s->source) {
        g_source_destroy(s->source);
        g_source_unref(s->source);
    }
    if (s->client)
        rfbClientCleanup(s->client);
    g_free(s->pixels);
    g_free(s);
}

const struct screen_frame *screen_frame(const screen *s)
{
    return &s->frame;
}

gboolean screen_key(screen *s, guint32 keysym, gboolean down, GError **error)
{
    struct pollfd p = {.fd = s->client ? s->client->sock : -1, .events = POLLOUT};
    if (s->client && poll(&p, 1, PATIENCE_SECONDS * 1000) == 1 && (p.revents & POLLOUT) &&
        SendKeyEvent(s->client, keysym, down != FALSE))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_HOST, "check whether QEMU is still running",
                    s->client ? "the VNC server accepts no keys"
                              : "cannot press a key: the VNC server is gone");
    return FALSE;
}
