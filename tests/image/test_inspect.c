/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../unit/test.h"

#include "base/error.h"
#include "base/files.h"

#include <gio/gio.h>
#include <guestfs.h>
#include <jansson.h>
#include <string.h>

/* `ingot inspect` on disks that one launch of libguestfs has made: a used machine, a clean one, and
 * odd ones. */

#define DISK_BYTES (96ll << 20)
#define UUID       "5f0c0de0-1111-4222-8333-444455556666"
#define HEX        "0123456789abcdef"
#define BODY       HEX HEX HEX HEX HEX HEX "\n"
/* In two pieces, so that nobody takes this file for a leak. */
#define KEY                                                                                        \
    "-----BEGIN RSA PRIVATE "                                                                      \
    "KEY-----\n" BODY
#define GITHUB                                                                                     \
    "gh"                                                                                           \
    "p_" HEX HEX "abcd"
#define AWS                                                                                        \
    "AK"                                                                                           \
    "IAABCDEFGHIJKLMNOP"

struct entry {
    const char *path;
    int mode;
    const char *text; /* "-> target": a symbolic link */
};

static const struct entry clean[] = {
    {"/etc/os-release", 0644,
     "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nVERSION_ID=\"13\"\n"},
    {"/etc/debian_version", 0644, "13.1\n"},
    {"/etc/hostname", 0644, "golden\n"},
    {"/etc/machine-id", 0444, ""},
    {"/etc/fstab", 0644, "UUID=" UUID " / ext4 errors=remount-ro 0 1\n"},
    {"/etc/passwd", 0644, "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:d:/:/usr/sbin/nologin\n"},
    {"/etc/shadow", 0640, "root:$y$j9T$abc$def:20000:0:99999:7:::\ndaemon:*:20000:0:99999:7:::\n"},
    {"/etc/localtime", 0777, "-> /usr/share/zoneinfo/Europe/Berlin"},
    {"/etc/default/locale", 0644, "LANG=en_US.UTF-8\n"},
    {"/etc/network/interfaces", 0644, "auto eth0\niface eth0 inet dhcp\n"},
    {"/etc/ssh/sshd_config", 0644, "#PermitRootLogin yes\nUsePAM yes\n"},
    {"/etc/sudoers", 0440, "# NOPASSWD: is not given\nroot ALL=(ALL) ALL\n"},
    {"/etc/systemd/system/multi-user.target.wants/ssh.service", 0777,
     "-> /usr/lib/systemd/system/ssh.service"},
    {"/usr/lib/systemd/systemd", 0755, ""},
    {"/usr/local/lib/tests/key.pem", 0644, KEY},
    {"/bin/sh", 0755, ""},
    {"/boot/vmlinuz-6.12", 0644, "x"},
    {"/boot/grub/grub.cfg", 0644,
     "menuentry 'x' {\n\tlinux /boot/vmlinuz-6.12 root=UUID=" UUID " ro console=ttyS0,115200\n}\n"},
    {"/var/lib/dpkg/status", 0644,
     "Package: base-files\nStatus: install ok installed\nArchitecture: amd64\nVersion: 13\n\n"},
    {"/var/log/empty.log", 0644, ""},
    {NULL, 0, NULL},
};

