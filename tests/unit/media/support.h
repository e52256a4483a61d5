/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../members.h"

#include "base/error.h"
#include "base/files.h"
#include "media/job.h"

/* What the tests of this room share. */

/* Like the real ones, and a hundred times faster. */
extern const struct media_limits quick_limits;

/* state is a fresh directory, as char *. */
int temp_setup(void **state);
int temp_teardown(void **state);

/* A path below a directory; the caller owns it. */
#define under(dir, ...) g_build_filename(dir, __VA_ARGS__, NULL)

/* How many verified entries a cache has, and how many partial downloads. */
guint cache_entries(const char *cache_dir);
guint cache_parts(const char *cache_dir);

/* size bytes that do not compress and do not repeat; the caller owns them. */
GBytes *noise(gsize size, guint32 seed);
void bytes_digest(GBytes *bytes, char hex[65]);

/* ---- archives, written by libarchive ---- */

enum packing { PACK_TAR, PACK_TAR_GZ, PACK_TAR_XZ, PACK_ISO, PACK_DEB };

/* Members with path NULL end the list.  PACK_DEB: they are its data.tar.xz. */
GBytes *pack(enum packing packing, const struct member *members);

/* Only filters, no format: what a .xz, .zst or .gz of one file is. */
GBytes *squeeze(const char *suffix, const char *text, gsize length);
void write_bytes(const char *path, GBytes *bytes);

/* A kernel module of a kind: an ELF file with this section .modinfo and nothing else. */
GBytes *make_ko(const char *modinfo, gsize length);
/* The same of one module that depends on others ("a,b"). */
GBytes *make_ko_of(const char *name, const char *depends);

/* ---- OpenPGP ---- */

/* NULL when there is no gpg here; the test is skipped then, with the reason said. */
typedef struct signer signer;
signer *signer_new(const char *dir);
void signer_free(signer *s);

/* Makes a key, valid for ever or (expired) for one day long ago; returns its file of public keys
 * in binary form.  The caller owns the path. */
char *signer_key(signer *s, const char *name, gboolean expired);
/* The same keys in ASCII armour. */
char *signer_armored(signer *s, const char *name);

/* Signs with the keys of all names (NULL ends them); the caller owns the result. */
GBytes *signer_clear(signer *s, const char *text, ...) G_GNUC_NULL_TERMINATED;
GBytes *signer_detached(signer *s, const char *file, const char *name);
