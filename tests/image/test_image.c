/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../unit/test.h"

#include "base/error.h"
#include "base/spawn.h"
#include "image/appliance.h"
#include "inspect/policy.h"
#include "phony.h"
#include "sysprep/sysprep.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

static const char *const packages[] = {"vim", "screen", NULL};
static const char *const macs[] = {PHONY_MAC, NULL};
static const char *const texts[] = {PHONY_PASSWORD, NULL};
static const struct inspect_spec asked = {
    .required_packages = packages, .forbidden_macs = macs, .forbidden_texts = texts};

struct fixture {
    struct phony_disks disks;
    char *sealed;
    image_file *own;          /* the same */
    struct sysprep_spec spec; /* for the sealed image */
    guest *g;                 /* the sealed image, open again */
};

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    phony_make(&f->disks);
    f->sealed = phony_overlay(&f->disks, f->disks.debian, "sealed.qcow2");
    f->own = image_own(f->sealed);
    f->spec = (struct sysprep_spec){.open.image = f->own, .open.force_tcg = TRUE, .wanted = asked};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    guest_close(f->g);
    image_close(f->own);
    phony_remove(&f->disks);
    g_free(f->sealed);
    g_free(f);
    return 0;
}

/* ---- a used machine becomes a template ---- */

static gboolean guest_is_of_deb(const sysprep_operation *op)
{
    return !op->families || g_strv_contains(op->families, "deb") ||
           g_strv_contains(op->families, "debian");
}

static void seals(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    g_autoptr(guest_facts) facts = NULL;
    assert_true(sysprep_image(&f->spec, NULL, NULL, &facts, &error));
    assert_no_error(error);
    assert_string_equal(facts->type, "linux");
    assert_string_equal(facts->distro, "debian");
    assert_string_equal(facts->product, "Debian GNU/Linux 13 (trixie)");
    assert_string_equal(facts->arch, "x86_64");
    assert_string_equal(facts->hostname, "golden");
    assert_string_equal(facts->root_filesystem, "ext4");
    assert_int_equal(facts->major, 13);
    assert_int_equal(facts->minor, 1);
    assert_int_equal(facts->disk_size, 96 << 20);
    assert_int_equal(facts->packages->len, 3);
    const struct guest_package *vim = g_ptr_array_index(facts->packages, 2);
    assert_string_equal(vim->name, "vim");
    assert_string_equal(vim->version, "2:9.1.1230-2");
    guint n = 0;
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++)
        n += !(*op)->off && guest_is_of_deb(*op);
    assert_int_equal(facts->operations->len, n);
}

static void opens_again(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    f->g = guest_open(&f->spec.open, NULL, NULL, &error);
    assert_no_error(error);
    assert_true(guest_inspect(f->g, &error));
    assert_true(guest_measure(f->g, &error));
    assert_true(inspect_policy(f->g, &f->spec.wanted, &error));
    assert_no_error(error);
}

static void leavings_are_gone(void **state)
{
    struct fixture *f = *state;
    g_auto(GStrv) left = guest_glob(
        f->g,
        "/{etc/ssh/ssh_host_*,etc/udev/rules.d/70*,etc/shadow-,preseed.cfg,root/.bash_history,"
        "root/.lesshst,home/*/.*_history,tmp/*,tmp/.h*,var/tmp/*,var/lib/dhcp/*,var/lib/dhcpcd/*,"
        "var/lib/NetworkManager/*,var/lib/systemd/{random-seed,credential.secret},var/lib/apt/"
        "lists/*_*,var/cache/apt/*.bin,"
        "var/cache/apt/archives/*.deb,var/cache/debconf/*-old,var/log/installer,"
        "var/log/journal/*,var/log/*.1,var/log/*.gz}",
        NULL);
    assert_non_null(left);
    if (*left)
        fail_msg("%s was left", *left);
}

static void assert_text(guest *g, const char *path, const char *text)
{
    g_autofree char *found = NULL;
    assert_true(guest_read(g, path, &found, NULL));
    assert_non_null(found);
    assert_string_equal(found, text);
}

