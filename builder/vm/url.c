/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/vm.h"

#include <arpa/inet.h>
#include <string.h>

/* What a server on this host may be called by a program on this host.  "localhost" and everything
 * below it: RFC 6761, section 6.3; inet_aton(3) also reads the short forms ("127.1"). */
static gboolean is_loopback(const char *host)
{
    struct in_addr v4;
    if (inet_aton(host, &v4))
        return v4.s_addr == INADDR_ANY || ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
    if (address)
        return g_inet_address_get_is_loopback(address) || g_inet_address_get_is_any(address);
    g_autofree char *name = g_ascii_strdown(host, -1);
    gsize length = strlen(name);
    if (length && name[length - 1] == '.')
        name[length - 1] = '\0';
    return strcmp(name, "localhost") == 0 || g_str_has_suffix(name, ".localhost");
}

char *vm_guest_url(const char *url)
{
    g_autofree char *scheme = NULL, *userinfo = NULL, *host = NULL;
    g_autofree char *path = NULL, *query = NULL, *fragment = NULL;
    int port = -1;
    if (!g_uri_split(url, G_URI_FLAGS_ENCODED, &scheme, &userinfo, &host, &port, &path, &query,
                     &fragment, NULL) ||
        !host || !is_loopback(host))
        return g_strdup(url);
    return g_uri_join(G_URI_FLAGS_ENCODED, scheme, userinfo, VM_HOST_ADDRESS, port, path, query,
                      fragment);
}