/* Each with the rule that it breaks; NULL: it must not hurt. */
static const struct {
    const char *rule;
    struct entry entry;
} dirt[] = {
    {"swap-file", {"/swapfile", 0600, "x"}},
    {"swap-unit", {"/etc/systemd/system/dev-vdb.swap", 0644, "[Swap]\n"}},
    {"resume-device", {"/etc/default/grub", 0644, "GRUB_CMDLINE_LINUX=\"resume=/dev/vda5\"\n"}},
    {"fstab-swap",
     {"/etc/fstab", 0644, "\001\377 garbage\n\n/dev/vda5 none swap sw 0 0\n/dev/vda9\n#\n  x y\n"}},
    {"fstab-root-by-uuid", {"/etc/.fstab", 0644, ""}}, /* the same */
    {"machine-id", {"/etc/machine-id", 0444, HEX HEX "\n"}},
    {"ssh-host-key", {"/etc/ssh/ssh_host_rsa_key", 0600, KEY}},
    {"nic-address", {"/etc/netplan/a.yaml", 0600, "  macaddress: 52:54:00:6b:1d:9e\n"}},
    {"nic-name", {"/etc/udev/rules.d/70-persistent-net.rules", 0644, "x"}},
    {"installer-leavings", {"/root/preseed.cfg", 0600, "x"}},
    {"debconf-password", {"/var/cache/debconf/passwords.dat", 0600, "Value: x\n"}},
    {"empty-password", {"/etc/shadow", 0640, "root::20000:0:99999:7:::\n"}},
    {"empty-password", {"/etc/passwd", 0644, "guest::1000:1000:x:/:/bin/sh\n"}},
    {"random-seed", {"/var/lib/systemd/random-seed", 0600, "x"}},
    {"dhcp-lease", {"/var/lib/dhcp/dhclient.leases", 0644, "x"}},
    {"cloud-init-data", {"/var/lib/cloud/instance/user-data.txt", 0600, "x"}},
    {"shell-history", {"/home/me/.bash_history", 0600, "ls\n"}},
    {"boot-loader", {"/boot/grub/grub.cfg", 0, NULL}}, /* removed */
    {"serial-console", {"/boot/grub/.none", 0644, ""}},
    {"sudo-nopasswd", {"/etc/sudoers.d/me", 0440, "me ALL=(ALL) NOPASSWD: ALL\n"}},
    {"ssh-root-password", {"/etc/ssh/sshd_config.d/a.conf", 0644, "permitrootlogin Yes\n"}},
    {"world-writable", {"/usr/bin/tool", 0777, "x"}},
    {"set-id-file", {"/home/me/su", 04755, "x"}},
    {"log-leftover", {"/var/log/syslog", 0640, "x"}},
    {"private-key", {"/home/me/.ssh/id_rsa", 0600, KEY}},
    {"snakeoil-key", {"/etc/ssl/private/ssl-cert-snakeoil.key", 0640, KEY}},
    {"access-token", {"/opt/app/settings", 0644, "token=" GITHUB "\n"}},
    {"access-token", {"/srv/env", 0644, "AWS_ACCESS_KEY_ID=" AWS "\n"}},
    {"credentials-file", {"/root/.netrc", 0600, "machine x login me password horse\n"}},
    {"credentials-file",
     {"/root/.docker/config.json", 0600, "{\"auths\":{\"r\":{\"auth\":\"eDp5\"}}}"}},
    {"credentials-file", {"/root/.pgpass", 0600, "host:5432:db:me:horse\n"}},
    {"credentials-file", {"/root/.my.cnf", 0600, "[client]\npassword = horse\n"}},
    {"url-password", {"/etc/apt/sources.list", 0644, "deb https://me:horse@mirror.test/ x y\n"}},
    {"authorized-keys",
     {"/root/.ssh/authorized_keys", 0600, "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB me\n"}},
    {NULL, {"/etc/netplan/loop.yaml", 0777, "-> loop.yaml"}},
    {NULL, {"/etc/apt/auth.conf", 0777, "-> auth.conf"}},
    {NULL, {"/etc/locale.conf", 0777, "-> /etc/../etc/locale.conf"}},
    {NULL, {"/var/log/round", 0777, "-> ."}},
    {NULL, {"/etc/group", 0777, "-> /dev/zero"}},
    {"world-writable", {"/etc/evil\n\033[2J %\"\\name", 0666, ""}},
};

static const char *const names[] = {"used", "clean", "lvm", "windows", "unknown", "empty"};
enum { USED, CLEAN, LVM, WINDOWS, UNKNOWN, EMPTY, DISKS };

struct fixture {
    char *folder;
    char *disks[DISKS];
};

static void must(gboolean good, const char *what, guestfs_h *h)
{
    if (!good)
        g_error("cannot %s: %s", what, h ? guestfs_last_error(h) : "");
}

static void put(guestfs_h *h, const struct entry *e)
{
    g_autofree char *directory = g_path_get_dirname(e->path);
    gboolean link = e->text && g_str_has_prefix(e->text, "-> ");
    must(guestfs_mkdir_p(h, directory) == 0 && guestfs_rm_f(h, e->path) == 0, e->path, h);
    if (link)
        must(guestfs_ln_s(h, e->text + strlen("-> "), e->path) == 0, e->path, h);
    else if (e->text)
        must(guestfs_write(h, e->path, e->text, strlen(e->text)) == 0 &&
                 guestfs_chmod(h, e->mode, e->path) == 0,
             e->path, h);
}