static void assert_mode(guest *g, const char *path, unsigned mode)
{
    struct guestfs_statns *info = guestfs_lstatns(g->appliance->h, path);
    assert_non_null(info);
    assert_int_equal(info->st_mode, mode);
    guestfs_free_statns(info);
}

static void the_rest_stays(void **state)
{
    guest *g = ((struct fixture *)*state)->g;
    assert_text(g, "/etc/ssh/sshd_config", "UsePAM yes\n");
    assert_text(g, "/root/.bashrc", "umask 022\n");
    assert_text(g, "/home/admin/notes", "the password is not here\n");
    assert_text(g, "/var/cache/debconf/config.dat", "Name: tzdata/Areas\nValue: Etc\n");
    assert_text(g, "/etc/apt/apt.conf", "APT::Keep \"1\";\n");
    assert_text(g, "/var/log/syslog", "");
    assert_mode(g, "/var/log/syslog", S_IFREG | 0640);
    assert_mode(g, "/var/log/wtmp", S_IFREG | 0664);
    assert_mode(g, "/var/log/private", S_IFDIR | 0700);
    assert_mode(g, "/var/log/README", S_IFLNK | 0777);
    assert_mode(g, "/var/log/journal", S_IFDIR | 0755);
    assert_mode(g, "/tmp", S_IFDIR | 01777);
    assert_mode(g, "/var/tmp", S_IFDIR | 01777);
    assert_mode(g, "/var/lib/apt/lists/partial", S_IFDIR | 0700);
    assert_mode(g, "/etc/netplan/50-cloud-init.yaml", S_IFREG | 0600);
}

static const sysprep_operation *operation_of(const char *name)
{
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++)
        if (strcmp((*op)->name, name) == 0)
            return *op;
    fail_msg("there is no operation %s", name);
    return NULL;
}

/* Each operation removes what it is for and nothing like it; one that is off does nothing. */
static void samples_are_told_apart(void **state)
{
    guest *g = ((struct fixture *)*state)->g;
    for (const struct phony_sample *s = phony_samples; s->operation; s++) {
        g_autofree char *gone = g_strconcat("/", s->gone, NULL);
        g_autofree char *stays = g_strconcat("/", s->stays, NULL);
        gboolean there = guestfs_exists(g->appliance->h, gone) > 0;
        if (there != operation_of(s->operation)->off)
            fail_msg("%s %s %s", s->operation, there ? "has left" : "has removed", gone);
        assert_text(g, stays, PHONY_STAYS);
    }
}

static void identity_is_made_anew(void **state)
{
    guest *g = ((struct fixture *)*state)->g;
    assert_text(g, "/etc/machine-id", "");
    assert_mode(g, "/etc/machine-id", S_IFREG | 0444);
    g_autofree char *target = guestfs_readlink(g->appliance->h, "/var/lib/dbus/machine-id");
    assert_string_equal(target, "/etc/machine-id");
    g_autofree char *wanted = guestfs_readlink(
        g->appliance->h, "/etc/systemd/system/multi-user.target.wants/ingot-ssh-host-keys.service");
    assert_string_equal(wanted, "/etc/systemd/system/ingot-ssh-host-keys.service");
    assert_mode(g, wanted, S_IFREG | 0644);
    assert_text(g, "/etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n");
    assert_text(g, "/etc/systemd/network/10-lan.network",
                "[Match]\nType=ether\n[Network]\nDHCP=yes\n");
    assert_text(g, "/etc/NetworkManager/system-connections/wired.nmconnection",
                "[connection]\nid=wired\ntype=ethernet\n[ethernet]\n[ipv4]\nmethod=auto\n");
}

/* ---- the policy, on the same appliance: one thing is made wrong and put right again ---- */

struct fault {
    const inspect_check *check;
    const char *path, *text, *says;
};

