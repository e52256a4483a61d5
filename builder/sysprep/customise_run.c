/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies files into the guest and runs commands in it: in a chroot of the appliance, with the
 * appliance's kernel and network, so that no service of the guest runs. */
#include "sysprep/customise.h"

#include "base/error.h"
#include "base/space.h"
#include "base/text.h"
#include "sysprep/sysprep.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SCRIPT_PATH "/tmp/.ingot-script"
#define LOG_PATH    "/tmp/.ingot-log"
#define LOG_SHOWN   (64 << 10) /* bytes of it, from its end */
#define LINES_TOLD  5          /* with an error */

/* ---- copies: as one tar stream ---- */

struct copying {
    struct archive *disk, *tar;
    const char *local;
    const char *beside; /* where the tar is: beside this file */
};

static gboolean fail_read(const struct copying *c, GError **error)
{
    const char *why = archive_error_string(c->disk);
    ingot_set_error(error, INGOT_EXIT_SEAL, "check the path, and that this user can read all of it",
                    "cannot read %s: %s", c->local, why ? why : "no reason was given");
    return FALSE;
}

static gboolean fail_write(const struct copying *c, GError **error)
{
    const char *why = archive_error_string(c->tar);
    gboolean full = archive_errno(c->tar) == ENOSPC;
    g_autofree char *cause = full ? space_full_cause(c->beside) : g_strdup(why ? why : "no reason");
    g_autofree char *remedy = full ? space_full_remedy(c->beside) : NULL;
    ingot_set_error(error, INGOT_EXIT_HOST, remedy, "cannot put a copy of %s beside %s: %s",
                    c->local, c->beside, cause);
    return FALSE;
}

/* Names of this host's users mean nothing there. */
static void make_foreign(struct archive_entry *entry, const char *name)
{
    archive_entry_set_pathname(entry, name);
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
    archive_entry_set_uname(entry, "root");
    archive_entry_set_gname(entry, "root");
    archive_entry_sparse_clear(entry);
    archive_entry_xattr_clear(entry);
    archive_entry_acl_clear(entry);
    archive_entry_copy_fflags_text(entry, "");
}

static gboolean add_data(const struct copying *c, GError **error)
{
    g_autofree char *piece = g_malloc(1 << 16);
    la_ssize_t n;
    while ((n = archive_read_data(c->disk, piece, 1 << 16)) > 0)
        if (archive_write_data(c->tar, piece, (size_t)n) < 0)
            return fail_write(c, error);
    return n == 0 || fail_read(c, error);
}

static gboolean customise_add_entry(const struct copying *c, struct archive_entry *entry,
                                    gsize prefix, GError **error)
{
    g_autofree char *local = g_strdup(archive_entry_pathname(entry));
    unsigned type = (unsigned)archive_entry_filetype(entry);
    if (type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK) {
        ingot_set_error(error, INGOT_EXIT_SEAL, "remove it, or copy something else",
                        "%s is not a file, directory or symbolic link", local);
        return FALSE;
    }
    make_foreign(entry, local + prefix);
    if (archive_write_header(c->tar, entry) != ARCHIVE_OK)
        return fail_write(c, error);
    return type != AE_IFREG || add_data(c, error);
}

static gboolean add_tree(const struct copying *c, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(c->local);
    gsize prefix = strlen(parent) + (strcmp(parent, "/") != 0);
    struct archive_entry *entry = archive_entry_new();
    gboolean good = archive_read_disk_open(c->disk, c->local) == ARCHIVE_OK || fail_read(c, error);
    while (good) {
        int status = archive_read_next_header2(c->disk, entry);
        if (status == ARCHIVE_EOF)
            break;
        good = (status == ARCHIVE_OK && archive_read_disk_descend(c->disk) >= ARCHIVE_WARN) ||
               fail_read(c, error);
        good = good && customise_add_entry(c, entry, prefix, error);
        archive_entry_clear(entry);
    }
    archive_entry_free(entry);
    return good;
}

gboolean customise_tar(int fd, const char *beside, const char *local, GError **error)
{
    const struct copying c = {archive_read_disk_new(), archive_write_new(), local, beside};
    archive_read_disk_set_symlink_physical(c.disk);
    archive_write_set_format_pax_restricted(c.tar);
    gboolean good = (archive_write_open_fd(c.tar, fd) == ARCHIVE_OK || fail_write(&c, error)) &&
                    add_tree(&c, error) &&
                    (archive_write_close(c.tar) == ARCHIVE_OK || fail_write(&c, error));
    archive_read_free(c.disk);
    archive_write_free(c.tar);
    return good;
}

/* A nameless file: where the guest's changes go, there is space for this. */
static int spool_open(const guest *g)
{
    g_autofree char *folder = g_path_get_dirname(g->place);
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : memfd_create("ingot-copy", MFD_CLOEXEC);
}

/* tar in the appliance reports it only in words (its locale is C). */
static gboolean copy_failed(guest *g, const char *local, const char *directory, GError **error)
{
    if (g_cancellable_is_cancelled(g->cancel) || !error ||
        ingot_error_exit(*error, INGOT_EXIT_SEAL) != INGOT_EXIT_SEAL ||
        !strstr((*error)->message, "No space left on device"))
        return guest_fail(g, error, "copy %s to %s in the guest", local, directory);
    g_clear_error(error);
    ingot_set_error(error, INGOT_EXIT_SEAL, "copy less, or give the image a larger file system",
                    "the guest's file system with %s is full: no space in %s for %s", directory,
                    g->name, local);
    return FALSE;
}