static void make_clean(guestfs_h *h, const char *device)
{
    must(guestfs_mkfs(h, "ext4", device) == 0 && guestfs_set_uuid(h, device, UUID) == 0 &&
             guestfs_mount(h, device, "/") == 0,
         "make a file system", h);
    for (const struct entry *e = clean; e->path; e++)
        put(h, e);
}

/* What a search must not read: it would take minutes, and its name is a pattern of tar. */
static void make_large(guestfs_h *h)
{
    static const char *const paths[] = {"/var/log/large", "/home/large[1]*\\", NULL};
    for (const char *const *path = paths; *path; path++)
        must(guestfs_touch(h, *path) == 0 && guestfs_truncate_size(h, *path, 10ll << 30) == 0,
             "make a sparse file", h);
}

/* What file(1) takes for a program of x86-64: the headers of PE. */
static const char program[512] = {
    [0] = 'M',    [1] = 'Z',       [0x3c] = '\x80', [0x80] = 'P',    [0x81] = 'E',
    [0x84] = 'd', [0x85] = '\x86', [0x86] = 1,      [0x94] = '\xf0', [0x96] = '\x22',
    [0x98] = 11,  [0x99] = 2,      [0xdc] = 3};

static void fill(guestfs_h *h)
{
    static char *const devices[] = {(char *)"/dev/sdc1", NULL};
    for (int i = USED; i <= UNKNOWN; i++) {
        g_autofree char *disk = g_strdup_printf("/dev/sd%c", 'a' + i);
        must(guestfs_part_disk(h, disk, "mbr") == 0, "partition", h);
    }
    make_clean(h, "/dev/sda1");
    for (gsize i = 0; i < G_N_ELEMENTS(dirt); i++)
        put(h, &dirt[i].entry);
    make_large(h);
    must(guestfs_umount_all(h) == 0, "unmount", h);
    make_clean(h, "/dev/sdb1");
    must(guestfs_umount_all(h) == 0 && guestfs_pvcreate(h, "/dev/sdc1") == 0 &&
             guestfs_vgcreate(h, "vg", devices) == 0 && guestfs_lvcreate(h, "root", "vg", 64) == 0,
         "make a volume", h);
    make_clean(h, "/dev/vg/root");
    must(guestfs_umount_all(h) == 0 && guestfs_mkfs(h, "vfat", "/dev/sdd1") == 0 &&
             guestfs_mount(h, "/dev/sdd1", "/") == 0 &&
             guestfs_mkdir_p(h, "/Windows/System32/config") == 0 &&
             guestfs_write(h, "/Windows/System32/cmd.exe", program, sizeof program) == 0 &&
             guestfs_umount_all(h) == 0 &&
             guestfs_pwrite_device(h, "/dev/sde1", BODY, strlen(BODY), 1024) > 0,
         "make the others", h);
}

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->folder = g_dir_make_tmp("ingot-inspect-XXXXXX", NULL);
    guestfs_h *h = guestfs_create();
    must(h && guestfs_set_backend(h, "direct") == 0 &&
             guestfs_set_backend_setting(h, "force_tcg", "1") == 0,
         "set up libguestfs", h);
    for (gsize i = 0; i < DISKS; i++) {
        f->disks[i] = g_strdup_printf("%s/%s.qcow2", f->folder, names[i]);
        must(guestfs_disk_create(h, f->disks[i], "qcow2", DISK_BYTES, -1) == 0 &&
                 guestfs_add_drive_opts(h, f->disks[i], GUESTFS_ADD_DRIVE_OPTS_FORMAT, "qcow2",
                                        GUESTFS_ADD_DRIVE_OPTS_CACHEMODE, "unsafe", -1) == 0,
             "make a disk", h);
    }
    must(guestfs_launch(h) == 0, "launch libguestfs", h);
    fill(h);
    must(guestfs_shutdown(h) == 0, "shut down", h);
    guestfs_close(h);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    files_remove_tree(f->folder);
    for (gsize i = 0; i < DISKS; i++)
        g_free(f->disks[i]);
    g_free(f->folder);
    g_free(f);
    return 0;
}

/* ---- the program ---- */

struct outcome {
    int code;
    char *out, *err;
};