static const struct fault faults[] = {
    {&check_swap, "/swapfile", "x", "there is a swap file: /swapfile"},
    {&check_swap, "/swap.img", "x", "there is a swap file: /swap.img"},
    {&check_swap, "/etc/systemd/system/dev-vdb.swap", "[Swap]\n", "a systemd unit for swap"},
    {&check_swap, "/etc/initramfs-tools/initramfs.conf", "RESUME=UUID=5f0c\n", "RESUME="},
    {&check_swap, "/etc/default/grub", "GRUB_CMDLINE_LINUX=\"quiet resume=/dev/vda5\"\n",
     "resume="},
    {&check_fstab, "/etc/fstab",
     "UUID=5f0c0de0-1111-4222-8333-444455556666 / ext4 x 0 1\n"
     "/dev/vda5 none swap sw 0 0\n",
     "a swap line: /dev/vda5"},
    {&check_fstab, "/etc/fstab", "/dev/vda1 / ext4 x 0 1\n", "not by UUID"},
    {&check_fstab, "/etc/fstab", "UUID=1234 / ext4 x 0 1\n", "by the UUID 1234"},
    {&check_identity, "/etc/machine-id", "0123456789abcdef0123456789abcdef\n", "every clone"},
    {&check_identity, "/etc/ssh/ssh_host_rsa_key", "PRIVATE", "an SSH host key was left"},
    {&check_identity, "/etc/udev/rules.d/70-persistent-net.rules", "x", "one network card"},
    {&check_identity, "/etc/network/interfaces", "hwaddress ether 02:00:00:00:00:01\n",
     "/etc/network/interfaces has a MAC address"},
    {&check_build_traces, "/root/preseed.cfg", "x", "the installer's /root/preseed.cfg was left"},
    {&check_build_traces, "/var/cache/debconf/passwords.dat", "Value: x\n", "holds a password"},
    {&check_build_traces, "/etc/shadow", "root::1:0:99999:7:::\n", "root has an empty password"},
    {&check_build_traces, "/etc/passwd", "guest::1000:1000:x:/:/bin/sh\n",
     "guest has an empty password"},
    {&check_build_traces, "/var/lib/any", "a " PHONY_PASSWORD " b",
     "a secret of the build is in "
     "/var/lib/any"},
    {&check_build_traces, "/etc/any", "mac 52-54-00-6B-1D-9E",
     "of the build's machine is in /etc/any"},
};

static void assert_broken(guest *g, const struct fault *fault)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) broken = inspect_findings_new();
    assert_true(fault->check->run(g, &asked, broken, &error));
    assert_no_error(error);
    const struct inspect_finding *finding = broken->len ? g_ptr_array_index(broken, 0) : NULL;
    if (broken->len != 1)
        fail_msg("%s: found %u, '%s'", fault->says, broken->len, finding ? finding->text : "");
    if (!strstr(finding->text, fault->says) || strstr(finding->text, PHONY_PASSWORD))
        fail_msg("'%s' is not '%s'", finding->text, fault->says);
    assert_int_equal(finding->rule->level, INSPECT_ERROR);
    assert_string_equal(finding->path, fault->path);
}

static void faults_are_found(void **state)
{
    guest *g = ((struct fixture *)*state)->g;
    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *before = NULL;
        assert_true(guest_read(g, faults[i].path, &before, NULL));
        assert_true(guest_write_file(g, faults[i].path, faults[i].text, NULL));
        assert_broken(g, &faults[i]);
        if (before)
            assert_true(guest_write_file(g, faults[i].path, before, NULL));
        else
            assert_int_equal(guestfs_rm_f(g->appliance->h, faults[i].path), 0);
    }
    assert_true(inspect_policy(g, &asked, NULL));
}