static gboolean copy_one(guest *g, const struct sysprep_copy *copy, GError **error)
{
    g_autofree char *local = g_canonicalize_filename(copy->local, NULL);
    g_autofree char *name = g_path_get_basename(local);
    g_autofree char *target = g_build_filename(copy->directory, name, NULL);
    guest_changed(g, "copy", target);
    if (g->read_only)
        return TRUE;
    int fd = spool_open(g);
    gboolean good = customise_tar(fd, g->place, local, error);
    (void)lseek(fd, 0, SEEK_SET);
    if (good && !stream_unpack(g, fd, copy->directory, error))
        good = copy_failed(g, local, copy->directory, error);
    close(fd);
    return good;
}

/* ---- commands ---- */

static void tell_log(guest *g, const char *log)
{
    g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
    for (char **line = lines; *line; line++)
        if (**line)
            progress_detail(g->p, "guest: %s", *line);
}

static char *customise_last_lines(const char *log)
{
    g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
    guint n = g_strv_length(lines);
    while (n && !*lines[n - 1])
        g_clear_pointer(&lines[--n], g_free);
    return g_strjoinv("\n", lines + (n > LINES_TOLD ? n - LINES_TOLD : 0));
}

/* Its output goes to a file, because a reply of the appliance is limited to 4 MiB. */
static gboolean customise_run_command(guest *g, const char *command, const char *what,
                                      const char *hint, GError **error)
{
    g_autofree char *line = g_strdup_printf(
        "rm -f " LOG_PATH "\n{ %s\n} >" LOG_PATH " 2>&1 </dev/null; echo $?", command);
    g_autofree char *status = guest_shell(g, line, what, error), *log = NULL;
    if (!status || !guest_read_end(g, LOG_PATH, LOG_SHOWN, &log, error))
        return FALSE;
    tell_log(g, log);
    if (!guest_remove_own(g, LOG_PATH, error))
        return FALSE;
    if (strcmp(g_strstrip(status), "0") == 0)
        return TRUE;
    g_autofree char *number = text_printable(status, -1);
    g_autofree char *last = customise_last_lines(log);
    ingot_set_error(error, INGOT_EXIT_SEAL, hint, "%s exited in the guest with %s:\n%s", what,
                    number, *last ? last : "(no output)");
    return FALSE;
}

/* Programs of the guest run on this host's kernel and processor. */
static gboolean can_run(guest *g, GError **error)
{
    struct utsname host;
    if (!guest_can_run(g, error))
        return FALSE;
    uname(&host);
    const char *arch = g->facts->arch;
    gboolean small = strcmp(host.machine, "x86_64") == 0 &&
                     g_regex_match_simple("^i[3-6]86$", arch, G_REGEX_RAW, 0);
    if (small || strcmp(arch, host.machine) == 0)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_SEAL,
                    "leave out --install and --run, or do it on a host of that architecture",
                    "the guest is %s and this host %s: its programs cannot run here", arch,
                    host.machine);
    return FALSE;
}

static const char *install_command(const guest *g)
{
    static const struct {
        const char *format, *command;
    } managers[] = {
        {"deb", "export DEBIAN_FRONTEND=noninteractive\napt-get -q update && "
                "apt-get -q -y -o Dpkg::Options::=--force-confold install --"},
        {"rpm", "if command -v zypper; then i='zypper -n install --auto-agree-with-licenses --'; "
                "elif command -v dnf; then i='dnf -y install --'; else i='yum -y install --'; "
                "fi >/dev/null\n$i"},
        {"apk", "apk update && apk add --"},
        {"pacman", "pacman -Sy --noconfirm --needed --"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(managers); i++)
        if (g_strcmp0(g->format, managers[i].format) == 0)
            return managers[i].command;
    return NULL;
}

static gboolean customise_run_install(guest *g, const char *const *packages, GError **error)
{
    if (!packages || !*packages)
        return TRUE;
    g_autofree char *list = g_strjoinv(" ", (char **)packages);
    const char *manager = install_command(g);
    if (!manager) {
        ingot_set_error(error, INGOT_EXIT_SEAL, "use --run with a script that installs them",
                        "packages of the guest's format (%s) cannot be installed",
                        g->format ? g->format : "unknown");
        return FALSE;
    }
    guest_changed(g, "install", list);
    if (g->read_only)
        return TRUE;
    g_autofree char *command = g_strdup_printf("%s %s", manager, list);
    return customise_run_command(g, command, "the package manager",
                                 "check the names, and that this host can reach the guest's "
                                 "package sources; -v shows the whole output",
                                 error);
}

static gboolean run_script(guest *g, const char *script, GError **error)
{
    g_autofree char *name = g_path_get_basename(script);
    g_autofree char *what = text_printable(name, -1);
    guest_changed(g, "run", script);
    if (g->read_only)
        return TRUE;
    progress_detail(g->p, "run %s", what);
    if (!guest_put_program(g, script, SCRIPT_PATH, error))
        return FALSE;
    gboolean good = customise_run_command(g, SCRIPT_PATH, what,
                                          "-v shows the whole output; nothing was changed", error);
    return guest_remove_own(g, SCRIPT_PATH, good ? error : NULL) && good;
}

gboolean customise_before(guest *g, const struct sysprep_customise *c, GError **error)
{
    if (!c || (!c->copies && !c->packages && !c->scripts))
        return TRUE;
    progress_phase(g->p, "customise");
    g->doing = CUSTOMISE;
    gboolean good = (!c->packages && !c->scripts) || can_run(g, error);
    for (const struct sysprep_copy *copy = c->copies; good && copy && copy->local; copy++)
        good = copy_one(g, copy, error);
    good = good && customise_run_install(g, c->packages, error);
    for (const char *const *script = c->scripts; good && script && *script; script++)
        good = run_script(g, *script, error);
    g->doing = NULL;
    if (!good)
        g_prefix_error(error, CUSTOMISE ": ");
    return good;
}
