/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/keyboard.h"

#include "screen/keys.h"

void keyboard_init(struct keyboard *k, const struct typist_port *port)
{
    k->port = *port;
    k->down = g_array_new(FALSE, FALSE, sizeof(guint32));
}

void keyboard_clear(struct keyboard *k)
{
    keyboard_release_all(k);
    g_array_unref(k->down);
}

void keyboard_release_all(struct keyboard *k)
{
    while (k->down->len) {
        g_autoptr(GError) error = NULL;
        guint32 keysym = g_array_index(k->down, guint32, k->down->len - 1);
        g_array_set_size(k->down, k->down->len - 1);
        if (!k->port.key(keysym, FALSE, k->port.user, &error))
            g_debug("cannot release a key: %s", error ? error->message : "?");
    }
}

gboolean keyboard_key(struct keyboard *k, guint32 keysym, gboolean down, GError **error)
{
    if (!k->port.key(keysym, down, k->port.user, error))
        return FALSE;
    if (down)
        g_array_append_val(k->down, keysym);
    for (guint i = k->down->len; !down && i-- > 0;)
        if (g_array_index(k->down, guint32, i) == keysym)
            g_array_remove_index(k->down, i);
    return TRUE;
}

gboolean keyboard_press(struct keyboard *k, guint32 keysym, GError **error)
{
    return keyboard_key(k, keysym, TRUE, error) && keyboard_key(k, keysym, FALSE, error);
}

static gboolean keyboard_shift_is_down(const struct keyboard *k)
{
    for (guint i = 0; i < k->down->len; i++)
        if (keys_is_shift(g_array_index(k->down, guint32, i)))
            return TRUE;
    return FALSE;
}

gboolean keyboard_is_command(const struct keyboard *k)
{
    for (guint i = 0; i < k->down->len; i++) {
        guint32 keysym = g_array_index(k->down, guint32, i);
        if (keys_is_modifier(keysym) && !keys_is_shift(keysym))
            return TRUE;
    }
    return FALSE;
}

char keyboard_character(const struct keyboard *k, char c)
{
    return keyboard_shift_is_down(k) ? keys_shifted(c) : c;
}

/* QEMU takes a keysym for the key on which it is and leaves Shift to the client, but presses Caps
 * Lock by itself when the case of a letter and Shift do not go together (ui/vnc.c, do_key_event):
 * so Shift is down for exactly the characters that need it. */
gboolean keyboard_type(struct keyboard *k, char c, GError **error)
{
    guint32 keysym = (guint32)(guchar)keyboard_character(k, c);
    if (!keys_needs_shift((char)keysym) || keyboard_shift_is_down(k))
        return keyboard_press(k, keysym, error);
    return keyboard_key(k, KEYS_LEFT_SHIFT, TRUE, error) && keyboard_press(k, keysym, error) &&
           keyboard_key(k, KEYS_LEFT_SHIFT, FALSE, error);
}