/* A guest can hold anything under any name. */
static void hostile_files_are_passed_over(void **state)
{
    guest *g = ((struct fixture *)*state)->g;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    assert_int_equal(guestfs_mkfifo(g->appliance->h, 0600, "/etc/netplan/pipe.yaml"), 0);
    assert_int_equal(guestfs_mkdir(g->appliance->h, "/etc/netplan/dir.yaml"), 0);
    assert_int_equal(guestfs_ln_s(g->appliance->h, "loop.yaml", "/etc/netplan/loop.yaml"), 0);
    assert_int_equal(guestfs_mkfifo(g->appliance->h, 0600, "/var/log/pipe"), 0);
    assert_int_equal(guestfs_mkdir_p(g->appliance->h, "/usr/lib/systemd/libsystemd-shared-999.so"),
                     0);
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++)
        if (!sysprep_operation_run(*op, g, &error))
            fail_msg("%s: %s", (*op)->name, error->message);
    assert_true(inspect_policy(g, &asked, &error));
    assert_true(guest_read(g, "/etc/netplan/pipe.yaml", &text, &error));
    assert_null(text);
    assert_int_equal(guestfs_fallocate64(g->appliance->h, "/etc/netplan/big.yaml", 2 << 20), 0);
    assert_false(guest_read(g, "/etc/netplan/big.yaml", &text, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "the limit is");
    assert_int_equal(guestfs_rm_rf(g->appliance->h, "/etc/netplan"), 0);
}

static void root_grows_where_it_can(void **state)
{
    guest *g = ((struct fixture *)*state)->g;
    const sysprep_operation *op = sysprep_operation_find("grow-root");
    static const char script[] = "/usr/local/lib/ingot/grow-root";
    gboolean there = TRUE;
    assert_true(guest_any(g, script, &there, NULL)); /* all operations have run: no sfdisk */
    assert_false(there);
    assert_true(guest_write_file(g, "/usr/sbin/sfdisk", "", NULL));
    assert_true(sysprep_operation_run(op, g, NULL));
    assert_true(guest_any(g, script, &there, NULL));
    assert_true(there);
    g_autofree char *link = guestfs_readlink(
        g->appliance->h, "/etc/systemd/system/sysinit.target.wants/ingot-grow-root.service");
    assert_string_equal(link, "/etc/systemd/system/ingot-grow-root.service");
    assert_int_equal(guestfs_rm_f(g->appliance->h, "/usr/sbin/sfdisk"), 0);
}

/* Directly: a whole seal with it would cost a launch. */
static void first_boot_where_it_is_known(void **state)
{
    guest *g = ((struct fixture *)*state)->g;
    const sysprep_operation *op = sysprep_operation_find("first-boot");
    assert_text(g, "/etc/machine-id", ""); /* a directory has no version */
    assert_true(guest_write_file(g, "/usr/lib/systemd/libsystemd-shared-246.so", "", NULL));
    assert_true(sysprep_operation_run(op, g, NULL));
    assert_text(g, "/etc/machine-id", "");
    assert_int_equal(guestfs_mkdir_p(g->appliance->h, "/usr/lib/x86_64-linux-gnu/systemd"), 0);
    assert_true(guest_write_file(
        g, "/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.7-1.fc42.so", "", NULL));
    assert_true(sysprep_operation_run(op, g, NULL));
    assert_text(g, "/etc/machine-id", "uninitialized\n");
}

static void shuts_down(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    assert_true(guest_shutdown(f->g, &error));
    assert_no_error(error);
    g_clear_pointer(&f->g, guest_close);
}

/* ---- what cannot be sealed ---- */

static void refuse(struct fixture *f, const char *image, const char *const *required,
                   const char *const *forbidden, GError **error)
{
    g_autofree char *overlay = phony_overlay(&f->disks, image, "refused.qcow2");
    g_autoptr(image_file) own = image_own(overlay);
    const struct sysprep_spec spec = {.open.image = own,
                                      .open.force_tcg = TRUE,
                                      .wanted.required_packages = required,
                                      .wanted.forbidden_texts = forbidden};
    guest_facts *facts = NULL;
    assert_false(sysprep_image(&spec, NULL, NULL, &facts, error));
    assert_null(facts);
    assert_int_equal(g_unlink(overlay), 0);
}

