/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/hands.h"

#include "screen/keys.h"

void hands_init(struct hands *h, const struct typist_port *port)
{
    h->port = *port;
    h->down = g_array_new(FALSE, FALSE, sizeof(guint32));
}

void hands_clear(struct hands *h)
{
    hands_release_all(h);
    g_array_unref(h->down);
}

void hands_release_all(struct hands *h)
{
    while (h->down->len) {
        g_autoptr(GError) error = NULL;
        guint32 keysym = g_array_index(h->down, guint32, h->down->len - 1);
        g_array_set_size(h->down, h->down->len - 1);
        if (!h->port.key(keysym, FALSE, h->port.user, &error))
            g_debug("a key could not be let go: %s", error ? error->message : "?");
    }
}

gboolean hands_key(struct hands *h, guint32 keysym, gboolean down, GError **error)
{
    if (!h->port.key(keysym, down, h->port.user, error))
        return FALSE;
    if (down)
        g_array_append_val(h->down, keysym);
    for (guint i = h->down->len; !down && i-- > 0;)
        if (g_array_index(h->down, guint32, i) == keysym)
            g_array_remove_index(h->down, i);
    return TRUE;
}

gboolean hands_press(struct hands *h, guint32 keysym, GError **error)
{
    return hands_key(h, keysym, TRUE, error) && hands_key(h, keysym, FALSE, error);
}

static gboolean shift_is_down(const struct hands *h)
{
    for (guint i = 0; i < h->down->len; i++)
        if (keys_is_shift(g_array_index(h->down, guint32, i)))
            return TRUE;
    return FALSE;
}

gboolean hands_command(const struct hands *h)
{
    for (guint i = 0; i < h->down->len; i++) {
        guint32 keysym = g_array_index(h->down, guint32, i);
        if (keys_is_modifier(keysym) && !keys_is_shift(keysym))
            return TRUE;
    }
    return FALSE;
}

char hands_make(const struct hands *h, char c)
{
    return shift_is_down(h) ? keys_shifted(c) : c;
}

/* QEMU takes a keysym for the key on which it is and leaves Shift to the client, but presses Caps
 * Lock by itself when the case of a letter and Shift do not go together (ui/vnc.c, do_key_event):
 * so Shift is down for exactly the characters that need it. */
gboolean hands_type(struct hands *h, char c, GError **error)
{
    guint32 keysym = (guint32)(guchar)hands_make(h, c);
    if (!keys_needs_shift((char)keysym) || shift_is_down(h))
        return hands_press(h, keysym, error);
    return hands_key(h, KEYS_LEFT_SHIFT, TRUE, error) && hands_press(h, keysym, error) &&
           hands_key(h, KEYS_LEFT_SHIFT, FALSE, error);
}
