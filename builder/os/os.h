/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/rootfs.h"

/* Installer families: media paths, answer file, kernel arguments, phase and error patterns.  Knows
 * nothing of processes and of the network. */

/* Everything an answer file may want to know; resolved, no defaults left.  Strings are borrowed
 * from the plan. */
struct os_answers {
    const char *locale, *timezone, *keyboard, *hostname, *domain;
    const char *mirror;       /* URL as the guest reaches it; NULL: the installer's own default */
    const char *final_mirror; /* URL to leave in the finished system; NULL: the installer's own */
    const char *security_mirror; /* URL of security updates to leave there; NULL: none */
    const char *proxy;           /* URL or NULL */
    const char *release;
    const char *disk; /* the device in the guest: "/dev/vda" */
    const char *filesystem;
    const char *const *packages; /* base packages and the recipe's own; NULL-terminated */
    const char *kernel_package;
    const char *const *kernel_args;
    gboolean serial_console;
    const struct os_user *users; /* root first; n_users of them */
    gsize n_users;
    const char *extra;                 /* raw answer lines, or NULL */
    const char *late_command;          /* shell text run in the new system, or NULL */
    const char *serial_name;           /* of the first serial port: "ttyS0" */
    const struct os_packages *sources; /* for installers that are given packages; else NULL */
    gboolean seeded; /* the answer file and its helpers come from a seed, not in the initrd */
};

struct os_user {
    const char *name, *fullname;
    const char *password_hash; /* crypt(5), or NULL: locked */
    const char *const *groups; /* NULL-terminated, never NULL */
    const char *const *ssh_keys;
};

/* A file that the installer finds in its initrd. */
struct os_file {
    char *path; /* relative: "preseed.cfg" */
    GBytes *data;
    guint mode; /* 0644, 0755 */
    /* The machine that configures packages gets it too: it must contain nothing that the
     * packages do not need, so that recipes with the same packages share that machine's result. */
    gboolean base_system;
};
void os_file_free(struct os_file *file);

/* Lines of the log channel or the console are matched against these GRegex patterns. */
struct os_phase {
    const char *pattern;
    const char *phase; /* "base system" */
    gboolean final;    /* the last phase: the guest powering off after it is success */
};

struct os_failure {
    const char *pattern;
    const char *cause;  /* a sentence; "\1" is the first group of the pattern */
    const char *remedy; /* may be NULL */
};

/* What an administrator misses first in a minimal system; every template has it. */
extern const char *const os_base_packages[];

/* For an installer that has no medium of its own: which of a distribution's packages it and the new
 * system are made of, for one family and architecture. */
struct os_packages {
    const char *family, *arch;
    const char *keyring;       /* on the host */
    const char *components;    /* of the archive: "main"; blanks between */
    const char *kernel;        /* the default of the new system */
    const char *loader;        /* the boot loader's package */
    const char *loader_target; /* grub-install --target */
    gboolean efi;
    const char *const *plain;    /* taken with what they depend on */
    const char *const *wanted;   /* with what they recommend too, like the recipe's own */
    const char *const *excluded; /* never taken */
    /* The machine that installs: its kernel, its shell, and what the kernel has to load. */
    const char *env_kernel, *env_shell;
    const char *const *env_modules;
};

/* The packaging system of an installer's families: what the other rooms know of it. */
struct os_packaging {
    const struct media_source *source;      /* its archives and the form of its packages */
    const struct rootfs_database *database; /* what is written down of unpacked ones */
    const char *components;                 /* of an archive: where an installer's own package is */
    /* Whether a recipe may ask for a package of that name; what such a name is ("a package name
     * (a-z …)"), and advice on one that is none (owned by the caller) or NULL. */
    gboolean (*is_package)(const char *name);
    const char *package_what;
    char *(*package_advice)(const char *name);
    /* What its archives call a machine ("x86_64"); NULL: that is not known. */
    const char *(*archive_arch)(const char *machine);
};

typedef struct os_installer {
    const char *name;    /* "debian-installer" */
    const char *heading; /* one line for --help and lists */
    const char *const *families;
    const char *const *arches;      /* "x86_64", … */
    const char *const *filesystems; /* what it can make as / */
    const struct os_packaging *packaging;
    /* The row for a family and architecture, or NULL; the member is NULL for installers that are
     * booted from media of their own. */
    const struct os_packages *(*packages)(const char *family, const char *arch);
    /* Where kernel and initrd are in the media of this installer. */
    char *(*package)(const char *release, const char *arch); /* apt media; owned by the caller */
    const char *kernel_glob, *initrd_glob; /* fnmatch(3) patterns on paths inside .deb, ISO, dir */
    const char *keyring;                   /* of the distribution, on the host */
    /* The component of the archive from which it takes the modules of its kernel, and what to do
     * about one that has none; NULL: they come with the medium. */
    const char *modules, *modules_remedy;
    /* The default. */
    const char *(*kernel_package)(const char *family, const char *arch);
    const char *const *base_packages;
    guint64 memory; /* bytes it needs at least */
    /* Which of its files the busybox of a sandbox can run in the place of a machine, the new system
     * being its root directory; NULL: it needs a machine. */
    const char *namespace_script;
    gboolean network; /* its machine fetches packages; else it gets all it needs from the host */
    /* Its medium can be booted by a boot command; it gets its answer file over HTTP then. */
    gboolean seeded;
    /* The answer file and its helpers from kickstart/ below data_dir; array of struct os_file *,
     * owned by the caller.  The first one is the answer file proper. */
    GPtrArray *(*answer)(const struct os_answers *answers, const char *data_dir, GError **error);
    /* The guest kernel's command line; owned by the caller. */
    char *(*command_line)(const struct os_answers *answers);
    /* Each list ends with a NULL pattern. */
    const struct os_phase *phases;     /* on the log channel */
    const struct os_failure *failures; /* on the log channel: fatal */
    const struct os_failure *console;  /* on the console: prompts and panics, fatal */
    /* On both: not fatal, but why something fails later in the same phase. */
    const struct os_failure *reasons;
} os_installer;

/* NULL-terminated; in the order of the meson list, the default of a family first. */
const os_installer *const *os_installers(void);
const os_installer *os_installer_find(const char *name);         /* or NULL */
const os_installer *os_installer_for_family(const char *family); /* the default, or NULL */
/* The one of that name, or without a name the default of the family; both may be NULL. */
const os_installer *os_installer_choose(const char *name, const char *family);

/* What to do about a key that only an installer with a medium of its own understands (seeded: one
 * that takes boot commands, too), by the name of one of the family; the caller owns the text. */
char *os_hint_with_media(const char *family, gboolean seeded);

/* The archive that the host's own package manager uses, or that of its security updates; NULL: none
 * is known.  The caller owns the URL. */
char *os_host_archive(gboolean security);
/* Whether it is of this family. */
gboolean os_family_has_host_archive(const char *family);
/* Whether the security updates of a release are in an archive of their own. */
gboolean os_release_has_security(const char *family, const char *release);