static void outcome_clear(struct outcome *o)
{
    g_free(o->out);
    g_free(o->err);
}

static struct outcome inspect(const struct fixture *f, const char *image, const char *format)
{
    struct outcome o = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_subprocess_launcher_setenv(launcher, "INGOT_CACHE", f->folder, TRUE);
    g_autoptr(GSubprocess) child =
        g_subprocess_launcher_spawn(launcher, &error, g_getenv("INGOT_TEST_PROGRAM"), "inspect",
                                    image, "--format", format, NULL);
    assert_no_error(error);
    assert_true(g_subprocess_communicate_utf8(child, NULL, NULL, &o.out, &o.err, &error));
    assert_no_error(error);
    assert_true(g_subprocess_get_if_exited(child));
    o.code = g_subprocess_get_exit_status(child);
    return o;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (!text)
        fail_msg("there is no text %s", key);
    return text;
}

/* ---- a used machine, as SARIF ---- */

static gboolean is_rule(const json_t *rules, const char *id, json_int_t index)
{
    const json_t *rule = json_array_get(rules, (size_t)index);
    return rule && strcmp(text_of(rule, "id"), id) == 0;
}

/* Sections 3.27 and 3.28 of SARIF 2.1.0. */
static void assert_result(const json_t *rules, const json_t *result)
{
    static const char *const levels[] = {"none", "note", "warning", "error", NULL};
    const json_t *place =
        json_object_get(json_object_get(json_array_get(json_object_get(result, "locations"), 0),
                                        "physicalLocation"),
                        "artifactLocation");
    assert_true(is_rule(rules, text_of(result, "ruleId"),
                        json_integer_value(json_object_get(result, "ruleIndex"))));
    assert_true(g_strv_contains(levels, text_of(result, "level")));
    assert_true(*text_of(json_object_get(result, "message"), "text"));
    const char *uri = text_of(place, "uri");
    assert_true(*uri != '/');
    for (const char *c = uri; *c; c++)
        assert_true(*c > 0x20 && *c < 0x7f && !strchr("\"\\<>^`{|}", *c));
}

static void assert_sarif(const json_t *log)
{
    const json_t *run = json_array_get(json_object_get(log, "runs"), 0);
    const json_t *driver = json_object_get(json_object_get(run, "tool"), "driver");
    const json_t *rules = json_object_get(driver, "rules"), *results, *one;
    size_t i;
    assert_non_null(strstr(text_of(log, "$schema"), "sarif"));
    assert_string_equal(text_of(log, "version"), "2.1.0");
    assert_string_equal(text_of(driver, "name"), "ingot");
    assert_true(json_array_size(rules) > 20);
    json_array_foreach((json_t *)rules, i, one)
    {
        (void)text_of(one, "id");
        (void)text_of(json_object_get(one, "shortDescription"), "text");
    }
    results = json_object_get(run, "results");
    json_array_foreach((json_t *)results, i, one) assert_result(rules, one);
}

static gboolean is_told(const json_t *log, const char *rule, const char *part)
{
    const json_t *run = json_array_get(json_object_get(log, "runs"), 0), *one;
    size_t i;
    json_array_foreach(
        json_object_get(run, "results"), i,
        one) if (strcmp(text_of(one, "ruleId"), rule) == 0 &&
                 strstr(text_of(json_object_get(one, "message"), "text"), part)) return TRUE;
    return FALSE;
}

/* What a finding says of an entry: mostly its path. */
static const char *sign_of(const char *rule, const char *path)
{
    static const char *const without[] = {"fstab-root-by-uuid", "boot-loader",     "serial-console",
                                          "empty-password",     "cloud-init-data", NULL};
    return g_strv_contains(without, rule) || strchr(path, '\n') ? "" : path;
}

static void assert_all_told(const json_t *log, const char *out)
{
    for (gsize i = 0; i < G_N_ELEMENTS(dirt); i++) {
        const char *rule = dirt[i].rule, *path = dirt[i].entry.path;
        if (rule && !is_told(log, rule, sign_of(rule, path)))
            fail_msg("%s of %s is not in\n%s", rule, path, out);
    }
    assert_true(is_told(log, "not-searched", "/var/log/large"));
    assert_true(is_told(log, "not-searched", "/home/large[1]*\\"));
    assert_null(strstr(out, "horse"));
    assert_null(strstr(out, HEX));
    assert_null(strstr(out, "usr/local/lib/tests"));
}