static void all_violations_in_one_message(void **state)
{
    static const char *const required[] = {"vim", "tree", "no-such-package", NULL};
    static const char *const forbidden[] = {"password is not", NULL};
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    refuse(f, f->disks.with_swap, required, forbidden, &error);
    assert_error_says(error, INGOT_EXIT_POLICY, "\n- /dev/sda2 is a swap partition");
    assert_error_says(error, INGOT_EXIT_POLICY, "\n- the package tree is not installed");
    assert_error_says(error, INGOT_EXIT_POLICY, "\n- the package no-such-package is not");
    assert_error_says(error, INGOT_EXIT_POLICY,
                      "\n- a secret of the build is in /home/admin/notes");
    assert_null(strstr(error->message, forbidden[0]));
    assert_null(strstr(error->message, "sda3")); /* an EFI system partition breaks nothing */
}

static void two_systems_are_refused(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    refuse(f, f->disks.two_roots, NULL, NULL, &error);
    assert_error_says(error, INGOT_EXIT_SEAL, "2 operating systems");
    assert_error_says(error, INGOT_EXIT_SEAL, "/dev/sda1, /dev/sda2");
}

static void no_system_is_refused(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    refuse(f, f->disks.no_system, NULL, NULL, &error);
    assert_error_says(error, INGOT_EXIT_SEAL, "there is no operating system in");
    assert_error_says(error, INGOT_EXIT_SEAL, "/dev/sda1 (ext4)");
}

