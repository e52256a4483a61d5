/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/answer.h"
#include "verify/dhcp.h"

#include "base/lines.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_line(const char *line, gpointer user)
{
    (void)answer_line(user, line);
}

/* What a clone may send: Ethernet frames (the size of each before it) and lines of its probe. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dhcp_seen seen = {0};
    for (size_t at = 0; at + 2 <= size;) {
        size_t n = (size_t)data[at] << 8 | data[at + 1];
        n = MIN(n, size - at - 2);
        g_autofree guint8 *frame = g_memdup2(data + at + 2, n); /* so that its end is known */
        dhcp_frame(frame, n, &seen);
        at += 2 + n;
    }
    g_assert(!seen.hostname || g_utf8_validate(seen.hostname, -1, NULL));
    g_assert(!seen.messages == !seen.identity);
    dhcp_seen_clear(&seen);
    g_autoptr(answer) told = answer_new();
    g_autoptr(lines) l = lines_new(on_line, told);
    lines_feed(l, (const char *)data, size);
    json_decref(answer_to_json(told));
    return 0;
}
