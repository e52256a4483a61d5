/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ingot sysprep` as people call it: all or nothing, copies, dry runs, what is put in. */
#include "../unit/test.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "phony.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAUNCH_LIMIT 120 /* seconds */
#define PASSWORD     "correct-horse-battery"
#define KEY          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBxFjH0mW6hW8V0h4m0cYk3l9n1Q2v0bXn3H8v1m2a3b a@b"

static const struct phony_entry system_entries[] = {
    {"etc/os-release", 0644, "PRETTY_NAME=\"Debian 13\"\nID=debian\nVERSION_ID=\"13\"\n"},
    {"etc/debian_version", 0644, "13.1\n"},
    {"etc/hostname", 0644, "golden\n"},
    {"etc/hosts", 0644, "127.0.0.1\tlocalhost\n127.0.1.1\tgolden.example\tgolden goldener\n"},
    {"etc/fstab", 0644, "UUID=1 / ext4 x 0 1\n"},
    {"etc/passwd", 0644,
     "root:x:0:0::/root:/bin/sh\nbob:x:1000:1001::/srv/bob:/bin/sh\n"
     "eve:x:1001:1002::/home/eve:/bin/sh\n"},
    {"etc/shadow", 0640, "root:$y$old:20000:0:99999:7:::\nbob:!:20000:0:99999:7:::\n"},
    {"etc/machine-id", 0444, "0123456789abcdef0123456789abcdef\n"},
    {"etc/selinux/config", 0644, "SELINUX=permissive\n"},
    {"etc/ssh/ssh_host_rsa_key", 0600, "x\n"},
    {"usr/lib/libcrypt.so.1.1.0", 0755, "x"}, /* knows yescrypt */
    {"bin", 0755, NULL},
    {"dev", 0755, NULL},
    {"proc", 0755, NULL},
    {"sys", 0755, NULL},
    {"root", 0700, NULL},
    {"srv/bob/.ssh", 0755, NULL},
    {"srv/bob/.ssh/authorized_keys", 0644, "ssh-rsa OLD"},
    {"home/eve", 0700, NULL},
    {"home/eve/.ssh", 0777, "-> /etc"},
    {"tmp", 01777, NULL},
    {"var/tmp", 01777, NULL},
    {"var/lib/dpkg/status", 0644,
     "Package: base-files\nStatus: install ok installed\nArchitecture: amd64\nVersion: 13\n\n"},
    {NULL, 0, NULL}};

struct fixture {
    char *folder, *image, *copy;
    char *tools, *dir, *keys, *private_key, *password, *good_script, *bad_script;
    char *digest;
    char *sockets; /* what a killed launch has left */
};

static char *put(const struct fixture *f, const char *name, const char *text)
{
    char *path = g_build_filename(f->folder, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

/* The guest's shell: a busybox that needs no library. */
static char *make_tools(const struct fixture *f)
{
    g_autofree char *busybox = g_find_program_in_path("busybox");
    g_autofree char *data = NULL;
    gsize length;
    char *folder = g_build_filename(f->folder, "tools", NULL);
    g_autofree char *shell = g_build_filename(folder, "sh", NULL);
    assert_non_null(busybox);
    assert_true(g_file_get_contents(busybox, &data, &length, NULL));
    assert_int_equal(g_mkdir(folder, 0755), 0);
    assert_true(g_file_set_contents(shell, data, (gssize)length, NULL));
    assert_int_equal(g_chmod(shell, 0755), 0);
    return folder;
}

static char *make_dir(const struct fixture *f)
{
    char *folder = g_build_filename(f->folder, "dir", NULL);
    g_autofree char *link = g_build_filename(folder, "link", NULL);
    assert_int_equal(g_mkdir(folder, 0750), 0);
    g_free(put(f, "dir/file with a name", "text\n"));
    assert_int_equal(symlink("no such file", link), 0);
    return folder;
}

static char *digest(const char *path)
{
    g_autofree char *data = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &data, &length, NULL));
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)data, length);
}

static void make_image(struct fixture *f)
{
    char *images[] = {f->image, NULL};
    guestfs_h *h = phony_appliance(images, TRUE);
    phony_system(h, "/dev/sda", system_entries);
    phony_appliance_end(h);
    assert_int_equal(g_chmod(f->image, 0640), 0);
    f->digest = digest(f->image);
}

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->folder = g_dir_make_tmp("ingot-sysprep-XXXXXX", NULL);
    f->image = g_build_filename(f->folder, "image.qcow2", NULL);
    f->copy = g_build_filename(f->folder, "copy.qcow2", NULL);
    f->tools = make_tools(f);
    f->dir = make_dir(f);
    f->keys = put(f, "keys.pub", "# mine\n" KEY "\n\n");
    f->private_key = put(f, "key", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n");
    f->password = put(f, "password", PASSWORD "\nsecond line\n");
    f->good_script = put(f, "good.sh",
                         "#!/bin/sh\necho it runs\necho done >/root/ran\n"
                         "echo log >/var/tmp/left\n");
    f->bad_script = put(f, "bad.sh",
                        "#!/bin/sh\necho one; echo the reason >&2; echo x >/root/x\n"
                        "exit 3\n");
    make_image(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    files_remove_tree(f->folder);
    char *const texts[] = {f->folder,      f->image,      f->copy,        f->tools,
                           f->dir,         f->keys,       f->private_key, f->password,
                           f->good_script, f->bad_script, f->digest,      f->sockets};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(f);
    return 0;
}

struct outcome {
    int code;
    char *out, *err;
};

static void outcome_clear(struct outcome *o)
{
    g_free(o->out);
    g_free(o->err);
}
#define OUTCOME __attribute__((cleanup(outcome_clear))) struct outcome

/* fault: "NAME=value", what tests/fault/shim.c is to do; NULL: it is not there. */
static GSubprocess *start_faulty(const struct fixture *f, const char *const *args,
                                 const char *const *fault)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_subprocess_launcher_setenv(launcher, "INGOT_CACHE", f->folder, TRUE);
    if (fault)
        g_subprocess_launcher_setenv(launcher, "LD_PRELOAD", g_getenv("INGOT_TEST_SHIM"), TRUE);
    for (; fault && *fault; fault++) {
        g_auto(GStrv) pair = g_strsplit(*fault, "=", 2);
        g_subprocess_launcher_setenv(launcher, pair[0], pair[1], TRUE);
    }
    g_ptr_array_add(argv, (gpointer)g_getenv("INGOT_TEST_PROGRAM"));
    g_ptr_array_add(argv, (gpointer) "sysprep");
    for (; *args; args++)
        g_ptr_array_add(argv, (gpointer)*args);
    g_ptr_array_add(argv, NULL);
    GSubprocess *child =
        g_subprocess_launcher_spawnv(launcher, (const char *const *)argv->pdata, &error);
    assert_no_error(error);
    return child;
}

static GSubprocess *start(const struct fixture *f, const char *const *args)
{
    return start_faulty(f, args, NULL);
}

static struct outcome outcome_of(GSubprocess *child)
{
    struct outcome o = {0};
    assert_true(g_subprocess_communicate_utf8(child, NULL, NULL, &o.out, &o.err, NULL));
    assert_true(g_subprocess_get_if_exited(child));
    o.code = g_subprocess_get_exit_status(child);
    return o;
}

static struct outcome run(const struct fixture *f, const char *const *args)
{
    g_autoptr(GSubprocess) child = start(f, args);
    return outcome_of(child);
}

/* What was renamed was synced before, and the name afterwards. */
static struct outcome run_watched(const struct fixture *f, const char *const *args)
{
    g_autofree char *log = put(f, "fault.log", ""), *text = NULL;
    g_autofree char *fault = g_strconcat("INGOT_FAULT_LOG=", log, NULL);
    const char *const faults[] = {fault, NULL};
    g_autoptr(GSubprocess) child = start_faulty(f, args, faults);
    struct outcome o = outcome_of(child);
    assert_true(g_file_get_contents(log, &text, NULL, NULL));
    if (!g_str_has_prefix(text, "calls ") || strchr(text, '\n')[1])
        fail_msg("%s", text);
    assert_true(g_ascii_strtoull(text + strlen("calls "), NULL, 10) > 10);
    return o;
}

#define RUN(...)     run(f, (const char *const[]){__VA_ARGS__, NULL})
#define WATCHED(...) run_watched(f, (const char *const[]){__VA_ARGS__, NULL})

/* With -v, what the appliance says as it boots comes before what matters. */
static const char *end_of(const char *text)
{
    return text + (strlen(text) > 2000 ? strlen(text) - 2000 : 0);
}

static void assert_says(const struct outcome *o, int code, const char *out, const char *err)
{
    if (o->code != code || !strstr(o->out, out) || !strstr(o->err, err))
        fail_msg("ended with %d, not %d:\n%s\n%s\nwithout '%s', '%s'", o->code, code,
                 end_of(o->out), end_of(o->err), out, err);
}

static void assert_same(const struct fixture *f)
{
    g_autofree char *now = digest(f->image);
    assert_string_equal(now, f->digest);
    assert_false(g_file_test(f->copy, G_FILE_TEST_EXISTS));
}

/* What is beside the image while it or a copy is written. */
static guint left_beside(const struct fixture *f)
{
    guint n = 0;
    g_autoptr(GDir) folder = g_dir_open(f->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(folder));)
        n += strstr(name, ".ingot") != NULL;
    return n;
}

/* Byte for byte as it was, and nothing lies beside it. */
static void assert_untouched(const struct fixture *f)
{
    assert_same(f);
    assert_int_equal(left_beside(f), 0);
}

/* ---- what is found out before anything is started ---- */

static void usage(void **state)
{
    const struct fixture *f = *state;
    g_autofree char *private_key = g_strconcat("bob:", f->private_key, NULL);
    const char *const cases[][4] = {
        {"--enable", "swop", "did you mean 'swap'?", NULL},
        {"--disable", "logs,,tmp", "unknown operation ''", NULL},
        {"--root-password", "hunter2", "does not say where", NULL},
        {"--root-password", "env:INGOT_NO_SUCH", "there is no variable", NULL},
        {"--root-password", "file:/no/such", "No such file", NULL},
        {"--hostname", "-x", "no host name", NULL},
        {"--hostname", "a_b", "no host name", NULL},
        {"--install", "vim,a;b", "'a;b'", NULL},
        {"--install", "-y", "'-y'", NULL},
        {"--ssh-key", "bob", "USER:FILE", NULL},
        {"--ssh-key", private_key, "this is a private key", NULL},
        {"--copy-in", "/etc:relative", "GUESTDIR is absolute", NULL},
        {"--copy-in", "/no/such:/x", "cannot read", NULL},
        {"--run", "/etc", "no file that can be read", NULL}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        OUTCOME o = RUN(cases[i][0], cases[i][1], f->image);
        assert_says(&o, INGOT_EXIT_USAGE, "", cases[i][2]);
        assert_null(strstr(o.err, "hunter2"));
    }
    OUTCOME alias = RUN("--enable", "ssh-hostkeys", "/no/such");
    assert_says(&alias, INGOT_EXIT_SEAL, "", "No such file");
    OUTCOME exists = RUN("--copy", f->keys, f->image);
    assert_says(&exists, INGOT_EXIT_OUTPUT, "", "is there already");
    assert_untouched(f);
}

/* ---- what leaves the image as it is ---- */

static void dry_run(void **state)
{
    const struct fixture *f = *state;
    g_autofree char *copy_in = g_strconcat(f->dir, ":/opt", NULL);
    OUTCOME o = RUN("--dry-run", "--run", f->bad_script, "--copy-in", copy_in, "--install", "tree",
                    "--hostname", "silver", f->image);
    assert_says(&o, INGOT_EXIT_OK, "ssh-host-keys            remove  /etc/ssh/ssh_host_rsa_key",
                "");
    assert_says(&o, INGOT_EXIT_OK, "customise                copy    /opt/dir", "");
    assert_says(&o, INGOT_EXIT_OK, "customise                install tree", "");
    assert_says(&o, INGOT_EXIT_OK, "/bad.sh", "");
    assert_says(&o, INGOT_EXIT_OK, "customise                write   /etc/hostname", "");
    assert_untouched(f);
}

static void failing_script(void **state)
{
    const struct fixture *f = *state;
    g_autofree char *shell = g_strconcat(f->tools, "/sh:/bin", NULL);
    OUTCOME o = RUN("--copy-in", shell, "--run", f->bad_script, f->image);
    assert_says(&o, INGOT_EXIT_SEAL, "", "bad.sh exited in the guest with 3:\none\nthe reason");
    assert_untouched(f);
}

/* More than the guest's file system holds. */
static void full_guest(void **state)
{
    const struct fixture *f = *state;
    g_autofree char *path = put(f, "large", "");
    g_autofree char *copy_in = g_strconcat(path, ":/opt", NULL);
    assert_int_equal(truncate(path, 110 << 20), 0);
    OUTCOME o = RUN("--copy-in", copy_in, f->image);
    assert_says(&o, INGOT_EXIT_SEAL, "", "the guest's file system with /opt is full");
    assert_null(strstr(o.err, "cannot read"));
    assert_untouched(f);
    assert_int_equal(g_unlink(path), 0);
}

/* Eve has made her .ssh a link to /etc. */
static void hostile_home(void **state)
{
    const struct fixture *f = *state;
    g_autofree char *key = g_strconcat("eve:", f->keys, NULL);
    OUTCOME o = RUN("--copy", f->copy, "--ssh-key", key, f->image);
    assert_says(&o, INGOT_EXIT_SEAL, "", "/home/eve/.ssh in the guest is not what it should be");
    assert_untouched(f);
}

/* ---- what is killed: the next command is that of the next test ---- */

static gboolean has_open(const char *pid, const char *inode)
{
    g_autofree char *folder = g_strdup_printf("/proc/%s/fd", pid);
    g_autofree char *wanted = g_strdup_printf("socket:[%s]", inode);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    gboolean found = FALSE;
    for (const char *name; dir && !found && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *target = g_file_read_link(path, NULL);
        found = g_strcmp0(target, wanted) == 0;
    }
    return found;
}

/* The directory of libguestfs's sockets in that process, or NULL.  proc(5), /proc/net/unix: inode
 * and path are the last fields of a line. */
static char *sockets_of(const char *pid)
{
    g_autofree char *text = NULL;
    char *found = NULL;
    assert_true(g_file_get_contents("/proc/net/unix", &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line && !found; line++) {
        char *path = strrchr(*line, ' ');
        if (!path || !g_str_has_suffix(path, "/guestfsd.sock"))
            continue;
        *path++ = '\0';
        if (has_open(pid, strrchr(*line, ' ') + 1))
            found = g_path_get_dirname(path);
    }
    return found;
}

static gboolean boots(const char *pid)
{
    gboolean found = FALSE;
    g_autofree char *path = g_strdup_printf("/proc/%s/task/%s/children", pid, pid), *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) children = g_strsplit(g_strstrip(text), " ", -1);
    for (char **child = children; *child && !found; child++) {
        g_autofree char *name = g_strdup_printf("/proc/%s/comm", *child), *comm = NULL;
        found = g_file_get_contents(name, &comm, NULL, NULL) && g_str_has_prefix(comm, "qemu-sys");
    }
    return found;
}

/* Where the sockets of a launch are is up to libguestfs: for root in /tmp. */
static void killed_launch(void **state)
{
    struct fixture *f = *state;
    const char *const args[] = {f->image, NULL};
    g_autoptr(GSubprocess) child = start(f, args);
    gint64 limit = g_get_monotonic_time() + LAUNCH_LIMIT * G_USEC_PER_SEC;
    const char *pid = g_subprocess_get_identifier(child);
    while (!((f->sockets = sockets_of(pid)) && boots(pid)) && g_get_monotonic_time() < limit) {
        g_clear_pointer(&f->sockets, g_free);
        (void)g_poll(NULL, 0, 20);
    }
    g_subprocess_force_exit(child);
    assert_true(g_subprocess_wait(child, NULL, NULL));
    assert_non_null(f->sockets);
    assert_true(g_file_test(f->sockets, G_FILE_TEST_IS_DIR));
    assert_same(f);
}

/* at: 1: at its first rename; 2: at the call after that. */
static void assert_killed(const struct fixture *f, const char *const *args, guint at)
{
    g_autofree char *when = g_strdup_printf("INGOT_FAULT_AT=%u", at);
    const char *const fault[] = {"INGOT_FAULT_FROM=rename", when, NULL};
    g_autoptr(GSubprocess) child = start_faulty(f, args, fault);
    assert_true(g_subprocess_wait(child, NULL, NULL));
    assert_true(g_subprocess_get_if_signaled(child));
    assert_int_equal(g_subprocess_get_term_sig(child), SIGKILL);
}

/* The new image is whole, and the old one has the name. */
static void killed_before_rename(void **state)
{
    const struct fixture *f = *state;
    const char *const args[] = {"--disable", "all", "--root-password", "locked", f->image, NULL};
    assert_killed(f, args, 1);
    assert_same(f);
    assert_int_equal(left_beside(f), 1);
}

static void killed_copy(void **state)
{
    const struct fixture *f = *state;
    const char *const args[] = {"--copy",          f->copy,  "--disable", "all",
                                "--root-password", "locked", f->image,    NULL};
    assert_killed(f, args, 1);
    assert_same(f);
    assert_int_equal(left_beside(f), 1);
}

/* At the sync of the directory's names. */
static void killed_after_rename(void **state)
{
    const struct fixture *f = *state;
    g_autofree char *early = g_strconcat(f->dir, ":/opt/early", NULL);
    const char *const args[] = {"--disable", "all", "--copy-in", early, f->image, NULL};
    const char *const check[] = {"qemu-img", "check", "-q", "-f", "qcow2", f->image, NULL};
    assert_killed(f, args, 2);
    g_autofree char *now = digest(f->image);
    assert_string_not_equal(now, f->digest);
    assert_int_equal(left_beside(f), 0);
    assert_true(spawn_run(check, NULL, NULL, NULL));
}

/* Killed in the middle of the operations: the image is as it was, and nothing lies beside it.
 * Until then no other can change it. */
static void killed(void **state)
{
    const struct fixture *f = *state;
    const char *const args[] = {"--format", "json", f->image, NULL};
    g_autoptr(GSubprocess) child = start(f, args);
    g_autoptr(GDataInputStream) events =
        g_data_input_stream_new(g_subprocess_get_stdout_pipe(child));
    gboolean begun = FALSE;
    for (char *line; !begun && (line = g_data_input_stream_read_line(events, NULL, NULL, NULL));
         g_free(line))
        begun = strstr(line, "operations") != NULL;
    assert_true(begun);
    OUTCOME other = RUN(f->image);
    assert_says(&other, INGOT_EXIT_SEAL, "", "is being changed by another ingot");
    g_subprocess_force_exit(child);
    assert_true(g_subprocess_wait(child, NULL, NULL));
    assert_untouched(f);
    assert_false(g_file_test(f->sockets, G_FILE_TEST_EXISTS));
}

/* ---- what does not ---- */

static void copy(void **state)
{
    const struct fixture *f = *state;
    OUTCOME o = WATCHED("--copy", f->copy, "--root-password", "locked", "--disable", "ssh-hostkeys",
                        "--enable", "user-account", f->image);
    assert_says(&o, INGOT_EXIT_OK, "", "");
    g_autofree char *now = digest(f->image);
    assert_string_equal(now, f->digest);
    assert_int_equal(left_beside(f), 0);
}

/* The cache has no scratch files of any call, killed or not. */
static void assert_no_scratch(const struct fixture *f)
{
    g_autofree char *work = g_build_filename(f->folder, "work", NULL);
    g_autoptr(GDir) dir = g_dir_open(work, 0, NULL);
    assert_non_null(dir);
    assert_null(g_dir_read_name(dir));
}

static void in_place(void **state)
{
    struct stat info;
    const struct fixture *f = *state;
    g_autofree char *shell = g_strconcat(f->tools, "/sh:/bin", NULL);
    g_autofree char *dir = g_strconcat(f->dir, ":/opt/new", NULL);
    g_autofree char *key = g_strconcat("bob:", f->keys, NULL);
    g_autofree char *root_key = g_strconcat("root:", f->keys, NULL);
    g_autofree char *password = g_strconcat("file:", f->password, NULL);
    OUTCOME o = WATCHED("-v", "--copy-in", shell, "--copy-in", dir, "--run", f->good_script,
                        "--root-password", password, "--ssh-key", key, "--ssh-key", root_key,
                        "--hostname", "silver.example", "--enable", "ssh-userdir", f->image);
    assert_says(&o, INGOT_EXIT_OK, "customise", "guest: it runs");
    assert_null(strstr(o.err, PASSWORD));
    assert_int_equal(stat(f->image, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    assert_no_scratch(f);
    assert_int_equal(left_beside(f), 0);
}

/* ---- what came of it: one launch for both images ---- */

static void assert_file(guestfs_h *h, const char *path, const char *text, int mode, int uid,
                        int gid)
{
    g_autofree char *found = guestfs_cat(h, path);
    struct guestfs_statns *info = guestfs_lstatns(h, path);
    assert_non_null(info);
    if (text)
        assert_string_equal(found, text);
    assert_int_equal(info->st_mode & 07777, mode);
    assert_int_equal(info->st_uid, uid);
    assert_int_equal(info->st_gid, gid);
    guestfs_free_statns(info);
}

static void check_in_place(guestfs_h *h)
{
    g_autofree char *shadow = guestfs_cat(h, "/etc/shadow");
    assert_true(g_str_has_prefix(shadow, "root:$y$"));
    assert_null(strstr(shadow, "$y$old"));
    assert_non_null(strstr(shadow, ":20000:0:99999:7:::\nbob:!:20000:"));
    assert_file(h, "/etc/shadow", NULL, 0640, 0, 0);
    assert_file(h, "/srv/bob/.ssh/authorized_keys", "# mine\n" KEY "\n", 0600, 1000, 1001);
    assert_file(h, "/root/.ssh/authorized_keys", "# mine\n" KEY "\n", 0600, 0, 0);
    assert_file(h, "/etc/hostname", "silver.example\n", 0644, 0, 0);
    assert_file(h, "/etc/hosts",
                "127.0.0.1\tlocalhost\n127.0.1.1\tsilver.example\tsilver goldener\n", 0644, 0, 0);
    assert_file(h, "/opt/new/dir/file with a name", "text\n", 0644, 0, 0);
    g_autofree char *link = guestfs_readlink(h, "/opt/new/dir/link");
    assert_string_equal(link, "no such file");
    assert_int_equal(guestfs_exists(h, "/opt/early/dir"), 1);
    assert_file(h, "/root/ran", "done\n", 0644, 0, 0);
    assert_file(h, "/etc/machine-id", "", 0444, 0, 0);
    g_auto(GStrv) left = guestfs_glob_expand(h, "/{tmp/{*,.ingot*},var/tmp/*,etc/ssh/*_key}");
    assert_null(*left);
    assert_int_equal(guestfs_exists(h, "/.autorelabel"), 1);
}

static void check_copy(guestfs_h *h)
{
    assert_file(h, "/etc/shadow", "root:!:20000:0:99999:7:::\n", 0640, 0, 0);
    assert_file(h, "/etc/passwd", "root:x:0:0::/root:/bin/sh\n", 0644, 0, 0);
    assert_file(h, "/etc/ssh/ssh_host_rsa_key", "x\n", 0600, 0, 0);
    assert_file(h, "/etc/hostname", "golden\n", 0644, 0, 0);
    assert_int_equal(guestfs_exists(h, "/home/eve"), 0);
    assert_int_equal(guestfs_exists(h, "/srv/bob"), 1); /* no home of a person, by its place */
}

static void outcomes(void **state)
{
    const struct fixture *f = *state;
    char *images[] = {f->image, f->copy, NULL};
    guestfs_h *h = phony_appliance(images, FALSE);
    assert_int_equal(guestfs_mount_ro(h, "/dev/sda1", "/"), 0);
    check_in_place(h);
    assert_int_equal(guestfs_umount_all(h), 0);
    assert_int_equal(guestfs_mount_ro(h, "/dev/sdb1", "/"), 0);
    check_copy(h);
    phony_appliance_end(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(usage),
                                       cmocka_unit_test(dry_run),
                                       cmocka_unit_test(failing_script),
                                       cmocka_unit_test(hostile_home),
                                       cmocka_unit_test(full_guest),
                                       cmocka_unit_test(killed_launch),
                                       cmocka_unit_test(killed_before_rename),
                                       cmocka_unit_test(killed),
                                       cmocka_unit_test(killed_copy),
                                       cmocka_unit_test(copy),
                                       cmocka_unit_test(killed_after_rename),
                                       cmocka_unit_test(in_place),
                                       cmocka_unit_test(outcomes)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