static void open_fails(const char *path, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(image_file) own = image_own(path);
    const struct sysprep_spec spec = {.open.image = own, .open.force_tcg = TRUE};
    guest_facts *facts = NULL;
    assert_false(sysprep_image(&spec, NULL, NULL, &facts, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, says);
    assert_non_null(ingot_error_hint(error));
}

/* Between judging and opening somebody wrote a data file into the header: nothing of it is used. */
static void changed_header_is_refused(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(f->disks.folder, "swapped.qcow2", NULL);
    g_autofree char *scratch = g_build_filename(f->disks.folder, "scratch", NULL);
    g_autofree char *option = g_strdup_printf("data_file=%s/data.raw", f->disks.folder);
    const char *const before[] = {"qemu-img", "create", "-q", "-f", "qcow2", path, "64M", NULL};
    const char *const after[] = {"qemu-img", "create", "-q", "-f",  "qcow2",
                                 "-o",       option,   path, "64M", NULL};
    assert_true(spawn_run(before, NULL, NULL, &error));
    g_autoptr(image_file) i = image_open(path, IMAGE_PLAIN, scratch, &error);
    assert_no_error(error);
    assert_true(spawn_run(after, NULL, NULL, &error));
    assert_null(inspect_snapshot(i, TRUE, NULL, NULL, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "was changed by another program");
}

static void what_is_no_image_is_refused(void **state)
{
    struct fixture *f = *state;
    g_autofree char *text = g_build_filename(f->disks.folder, "text", NULL);
    g_autofree char *broken = g_build_filename(f->disks.folder, "broken.qcow2", NULL);
    g_autofree char *absent = g_build_filename(f->disks.folder, "absent.qcow2", NULL);
    g_autofree char *image = NULL;
    gsize length = 0;
    assert_true(g_file_set_contents(text, "not an image", -1, NULL));
    assert_true(g_file_get_contents(f->disks.no_system, &image, &length, NULL));
    memset(image + 40, 0xff, 4); /* qcow2.txt: bytes 40 to 47 are the offset of the L1 table */
    assert_true(g_file_set_contents(broken, image, (gssize)length, NULL));
    open_fails(text, "cannot open");
    open_fails(broken, "L1 table");
    open_fails(absent, "No such file");
}

/* ---- the program compares two images ---- */

/* Runs `ingot diff A B`; returns its exit code.  The caller owns *out. */
static int diff(const struct fixture *f, const char *a, const char *b, const char *format,
                char **out)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    g_subprocess_launcher_setenv(launcher, "INGOT_CACHE", f->disks.folder, TRUE);
    g_autoptr(GSubprocess) child = g_subprocess_launcher_spawn(
        launcher, &error, g_getenv("INGOT_TEST_PROGRAM"), "diff", a, b, "--format", format, NULL);
    assert_no_error(error);
    assert_true(g_subprocess_communicate_utf8(child, NULL, NULL, out, NULL, &error));
    assert_no_error(error);
    assert_true(g_subprocess_get_if_exited(child));
    return g_subprocess_get_exit_status(child);
}

static void assert_has(const char *text, const char *const *lines)
{
    for (; *lines; lines++)
        if (!strstr(text, *lines))
            fail_msg("'%s' is not in\n%s", *lines, text);
}

static void differences_are_told(void **state)
{
    static const char *const lines[] = {
        "\n  differs    partition table: msdos -> gpt\n",
        "\n  only in B  partition 2: swap, swap\n",
        "\n  differs    host name: golden -> silver\n",
        "\n  only in A  screen:amd64: 4.9.1-3\n",
        "\n  differs    vim:amd64: 2:9.1.1230-2 -> 2:9.2-1\n",
        "\n  only in B  vim:amd64\n",
        "\n  only in B  /boot/vmlinuz-6.1\n",
        "\n  only in B  /boot/grub/grub.cfg: Debian: /boot/vmlinuz-6.1 root=UUID=UUID ro\n",
        "\n  only in B  /etc/default/grub: GRUB_TIMEOUT: 5\n",
        "\n  differs    /: UUID=UUID ext4 errors=remount-ro 0 1 -> UUID=UUID ext4 noatime 0 1\n",
        "\n  only in B  user root: 0:0, 'root', /root, /bin/bash\n",
        "\n  differs    password of root: has password -> locked\n",
        "\n  only in B  system/multi-user.target.wants/ssh.service: enabled\n",
        "\n  only in B  system/nscd.service: masked\n",
        "\n  differs    /etc/hostname: file 0644 0:0 -> file 0600 0:0, content\n",
        "\n  differs    /etc/shadow: content\n",
        "\n  only in A  /etc/machine-id: file 0444 0:0\n",
        "\n  only in B  /etc/evil\\x0a\\x1b[2Jname: file 0644 0:0\n",
        " differences: ",
        NULL};
    const struct fixture *f = *state;
    g_autofree char *out = NULL, *before = NULL, *after = NULL;
    gsize length, length_after;
    assert_true(g_file_get_contents(f->disks.debian, &before, &length, NULL));
    assert_int_equal(diff(f, f->disks.debian, f->disks.with_swap, "text", &out),
                     INGOT_EXIT_DIFFERENT);
    assert_has(out, lines);
    assert_null(strstr(out, "$y$"));
    assert_null(strstr(out, "ssh/sshd_config:")); /* the same in both */
    assert_true(g_file_get_contents(f->disks.debian, &after, &length_after, NULL));
    assert_int_equal(length, length_after);
    assert_memory_equal(before, after, length);
}

/* The same disk as a raw file, with a manifest that says so; owned by the caller. */
static char *raw_of(const struct fixture *f, const char *disk)
{
    g_autofree char *manifest = g_build_filename(f->disks.folder, "same.json", NULL);
    char *raw = g_build_filename(f->disks.folder, "same.raw", NULL);
    const char *const argv[] = {"qemu-img", "convert", "-O", "raw", disk, raw, NULL};
    assert_true(spawn_run(argv, NULL, NULL, NULL));
    assert_true(g_file_set_contents(
        manifest, "{\"outputs\": [{\"format\": \"raw\", \"files\": [{\"file\": \"same.raw\"}]}]}",
        -1, NULL));
    return raw;
}

/* Of one disk in two formats. */
static void no_differences_are_told(void **state)
{
    const struct fixture *f = *state;
    g_autofree char *out = NULL, *raw = raw_of(f, f->disks.with_swap);
    assert_int_equal(diff(f, f->disks.with_swap, raw, "json", &out), INGOT_EXIT_OK);
    json_t *all = json_loads(out, 0, NULL);
    assert_non_null(all);
    assert_true(json_is_true(json_object_get(all, "same")));
    assert_int_equal(json_object_size(json_object_get(all, "sections")), SNAPSHOT_SECTIONS);
    json_decref(all);
}

/* Text in the place of an image is found out at once, and a disk without a system in the guest. */
static void what_cannot_be_compared(void **state)
{
    const struct fixture *f = *state;
    g_autofree char *text = g_build_filename(f->disks.folder, "text", NULL);
    g_autofree char *none = NULL, *empty = NULL, *absent = NULL;
    assert_true(g_file_set_contents(text, "not an image", -1, NULL));
    assert_int_equal(diff(f, f->disks.debian, text, "text", &none), INGOT_EXIT_SEAL);
    assert_int_equal(diff(f, f->disks.debian, "/no/such", "text", &absent), INGOT_EXIT_SEAL);
    assert_int_equal(diff(f, f->disks.no_system, f->disks.debian, "text", &empty), INGOT_EXIT_SEAL);
    assert_string_equal(none, "");
    assert_string_equal(absent, "");
    assert_string_equal(empty, "");
}

/* ---- cancelled at a moment that the progress tells ---- */

struct canceller {
    GCancellable *cancel;
    FILE *events;
    const char *moment;
    gint64 when;
};

static gpointer cancel_at(gpointer data)
{
    struct canceller *c = data;
    char line[4096];
    while (fgets(line, sizeof line, c->events))
        if (!c->when && strstr(line, c->moment)) {
            c->when = g_get_monotonic_time();
            g_cancellable_cancel(c->cancel);
        }
    fclose(c->events);
    return NULL;
}

static void cancel_ends_at(struct fixture *f, const char *moment)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    FILE *out = fdopen(ends[1], "w");
    g_autoptr(progress) p = progress_new(PROGRESS_JSON, PROGRESS_VERBOSE, out, NULL);
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    struct canceller c = {cancel, fdopen(ends[0], "r"), moment, 0};
    GThread *thread = g_thread_new("cancel", cancel_at, &c);
    g_autofree char *overlay = phony_overlay(&f->disks, f->disks.debian, "cancelled.qcow2");
    g_autoptr(image_file) own = image_own(overlay);
    const struct sysprep_spec spec = {.open.image = own, .open.force_tcg = TRUE};
    g_autoptr(GError) error = NULL;
    guest_facts *facts = NULL;
    progress_stage(p, "seal");
    assert_false(sysprep_image(&spec, p, cancel, &facts, &error));
    gint64 end = g_get_monotonic_time();
    fclose(out);
    g_thread_join(thread);
    assert_error_says(error, INGOT_EXIT_INTERRUPTED, "");
    assert_true(c.when > 0);
    if (end - c.when > 5 * G_USEC_PER_SEC)
        fail_msg("took %.1f s to end after '%s'", (double)(end - c.when) / 1e6, moment);
}

