/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/keys.h"

#include "base/text.h"

#include <string.h>

/* Keysyms: X11/keysymdef.h.  Names: Packer's boot_command (its documentation, "Boot
 * Configuration"), except "lt". */
static const struct bootcmd_key keys[] = {
    {"enter", 0xff0d, 0, FALSE, "Enter"},
    {"return", 0xff0d, 0, FALSE, "Enter"},
    {"esc", 0xff1b, 0, FALSE, "Escape"},
    {"tab", 0xff09, 0, FALSE, "Tab"},
    {"bs", KEYS_BACKSPACE, 0, FALSE, "Backspace"},
    {"del", 0xffff, 0, FALSE, "Delete"},
    {"spacebar", ' ', ' ', FALSE, "the space bar, as a blank is"},
    {"lt", '<', '<', FALSE, "the character <"},
    {"up", 0xff52, 0, FALSE, "Up"},
    {"down", 0xff54, 0, FALSE, "Down"},
    {"left", 0xff51, 0, FALSE, "Left"},
    {"right", 0xff53, 0, FALSE, "Right"},
    {"insert", 0xff63, 0, FALSE, "Insert"},
    {"home", 0xff50, 0, FALSE, "Home"},
    {"end", 0xff57, 0, FALSE, "End"},
    {"pageUp", 0xff55, 0, FALSE, "Page Up"},
    {"pageDown", 0xff56, 0, FALSE, "Page Down"},
    {"menu", 0xff67, 0, FALSE, "Menu"},
    {"f1", 0xffbe, 0, FALSE, "F1"},
    {"f2", 0xffbf, 0, FALSE, "F2"},
    {"f3", 0xffc0, 0, FALSE, "F3"},
    {"f4", 0xffc1, 0, FALSE, "F4"},
    {"f5", 0xffc2, 0, FALSE, "F5"},
    {"f6", 0xffc3, 0, FALSE, "F6"},
    {"f7", 0xffc4, 0, FALSE, "F7"},
    {"f8", 0xffc5, 0, FALSE, "F8"},
    {"f9", 0xffc6, 0, FALSE, "F9"},
    {"f10", 0xffc7, 0, FALSE, "F10"},
    {"f11", 0xffc8, 0, FALSE, "F11"},
    {"f12", 0xffc9, 0, FALSE, "F12"},
    {"leftCtrl", 0xffe3, 0, TRUE, "left Ctrl"},
    {"rightCtrl", 0xffe4, 0, TRUE, "right Ctrl"},
    {"leftShift", KEYS_LEFT_SHIFT, 0, TRUE, "left Shift"},
    {"rightShift", 0xffe2, 0, TRUE, "right Shift"},
    {"leftAlt", 0xffe9, 0, TRUE, "left Alt"},
    {"rightAlt", 0xffea, 0, TRUE, "right Alt"},
    {"leftSuper", 0xffeb, 0, TRUE, "left Super (Windows)"},
    {"rightSuper", 0xffec, 0, TRUE, "right Super (Windows)"},
};

/* The two rows of a US keyboard that letters do not follow by rule: without and with Shift. */
static const char plain[] = "`1234567890-=[]\\;',./";
static const char shifted[] = "~!@#$%^&*()_+{}|:\"<>?";

const struct bootcmd_key *bootcmd_keys(gsize *count)
{
    *count = G_N_ELEMENTS(keys);
    return keys;
}

const struct bootcmd_key *keys_find(const char *name, gsize length)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (strlen(keys[i].name) == length && g_ascii_strncasecmp(keys[i].name, name, length) == 0)
            return &keys[i];
    return NULL;
}

const char *keys_nearest(const char *name)
{
    const char *names[G_N_ELEMENTS(keys) + 2] = {NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        names[i] = keys[i].name;
    names[G_N_ELEMENTS(keys)] = "wait";
    return text_nearest(name, names);
}

gboolean keys_is_modifier(guint32 keysym)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (keys[i].keysym == keysym)
            return keys[i].modifier;
    return FALSE;
}

gboolean keys_is_shift(guint32 keysym)
{
    return keysym == KEYS_LEFT_SHIFT || keysym == 0xffe2;
}

/* The character of to at the position of c in from, or 0. */
static char opposite(char c, const char *from, const char *to)
{
    const char *at = c ? strchr(from, c) : NULL;
    return at ? to[at - from] : 0;
}

gboolean keys_needs_shift(char c)
{
    return g_ascii_isupper(c) || opposite(c, shifted, plain) != 0;
}

char keys_unshifted(char c)
{
    char other = opposite(c, shifted, plain);
    return other ? other : g_ascii_tolower(c);
}

char keys_shifted(char c)
{
    char other = opposite(c, plain, shifted);
    return other ? other : g_ascii_toupper(c);
}
