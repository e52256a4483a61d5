/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* Boot commands: what is typed at a screen, as people write it (docs/boot-command.md).  Part of
 * screen/screen.h, which is what other rooms include. */

/* ---- keys ---- */

/* A key with a name.  The keysyms are those of X11 (X11/keysymdef.h); of the characters that a key
 * makes the keysym is the character itself. */
struct bootcmd_key {
    const char *name; /* as in "<name>" */
    guint32 keysym;
    char character; /* what it makes; 0: nothing that could be seen */
    gboolean modifier;
    const char *meaning; /* for the documentation */
};

/* All of them, in the order of the documentation. */
const struct bootcmd_key *bootcmd_keys(gsize *count);

/* ---- the language ---- */

/* Bytes of a command, steps of it, and milliseconds of one wait.  Far more than anyone types. */
#define BOOTCMD_LENGTH_MAX 32768u
#define BOOTCMD_STEPS_MAX  16384u
#define BOOTCMD_WAIT_MAX   (4u * 3600 * 1000)
/* Bytes of a text that is waited for. */
#define BOOTCMD_TEXT_MAX 256u

enum bootcmd_kind {
    BOOTCMD_CHARACTER, /* a character that the screen shows when it is typed */
    BOOTCMD_KEY,       /* a key that produces none: pressed and released */
    BOOTCMD_HOLD,      /* a key is pressed and stays down */
    BOOTCMD_RELEASE,
    BOOTCMD_PAUSE, /* milliseconds */
    BOOTCMD_WAIT,  /* until text is on the screen or has come over serial */
};

struct bootcmd_step {
    enum bootcmd_kind kind;
    guint column;       /* where it is written: characters from 1 */
    guint32 keysym;     /* of CHARACTER, KEY, HOLD and RELEASE */
    char character;     /* of CHARACTER, and of HOLD and RELEASE of a key that makes one; else 0 */
    const char *name;   /* of a key with a name, else NULL; not to be freed */
    gboolean blind;     /* CHARACTER, KEY: what the screen shows of it does not matter */
    guint milliseconds; /* PAUSE; the limit of WAIT, 0: the usual one */
    char *text;         /* WAIT */
};

typedef struct {
    struct bootcmd_step *steps;
    gsize count;
} bootcmd;

/* text is UTF-8 and may be empty.  Errors: INGOT_EXIT_RECIPE, "character 7: …" with what to do.
 * Every key that is pressed in the result is released in it.  The caller owns the result, which
 * does not change any more. */
bootcmd *bootcmd_parse(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void bootcmd_free(bootcmd *command);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(bootcmd, bootcmd_free)

/* For people and for tests: "type \"linux\"; press enter; wait 5000 ms".  Blind text is not in
 * it. The caller owns the text. */
char *bootcmd_describe(const bootcmd *command);

/* ---- the typist ---- */

/* The screen at which is typed, as the typist needs it. */
struct typist_port {
    /* Presses or lets go of a key.  FALSE with error: it cannot be, which ends the typing. */
    gboolean (*key)(guint32 keysym, gboolean down, gpointer user, GError **error);
    /* The text on the screen, lines parted by '\n', each character in its own column; the cursor is
     * not part of it.  NULL when the screen is graphics.  The typist frees it. */
    char *(*text)(gpointer user);
    /* A number that grows whenever anything on the screen changes, except for a blinking cursor;
     * read after each change. */
    guint64 (*changes)(gpointer user);
    void (*free)(gpointer user); /* called when the typist is freed; NULL: user is not its own */
    gpointer user;
};

/* Milliseconds, unless stated otherwise. */
struct typist_limits {
    guint echo;   /* until a character must be on the screen */
    guint tries;  /* times that it is typed */
    guint settle; /* how long an odd result must last before it is believed */
    guint calm;   /* how long the text must be still before typing continues after a key */
    guint uneasy; /* … and how long that is waited for */
    guint move;   /* how long to wait for a key without a character to change the screen */
    guint blind;  /* the same for what is typed blind */
    guint wait;   /* of <wait "text"> without a limit */
};
extern const struct typist_limits typist_usual_limits;

typedef struct typist typist;

/* Called once, at the very end, from the main loop; the typist may be freed in it.  failure
 * NULL: everything was typed; else an error of INGOT_EXIT_INSTALL or of port->key, which belongs to
 * the typist.  No key is down any more. */
typedef void (*typist_done)(typist *t, const GError *failure, gpointer user);

/* Begins with the next turn of the main loop (the default context).  command and what port->user is
 * must live as long as the typist; port and limits are copied; limits NULL: the usual ones.  The
 * caller owns the typist. */
typist *typist_start(const bootcmd *command, const struct typist_port *port,
                     const struct typist_limits *limits, typist_done done, gpointer user);

/* Lets go of all keys that are down. */
void typist_free(typist *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(typist, typist_free)

/* The owner tells what happens; not from inside a function of the port. */
void typist_screen_changed(typist *t);
void typist_serial(typist *t, const char *bytes, gsize length);

/* What it does now, for the progress: "types (12 of 80)", "waits for \"login:\"".  The caller owns
 * the text. */
char *typist_doing(const typist *t);