static void a_used_machine(void **state)
{
    const struct fixture *f = *state;
    g_autofree char *before = NULL, *after = NULL;
    gsize length, length_after;
    assert_true(g_file_get_contents(f->disks[USED], &before, &length, NULL));
    gint64 start = g_get_monotonic_time();
    struct outcome o = inspect(f, f->disks[USED], "sarif");
    gint64 seconds = (g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    json_t *log = json_loads(o.out, 0, NULL);
    if (o.code != INGOT_EXIT_POLICY || !log)
        fail_msg("exit %d\n%s\n%s", o.code, o.out, o.err);
    assert_sarif(log);
    assert_all_told(log, o.out);
    assert_true(seconds < 90); /* ten gibibytes of nothing are not read */
    assert_true(g_file_get_contents(f->disks[USED], &after, &length_after, NULL));
    assert_int_equal(length, length_after);
    assert_memory_equal(before, after, length);
    json_decref(log);
    outcome_clear(&o);
}

/* ---- the others ---- */

static void a_clean_machine(void **state)
{
    static const char *const lines[] = {"Debian GNU/Linux 13 (trixie)\n",
                                        "golden\n",
                                        "/boot/vmlinuz-6.12\n",
                                        "Europe/Berlin\n",
                                        "en_US.UTF-8\n",
                                        "1 installed\n",
                                        " grub\n",
                                        " ro console=ttyS0,115200\n",
                                        "/bin/bash, has password\n",
                                        "ssh.service          multi-user.target\n",
                                        "ifupdown             /etc/network/interfaces\n",
                                        "errors: 0, warnings: 0, notes: 0\n",
                                        NULL};
    struct outcome o = inspect(*state, ((struct fixture *)*state)->disks[CLEAN], "text");
    if (o.code != INGOT_EXIT_OK)
        fail_msg("exit %d\n%s\n%s", o.code, o.out, o.err);
    for (const char *const *line = lines; *line; line++)
        if (!strstr(o.out, *line))
            fail_msg("'%s' is not in\n%s", *line, o.out);
    assert_null(strstr(o.out, "daemon"));
    outcome_clear(&o);
}

static void volumes(void **state)
{
    struct outcome o = inspect(*state, ((struct fixture *)*state)->disks[LVM], "json");
    json_t *all = json_loads(o.out, 0, NULL);
    if (o.code != INGOT_EXIT_POLICY || !all)
        fail_msg("exit %d\n%s\n%s", o.code, o.out, o.err);
    assert_true(json_is_false(json_object_get(all, "clean")));
    assert_non_null(json_object_get(json_object_get(all, "sections"), "system"));
    assert_non_null(strstr(o.out, "/dev/sda1, with LVM2_member"));
    assert_non_null(strstr(o.out, "on /dev/vg/root"));
    json_decref(all);
    outcome_clear(&o);
}

static void assert_refused(const struct fixture *f, const char *image, const char *says)
{
    struct outcome o = inspect(f, image, "text");
    if (o.code != INGOT_EXIT_SEAL || !strstr(o.err, says))
        fail_msg("%s: exit %d, '%s' does not say '%s'", image, o.code, o.err, says);
    assert_string_equal(o.out, "");
    outcome_clear(&o);
}

static void windows_is_named(void **state)
{
    assert_refused(*state, ((struct fixture *)*state)->disks[WINDOWS], "of type windows");
}

static void nothing_known(void **state)
{
    const struct fixture *f = *state;
    assert_refused(f, f->disks[UNKNOWN], "/dev/sda1 (unknown)");
    assert_refused(f, f->disks[EMPTY], "there is no operating system");
}

static void no_image(void **state)
{
    const struct fixture *f = *state;
    g_autofree char *raw = g_build_filename(f->folder, "raw", NULL);
    assert_true(g_file_set_contents(raw, BODY, -1, NULL));
    assert_refused(f, raw, "is not a qcow2 image");
    assert_refused(f, "/no/such", "cannot open the image");
    assert_refused(f, f->folder, "is not a qcow2 image");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_image),         cmocka_unit_test(a_used_machine),
        cmocka_unit_test(a_clean_machine),  cmocka_unit_test(volumes),
        cmocka_unit_test(windows_is_named), cmocka_unit_test(nothing_known)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
