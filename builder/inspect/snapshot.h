/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "inspect/inspect.h"

/* Making a snapshot: facts, each a key and a value, in sections.  snapshot_image.c needs
 * libguestfs; everything here works on texts and tar streams alone.  Keys and values are the
 * guest's own bytes, so that two hostile names that look alike are not mistaken for each other;
 * only a struct difference is fit to be shown. */

struct snapshot_fact {
    char *key, *value, *digest; /* digest: "" for none */
};

snapshot *snapshot_new(void); /* the caller owns it */

/* Adds a fact.  value: what people are shown, never a secret; digest: of what is compared but
 * not shown, or NULL.  A key may occur more than once.  An excess is dropped and reported by
 * snapshot_finish. */
void snapshot_add(snapshot *s, enum snapshot_section section, const char *key, const char *value,
                  const char *digest);

/* The facts of a section, of struct snapshot_fact *; borrowed. */
const GPtrArray *snapshot_facts(const snapshot *s, enum snapshot_section section);

/* Whether there is a fact of this key; looks at all of the section. */
gboolean snapshot_has(const snapshot *s, enum snapshot_section section, const char *key);

/* Sorts the facts; to be called once, before snapshot_compare.  Error (INGOT_EXIT_SEAL): there were
 * more facts than any honest image has. */
gboolean snapshot_finish(snapshot *s, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Everything of an inspected guest, which gets its sizes and packages on the way (guest_measure);
 * the snapshot is finished then. */
gboolean snapshot_take(guest *g, snapshot *s, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- texts of the guest into facts (snapshot_text.c) ---- */

/* The text with the UUIDs of file systems and partitions replaced by the word UUID; owned by the
 * caller. */
char *snapshot_without_uuids(const char *text);

void snapshot_add_passwd(snapshot *s, const char *text); /* all but the password field */
void snapshot_add_group(snapshot *s, const char *text);
void snapshot_add_shadow(snapshot *s, const char *text); /* locked, empty or set: never a hash */
void snapshot_add_fstab(snapshot *s, const char *text);
void snapshot_add_auto_marks(snapshot *s, const char *text); /* /var/lib/apt/extended_states */

/* The kernel command lines of a grub.cfg; path is part of the keys. */
void snapshot_add_grub_cfg(snapshot *s, const char *path, const char *text);

/* A settings file of the boot loader: each line that is not a comment, keyed by the part before
 * the separator ("=", " " in the entries of the Boot Loader Specification, NUL: the line is all
 * value). */
void snapshot_add_boot_settings(snapshot *s, const char *path, const char *text, char separator);

/* A symbolic link, or (target NULL) an empty file, below /etc/systemd; path is relative to that:
 * "system/multi-user.target.wants/ssh.service".  Not every one concerns units. */
void snapshot_add_unit(snapshot *s, const char *path, const char *target);

/* The default target, as a link names it. */
#define SNAPSHOT_DEFAULT_TARGET "default target"
void snapshot_add_default_target(snapshot *s, const char *target);

/* ---- a tree into facts (snapshot_etc.c) ---- */

/* Adds everything that is in /etc, from a tar stream (pax or GNU) of it on a descriptor: each path,
 * and the accounts, fstab, boot settings and units that the files say.  Sockets are not in tar
 * streams.  May leave the stream unread when it fails.  Errors: INGOT_EXIT_SEAL (no tar stream, or
 * one that is too much). */
gboolean snapshot_add_etc(snapshot *s, int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
