/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/cached.h"
#include "base/progress.h"

#include <gio/gio.h>

/* Fetching installer media, proving them, and getting a kernel and an initrd out of them.  Knows
 * nothing of VMs, and of distributions only what their records say (media/source.h).  Everything
 * that comes from a server or a medium is hostile until proven. */

/* ---- packages ---- */

/* The form of a package's file: a head that only its packaging system understands, then the
 * package's files as one archive.  It is read once, from front to back, in any thread.  The file
 * may hold anything; errors are of INGOT_EXIT_MEDIA. */
struct archive;
struct media_format {
    const char *what;  /* "a .deb" */
    const char *magic; /* how such a file begins, and no other medium */
    /* Opens it and reads the head.  name: its name in messages; NULL: the last part of the path.
     * *head (NULL: not wanted) is owned by the caller. */
    gpointer (*open)(const char *path, const char *name, gpointer *head, GError **error);
    void (*close)(gpointer opened);
    gsize (*head_size)(gconstpointer head); /* bytes, about */
    void (*head_free)(gpointer head);
    /* The next bytes of the archive, decompressed, valid until the next call.  0: its end, -1:
     * *error is set. */
    gssize (*data)(gpointer opened, const void **block, GError **error);
    int (*archive)(struct archive *a); /* archive_read_support_format_tar or the like */
};

/* Reports that a package is malformed (why may quote the package); always FALSE. */
gboolean media_package_refuse(const char *path, const char *why, GError **error);

/* A package of a proved archive. */
typedef struct media_package {
    char *name, *version, *arch; /* in the archive's words */
    char *file;                  /* its name there */
    char *url;
    char *path; /* in the cache, once it has been fetched; else NULL */
    char sha256[65];
    guint64 size;
    guint order;        /* of unpacking: the lowest first */
    gboolean automatic; /* nobody asked for it by name */
} media_package;
void media_package_free(media_package *package);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(media_package, media_package_free)

struct media_source; /* of packages: a record of a packaging system (media/source.h) */

/* ---- what to fetch ---- */

enum media_kind {
    MEDIA_PACKAGE, /* a package of an archive, which holds kernel and initrd */
    MEDIA_URL,     /* a URL with a digest or a detached signature */
    MEDIA_LOCAL,   /* a file (an ISO image, a package), a directory or a block device */
    MEDIA_SYSTEM   /* a whole system's packages, and an environment to set them up in */
};

struct media_spec {
    enum media_kind kind;
    /* The source that reads an archive, and its format of packages; NULL only for URL and LOCAL,
     * neither of which is a package then. */
    const struct media_source *source;
    /* PACKAGE, SYSTEM (without package), all in the words of the source; components: the parts of
     * the archive with blanks between, NULL: the usual one. */
    char *mirror, *suite, *arch, *package, *components;
    char *url;                       /* URL */
    char *path;                      /* LOCAL */
    char *sha256;                    /* URL, LOCAL; NULL: none */
    char *signature;                 /* URL or path of a detached signature; NULL: none */
    char *keyring;                   /* file for gpgv; needed for PACKAGE, SYSTEM and signature */
    char *proxy;                     /* NULL: none */
    char *kernel_glob, *initrd_glob; /* fnmatch(3), FNM_PERIOD off, '*' crosses '/' */
    gboolean whole; /* URL, LOCAL: an ISO 9660 image or drive that is booted as it is */

    /* SYSTEM.  security_mirror: the archive of the suite's security updates, whose newer versions
     * are taken; NULL: none.  Lists end with NULL, and may be NULL themselves: empty. */
    char *security_mirror;
    char **plain;           /* names; of the base set, with what they depend on */
    char **packages;        /* names; with what they depend on and recommend */
    char **excluded;        /* names that are never taken */
    char *env_kernel;       /* "linux-image-cloud-amd64": the environment's kernel and modules */
    char *env_shell;        /* "busybox-static" */
    char **env_modules;     /* names without ".ko"; dependencies are added */
    gboolean packages_only; /* nothing is booted: no environment is fetched and made */
};
void media_spec_clear(struct media_spec *spec);

/* One input of the build and its digest, for keys and for the manifest. */
struct media_input {
    char *name;   /* "InRelease", "debian-installer-13-netboot-amd64_…_all.deb", "kernel" */
    char *origin; /* URL without userinfo, or path */
    char sha256[65];
    guint64 size;
};
void media_input_free(struct media_input *input);

typedef struct media_boot {
    char *kernel, *initrd; /* files in the cache; NULL: the medium is whole, or packages_only */
    char *kernel_sha256, *initrd_sha256;
    char *medium, *medium_sha256; /* whole: the file or drive */
    GPtrArray *inputs;            /* of struct media_input * */
    GPtrArray *packages;          /* SYSTEM: of media_package *, sorted by name; else NULL */
    struct media_cache *cache;    /* keeps its entries from being removed */
} media_boot;
void media_boot_free(media_boot *boot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(media_boot, media_boot_free)

/* What fetching needs beyond the spec; borrowed. */
struct media_context {
    const char *cache_dir; /* files_cache_dir() */
    progress *progress;    /* may be NULL */
    GCancellable *cancel;  /* may be NULL */
    gboolean offline;      /* take nothing from the network */
};

/* Fetches what is not in the cache, verifies all of it, extracts kernel and initrd.  Errors are of
 * INGOT_EXIT_MEDIA and name the file, its origin and what was wrong.  The caller owns the result.
 *
 * SYSTEM: the initrd holds /bin/busybox, /modules/NAME.ko ('_' for every '-' of NAME) and
 * /modules/order, which names the files of /modules in the order in which they can be loaded, one
 * a line; what is built into the kernel is left out.  It has no /init: the caller appends one.  The
 * set of packages is one input, "packages". */
media_boot *media_fetch(const struct media_spec *spec, const struct media_context *context,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- what can be removed ---- */

/* Adds downloaded files, notes and unfinished downloads to a list of cached *. */
void media_list_cached(const char *cache_dir, GPtrArray *list);

/* Removes what dead processes left in media/. */
void media_clear_dead(const char *cache_dir);

/* ---- the modules of an installer's kernel ---- */

/* Where an installer takes them from: a component of an archive; all borrowed. */
struct media_modules {
    const struct media_source *source; /* NULL: none */
    const char *mirror, *suite, *arch; /* as in media_spec; mirror NULL: it is not known */
    const char *component;             /* "main/debian-installer"; NULL: from no archive */
    const char *keyring, *proxy;
    const char *remedy; /* of an archive that has none */
};

/* Whether the archive has modules for kernel, the path of a bzImage: after a point release an
 * archive has them for a newer one only.  FALSE with INGOT_EXIT_MEDIA names all versions.  If it
 * cannot be found out (an image without a version, an index that cannot be fetched or verified),
 * TRUE: the installer itself will find out. */
gboolean media_check_modules(const struct media_modules *modules, const char *kernel,
                             const struct media_context *context,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- the initrd ---- */

struct media_file {
    const char *path; /* relative, no ".." */
    GBytes *data;
    guint mode;
};

/* Writes initrd followed by a newc cpio archive of files (n of them, parents made) to out; the
 * kernel unpacks concatenated archives in order (Documentation/driver-api/early-userspace/
 * buffer-format.rst).  The archive's bytes depend on the files only. */
gboolean media_initrd_append(const char *initrd, const struct media_file *files, gsize n,
                             const char *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;
