/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* How a clone identifies itself to a DHCP server, read from a capture of its network card: what
 * the network sees, not what some file in the guest says. */

struct dhcp_seen {
    guint messages;   /* of the client */
    char *identity;   /* "01:…": option 61, else "hardware " and the hardware address */
    char *first_wish; /* the address that the first message requested, or NULL */
    char *hostname;   /* the last one sent, or NULL; printable */
    gboolean changed; /* a later message had another identity */
};
void dhcp_seen_clear(struct dhcp_seen *seen);

/* Reads a pcap(5) file of Ethernet frames.  FALSE: it is not one.  Anything but a well-formed
 * message of a DHCPv4 client (RFC 2131, 2132) is skipped. */
gboolean dhcp_read(const char *pcap, struct dhcp_seen *seen,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One Ethernet frame. */
void dhcp_frame(const guint8 *frame, gsize length, struct dhcp_seen *seen);
