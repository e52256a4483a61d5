/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/dhcp.h"

#include "base/error.h"
#include "base/text.h"

#include <pcap/pcap.h>
#include <string.h>

/* Sizes and offsets: RFC 894 (Ethernet), RFC 791 (IPv4), RFC 768 (UDP), RFC 2131, 2. */
#define ETHERNET     14u
#define IP_LEAST     20u
#define IP_UDP       17u
#define UDP          8u
#define SERVER_PORT  67u
#define OP_REQUEST   1u
#define HARDWARE     28u /* chaddr */
#define COOKIE       236u
#define OPTIONS      240u
#define OPTION_PAD   0u
#define OPTION_END   255u
#define OPTION_HOST  12u
#define OPTION_WISH  50u
#define OPTION_ID    61u
#define FRAMES_LIMIT 100000u

static const guint8 cookie[] = {99, 130, 83, 99};

void dhcp_seen_clear(struct dhcp_seen *seen)
{
    g_free(seen->identity);
    g_free(seen->first_wish);
    g_free(seen->hostname);
    *seen = (struct dhcp_seen){0};
}

static guint number16(const guint8 *at)
{
    return (guint)at[0] << 8 | at[1];
}

/* The DHCP message in a frame, or NULL; *length gets its size. */
static const guint8 *message_in(const guint8 *frame, gsize *length)
{
    gsize n = *length;
    if (n < ETHERNET + IP_LEAST || number16(frame + 12) != 0x0800)
        return NULL;
    const guint8 *ip = frame + ETHERNET;
    if (ip[0] >> 4 != 4)
        return NULL;
    gsize header = (gsize)(ip[0] & 15) * 4;
    const guint8 *udp = ip + header;
    if (header < IP_LEAST || n < ETHERNET + header + UDP + OPTIONS || ip[9] != IP_UDP ||
        (number16(ip + 6) & 0x1fff) != 0 || number16(udp + 2) != SERVER_PORT)
        return NULL;
    *length = n - ETHERNET - header - UDP;
    const guint8 *message = udp + UDP;
    return message[0] == OP_REQUEST && memcmp(message + COOKIE, cookie, sizeof cookie) == 0
               ? message
               : NULL;
}

/* The value of an option, or NULL; *size gets its length (RFC 2132, 2). */
static const guint8 *option(const guint8 *message, gsize length, guint8 code, gsize *size)
{
    gsize at = OPTIONS;
    while (at < length && message[at] != OPTION_END) {
        if (message[at] == OPTION_PAD) {
            at++;
            continue;
        }
        if (at + 2 > length || at + 2 + message[at + 1] > length)
            return NULL;
        *size = message[at + 1];
        if (message[at] == code)
            return message + at + 2;
        at += 2 + *size;
    }
    return NULL;
}

static char *hex(const char *lead, const guint8 *bytes, gsize length)
{
    GString *text = g_string_new(lead);
    for (gsize i = 0; i < length; i++)
        g_string_append_printf(text, "%s%02x", i ? ":" : "", bytes[i]);
    return g_string_free(text, FALSE);
}

static char *identity_of(const guint8 *message, gsize length)
{
    gsize size = 0;
    const guint8 *id = option(message, length, OPTION_ID, &size);
    return id && size ? hex("", id, size) : hex("hardware ", message + HARDWARE, 6);
}

void dhcp_frame(const guint8 *frame, gsize length, struct dhcp_seen *seen)
{
    gsize size = 0;
    const guint8 *message = message_in(frame, &length);
    if (!message)
        return;
    g_autofree char *identity = identity_of(message, length);
    const guint8 *wish = option(message, length, OPTION_WISH, &size);
    if (wish && size == 4 && seen->messages == 0)
        seen->first_wish = g_strdup_printf("%u.%u.%u.%u", wish[0], wish[1], wish[2], wish[3]);
    const guint8 *host = option(message, length, OPTION_HOST, &size);
    if (host && size) {
        g_free(seen->hostname);
        seen->hostname = text_printable((const char *)host, (gssize)size);
    }
    seen->changed |= seen->identity && strcmp(seen->identity, identity) != 0;
    if (!seen->identity)
        seen->identity = g_steal_pointer(&identity);
    seen->messages++;
}

gboolean dhcp_read(const char *path, struct dhcp_seen *seen, GError **error)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    struct pcap_pkthdr *header;
    const guint8 *frame;
    pcap_t *file = pcap_open_offline(path, why);
    gboolean good = file && pcap_datalink(file) == DLT_EN10MB;
    if (!good)
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot read the network capture: %s",
                        *why ? why : "it is not an Ethernet capture");
    /* QEMU may be in the middle of a frame: what is cut off ends the reading. */
    for (guint n = 0; good && n < FRAMES_LIMIT && pcap_next_ex(file, &header, &frame) == 1; n++)
        dhcp_frame(frame, header->caplen, seen);
    if (file)
        pcap_close(file);
    return good;
}