static void launch_is_cancelled(void **state)
{
    cancel_ends_at(*state, "\"launch\"");
    cancel_ends_at(*state, "mini initrd");
}

static void operations_are_cancelled(void **state)
{
    cancel_ends_at(*state, "shell-history");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seals),
                                       cmocka_unit_test(opens_again),
                                       cmocka_unit_test(leavings_are_gone),
                                       cmocka_unit_test(the_rest_stays),
                                       cmocka_unit_test(samples_are_told_apart),
                                       cmocka_unit_test(identity_is_made_anew),
                                       cmocka_unit_test(faults_are_found),
                                       cmocka_unit_test(hostile_files_are_passed_over),
                                       cmocka_unit_test(root_grows_where_it_can),
                                       cmocka_unit_test(first_boot_where_it_is_known),
                                       cmocka_unit_test(shuts_down),
                                       cmocka_unit_test(all_violations_in_one_message),
                                       cmocka_unit_test(two_systems_are_refused),
                                       cmocka_unit_test(no_system_is_refused),
                                       cmocka_unit_test(what_is_no_image_is_refused),
                                       cmocka_unit_test(changed_header_is_refused),
                                       cmocka_unit_test(differences_are_told),
                                       cmocka_unit_test(no_differences_are_told),
                                       cmocka_unit_test(what_cannot_be_compared),
                                       cmocka_unit_test(launch_is_cancelled),
                                       cmocka_unit_test(operations_are_cancelled)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
