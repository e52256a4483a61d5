/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../unit/test.h"
#include "medium.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "vm/vm.h"

#include <assert.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>

/* A shipped recipe (the program's argument), built for real from the mirror that INGOT_MIRROR
 * names, and the template booted once.  What the tests add to the recipe: a root password and, for
 * debian-installer, the answer lines that INGOT_TEST_EXTRA holds. */

#define PASSWORD   "correct-horse-7-battery"
#define BOOT_LIMIT 600 /* seconds to a login prompt, under emulation on a busy machine */

static const struct subject {
    const char *name;
    int major;
    gboolean answers;      /* takes raw answer lines */
    gboolean verified;     /* by the build's own stage; else it is booted here */
    gboolean grows;        /* and is taken by verify_fails.py */
    gboolean medium;       /* is installed from an ISO image, which is made here */
    const char *isolation; /* by an option; NULL: none */
} subjects[] = {{"debian-13-di", 13, TRUE, FALSE, FALSE, FALSE, NULL},
                {"debian-13-iso", 13, TRUE, FALSE, FALSE, TRUE, NULL},
                {"debian-13", 13, FALSE, TRUE, FALSE, FALSE, "namespace"},
                {"debian-12", 12, FALSE, FALSE, TRUE, FALSE, "namespace"}};

static const struct subject *subject;
static char *top, *out, *recipe_path;

/* out/NAME.SUFFIX; owned by the caller. */
static char *result(const char *suffix)
{
    g_autofree char *file = g_strconcat(subject->name, suffix, NULL);
    return g_build_filename(out, file, NULL);
}

static char *below(const char *name)
{
    return g_build_filename(top, name, NULL);
}

static char *indented(const char *lines)
{
    g_auto(GStrv) all = g_strsplit(lines, "\n", -1);
    g_autofree char *body = g_strjoinv("\n  ", all);
    return g_strdup_printf("  %s", body);
}

/* The recipe's own path is relative to where it is shipped; the test's medium waits at its prompt,
 * so there is no menu to leave. */
static void put_medium(GString *recipe)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *cache = files_cache_dir(), *path = below("mini.iso");
    assert_int_equal(g_string_replace(recipe, "<wait><esc><wait \"boot:\">", "<wait \"boot:\">", 0),
                     1);
    g_autofree char *lacks = medium_lacks();
    const char *mirror = g_getenv("INGOT_MIRROR");
    if (lacks || !mirror || !*mirror) /* the tests say so and are skipped */
        return;
    gboolean made = medium_write(path, "trixie", cache, &error);
    assert_no_error(error);
    assert_true(made);
}

/* What a package's script may do in a machine of its own, and nowhere else.  Syscall numbers are
 * those of x86_64: ptrace(PTRACE_SEIZE, 1) and add_key in the session's keyring. */
static const char reaching_out[] =
    "  reached() { echo \"reached: $1\"; }\n"
    "  mount -t tmpfs none /mnt 2>/dev/null && umount /mnt && reached mount\n"
    "  mknod /run/disk b 8 0 2>/dev/null && reached device\n"
    "  perl -e 'exit(syscall(101, 0x4206, 1, 0, 0) == 0 ? 0 : 1)' && reached ptrace\n"
    "  perl -e '$k = \"user\"; $n = \"n\"; exit(syscall(248, $k, $n, $n, 1, -3) > 0 ? 0 : 1)' &&"
    " reached keyring\n"
    "  perl -MIO::Socket::INET -e 'exit(IO::Socket::INET->new(PeerAddr => $ARGV[0], Timeout => 3) ?"
    " 0 : 1)' %s && reached network\n"
    "  [ -e %s ] && reached host\n"
    "  unshare --user --map-root-user true 2>/dev/null && reached namespace\n"
    "  true\n";

/* NULL: there is no mirror.  Owned by the caller. */
static char *mirror_address(void)
{
    const char *mirror = g_getenv("INGOT_MIRROR");
    g_autoptr(GUri) uri = mirror ? g_uri_parse(mirror, G_URI_FLAGS_NONE, NULL) : NULL;
    return uri ? g_strdup_printf("%s:%d", g_uri_get_host(uri),
                                 g_uri_get_port(uri) > 0 ? g_uri_get_port(uri) : 80)
               : NULL;
}

static void put_late_command(GString *recipe)
{
    g_autofree char *address = mirror_address();
    g_string_append(recipe, "\nlate_command: |\n");
    g_string_append_printf(recipe, reaching_out, address ? address : "none:1", recipe_path);
}

static void write_recipe(void)
{
    const char *source = g_getenv("INGOT_TEST_SOURCE"), *more = g_getenv("INGOT_TEST_EXTRA");
    g_autofree char *file = g_strconcat(subject->name, ".yaml", NULL);
    g_autofree char *shipped = g_build_filename(source, "recipes", file, NULL);
    g_autofree char *text = files_read(shipped, 1 << 20, NULL, NULL);
    assert_non_null(text);
    GString *all = g_string_new(text);
    recipe_path = below("recipe.yaml");
    if (subject->grows)
        assert_int_equal(g_string_replace(all, "#grow: true", "grow: true", 0), 1);
    if (subject->medium)
        put_medium(all);
    g_string_append(all, "\nroot:\n  password: ${env:INGOT_TEST_PASSWORD}\n");
    if (subject->verified)
        g_string_append(all, "\noutputs: [qcow2, raw]\n");
    if (subject->verified)
        put_late_command(all);
    if (subject->answers && more && *more) {
        g_autofree char *lines = indented(more);
        g_string_append_printf(all, "extra: |\n%s\n", lines);
    }
    assert_true(g_file_set_contents(recipe_path, all->str, -1, NULL));
    g_string_free(all, TRUE);
}

static int setup(void **state)
{
    (void)state;
    const char *kept =
        g_getenv("INGOT_TEST_CACHE"); /* for work on the tests: keep what was installed */
    top = files_temp_dir(g_get_tmp_dir(), "ingot-install", NULL);
    if (!top)
        return -1;
    g_autofree char *cache = kept ? g_strdup(kept) : below("cache");
    g_setenv("INGOT_CACHE", cache, TRUE);
    g_setenv("INGOT_TEST_PASSWORD", PASSWORD, TRUE);
    out = below("out");
    write_recipe();
    return 0;
}

/* For the comparison of two templates: where later tests of the same run find them. */
static void keep_template(void)
{
    const char *dir = g_getenv("INGOT_TEST_TEMPLATES");
    g_autofree char *from = result(".qcow2");
    g_autofree char *name = g_path_get_basename(from);
    g_autofree char *to = dir ? g_build_filename(dir, name, NULL) : NULL;
    if (!to || !g_file_test(from, G_FILE_TEST_EXISTS) || !files_mkdir(dir, FALSE, NULL))
        return;
    g_autoptr(GFile) source = g_file_new_for_path(from);
    g_autoptr(GFile) target = g_file_new_for_path(to);
    (void)g_file_copy(source, target, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, NULL);
}

static int teardown(void **state)
{
    (void)state;
    keep_template();
    files_remove_tree(top);
    g_free(top);
    g_free(out);
    g_free(recipe_path);
    return 0;
}

struct how {
    const char *isolation, *out; /* NULL: the subject's, the test's own */
    gboolean verified;
};

static GSubprocess *start_build(const char *log, const struct how *how, GError **error)
{
    const char *isolation = how->isolation ? how->isolation : subject->isolation;
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    g_autofree char *events = g_strconcat(log, ".json", NULL);
    g_subprocess_launcher_set_stdout_file_path(launcher, events);
    g_subprocess_launcher_set_stderr_file_path(launcher, log);
    return g_subprocess_launcher_spawn(launcher, error, g_getenv("INGOT_TEST_PROGRAM"), "build",
                                       recipe_path, "--out", how->out ? how->out : out, "--format",
                                       "json", "-v", "--isolation", isolation ? isolation : "auto",
                                       how->verified ? NULL : "--no-verify", NULL);
}

static char *read_events(const char *log)
{
    g_autofree char *events = g_strconcat(log, ".json", NULL);
    return files_read(events, 64 << 20, NULL, NULL);
}

static void build_to_end(const char *log_name, const struct how *how)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *log = below(log_name);
    g_autoptr(GSubprocess) child = start_build(log, how, &error);
    assert_no_error(error);
    assert_true(g_subprocess_wait(child, NULL, NULL));
    g_autofree char *events = read_events(log);
    if (g_subprocess_get_if_signaled(child) || g_subprocess_get_exit_status(child) != 0) {
        g_autofree char *failed = result(".failed");
        g_autofree char *guest_log = g_build_filename(failed, "log.log", NULL);
        g_autofree char *guest = files_read(guest_log, 64 << 20, NULL, NULL);
        gsize n = guest ? strlen(guest) : 0;
        g_printerr("%s\n---- the guest's log, its end ----\n%s\n", events,
                   guest ? guest + (n > 8000 ? n - 8000 : 0) : "none");
        fail_msg("the build failed");
    }
    assert_null(strstr(events, PASSWORD));
}

static json_t *read_manifest(void)
{
    g_autofree char *path = result(".json");
    json_t *manifest = json_load_file(path, 0, NULL);
    assert_non_null(manifest);
    return manifest;
}

static void print_times(const json_t *manifest)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(manifest, "stages"), i, item) print_message(
        "# stage %-10s %7.1f s%s\n", json_string_value(json_object_get(item, "stage")),
        json_real_value(json_object_get(item, "seconds")),
        json_is_true(json_object_get(item, "reused")) ? " (reused)" : "");
    json_array_foreach(json_object_get(manifest, "phases"), i, item)
        print_message("# phase %-25s %7.1f s\n", json_string_value(json_object_get(item, "phase")),
                      json_real_value(json_object_get(item, "seconds")));
}

/* ---- the tests, in order: the later ones use what the first has built ---- */

static void needs_mirror(void)
{
    const char *mirror = g_getenv("INGOT_MIRROR");
    g_autofree char *lacks = subject->medium ? medium_lacks() : NULL;
    if (lacks) {
        print_message("# skip: %s\n", lacks);
        skip();
    }
    if (mirror && *mirror)
        return;
    print_message("# skip: INGOT_MIRROR is not set\n");
    skip();
}

static void builds(void **state)
{
    (void)state;
    needs_mirror();
    const struct how how = {.verified = subject->verified};
    build_to_end("build.log", &how);
    json_t *manifest = read_manifest();
    print_times(manifest);
    json_decref(manifest);
}

static gboolean has_package(const json_t *os, const char *name)
{
    size_t i;
    json_t *item;
    json_array_foreach(
        json_object_get(os, "packages"), i,
        item) if (g_strcmp0(json_string_value(json_object_get(item, "name")), name) ==
                  0) return json_string_value(json_object_get(item, "version")) != NULL;
    return FALSE;
}

static void manifest_is_true(void **state)
{
    (void)state;
    needs_mirror();
    json_t *manifest = read_manifest();
    const json_t *os = json_object_get(manifest, "os"), *image = json_object_get(manifest, "image");
    static const char *const base[] = {"net-tools", "lrzsz", "screen", "tree", "vim", "wget"};
    for (gsize i = 0; i < G_N_ELEMENTS(base); i++)
        if (!has_package(os, base[i]))
            fail_msg("%s is not in the manifest", base[i]);
    assert_string_equal(json_string_value(json_object_get(os, "distro")), "debian");
    assert_int_equal(json_integer_value(json_object_get(os, "major")), subject->major);
    g_autofree char *path = result(".qcow2");
    char hex[DIGEST_HEX_LEN + 1];
    guint64 size;
    assert_true(digest_file(path, hex, &size, NULL, NULL));
    assert_string_equal(json_string_value(json_object_get(image, "sha256")), hex);
    assert_int_equal(json_integer_value(json_object_get(image, "size")), size);
    char *text = json_dumps(manifest, 0);
    assert_null(strstr(text, PASSWORD));
    assert_null(strstr(text, "$y$"));
    print_message("# image %.1f MiB, %zu packages\n", (double)size / (1 << 20),
                  json_array_size(json_object_get(os, "packages")));
    free(text);
    json_decref(manifest);
}

/* Every output that is published is one that a clone has booted. */
static void assert_all_booted(const json_t *manifest)
{
    static const char *const clones[] = {"a", "b"};
    const json_t *outputs = json_object_get(manifest, "outputs");
    const json_t *told = json_object_get(json_object_get(manifest, "verify"), "clones");
    assert_int_equal(json_array_size(outputs), G_N_ELEMENTS(clones));
    for (gsize i = 0; i < G_N_ELEMENTS(clones); i++) {
        const char *file, *disk;
        assert_int_equal(
            json_unpack(json_array_get(outputs, i), "{s:[{s:s}]}", "files", "file", &file), 0);
        assert_int_equal(json_unpack((json_t *)told, "{s:{s:s}}", clones[i], "disk", &disk), 0);
        assert_string_equal(disk, file);
    }
}

/* What the stage says is in the manifest.  The only assertions that are not made are those that
 * cannot be: what is not requested, and a CPU more for a kernel that takes none under emulation. */
static void clones_are_two_machines(void **state)
{
    (void)state;
    needs_mirror();
    json_t *manifest = read_manifest(), *item;
    const json_t *verified = json_object_get(manifest, "verify");
    size_t i, passed = 0;
    assert_non_null(verified);
    assert_string_equal(json_string_value(json_object_get(verified, "probe")), "SMBIOS");
    json_array_foreach(json_object_get(verified, "assertions"), i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        const char *outcome = json_string_value(json_object_get(item, "outcome"));
        const char *says = json_string_value(json_object_get(item, "says"));
        print_message("# %-18s %s%s%s\n", name, outcome, *says ? ": " : "", says);
        passed += strcmp(outcome, "passed") == 0;
        if (strcmp(outcome, "skipped") == 0)
            assert_true(strcmp(name, "root-grown") == 0 || strcmp(name, "hotplug-cpu") == 0);
        else
            assert_string_equal(outcome, "passed");
    }
    assert_true(passed >= 20);
    assert_all_booted(manifest);
    json_decref(manifest);
}

/* ---- the two ways to configure packages ---- */

static const char *const reachable[] = {"mount", "device", "ptrace", "keyring"};

static void assert_reached(const char *log_name, gboolean in_machine)
{
    g_autofree char *log = below(log_name);
    g_autofree char *events = read_events(log);
    assert_non_null(events);
    for (gsize i = 0; i < G_N_ELEMENTS(reachable); i++) {
        g_autofree char *line = g_strconcat("\"reached: ", reachable[i], NULL);
        if ((strstr(events, line) != NULL) != in_machine)
            fail_msg("%s was %s", reachable[i], in_machine ? "not reached" : "reached");
    }
    /* Not in a machine either: its scripts run in a chroot, and it has no network. */
    assert_null(strstr(events, "\"reached: namespace"));
    assert_null(strstr(events, "\"reached: network"));
    assert_null(strstr(events, "\"reached: host"));
}

/* A machine of its own lets a script do what it likes; on the host's kernel it is stopped. */
static void scripts_are_confined(void **state)
{
    (void)state;
    needs_mirror();
    assert_reached("build.log", FALSE);
}

static void machine_makes_the_same(void **state)
{
    (void)state;
    needs_mirror();
    g_autoptr(GError) error = NULL;
    g_autofree char *other = below("machine"), *ours = result(".qcow2");
    g_autofree char *file = g_strconcat(subject->name, ".qcow2", NULL);
    g_autofree char *theirs = g_build_filename(other, file, NULL);
    const struct how how = {.isolation = "machine", .out = other};
    build_to_end("machine.log", &how);
    assert_reached("machine.log", TRUE);
    g_autoptr(GSubprocess) child =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, g_getenv("INGOT_TEST_PROGRAM"),
                         "diff", "-q", ours, theirs, NULL);
    assert_no_error(error);
    assert_true(g_subprocess_wait(child, NULL, NULL));
    assert_int_equal(g_subprocess_get_exit_status(child), 0);
    files_remove_tree(other);
}

static gboolean is_result(const char *name, const char *suffix)
{
    g_autofree char *want = g_strconcat(subject->name, suffix, NULL);
    return strcmp(name, want) == 0;
}

/* SHA256SUMS without the raw image: reading its eight GiB takes longer than making them.  Its sum
 * is that of the manifest, which was made of the same file. */
static char *sums_but_raw(void)
{
    g_autofree char *path = g_build_filename(out, "SHA256SUMS", NULL);
    g_autofree char *text = files_read(path, 1 << 16, NULL, NULL), *manifest = result(".json");
    g_autofree char *said = files_read(manifest, 16 << 20, NULL, NULL);
    assert_non_null(text);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *rest = g_string_new(NULL);
    for (char **line = lines; *line; line++) {
        if (!g_str_has_suffix(*line, ".raw")) {
            g_string_append_printf(rest, "%s%s", *line, line[1] ? "\n" : "");
            continue;
        }
        (*line)[DIGEST_HEX_LEN] = '\0';
        assert_non_null(strstr(said, *line));
    }
    char *file = below("sums");
    assert_true(g_file_set_contents(file, rest->str, -1, NULL));
    g_string_free(rest, TRUE);
    return file;
}

static void out_is_clean(void **state)
{
    (void)state;
    needs_mirror();
    g_autoptr(GDir) dir = g_dir_open(out, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(dir)))
        if (!is_result(name, ".qcow2") && !is_result(name, ".json") &&
            !(subject->verified && is_result(name, ".raw")) && strcmp(name, "SHA256SUMS") != 0 &&
            strcmp(name, ".ingot.lock") != 0)
            fail_msg("%s is in the output directory", name);
    g_autofree char *sums = sums_but_raw();
    const char *const argv[] = {"sha256sum", "--check", "--strict", sums, NULL};
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
    g_subprocess_launcher_set_cwd(launcher, out);
    g_autoptr(GSubprocess) child = g_subprocess_launcher_spawnv(launcher, argv, NULL);
    assert_true(g_subprocess_wait_check(child, NULL, NULL));
}

/* ---- the template, booted from a throw-away overlay ---- */

struct boot {
    GMainLoop *loop;
    GString *console;
    const char *wanted;
    gsize from; /* where on the console the wait began */
    gboolean seen, gone, late;
};

static void on_data(vm *machine, enum vm_channel channel, const char *bytes, gsize length,
                    gpointer user)
{
    (void)machine;
    struct boot *b = user;
    if (channel != VM_CONSOLE)
        return;
    for (gsize i = 0; i < length; i++)
        if (bytes[i]) /* it is searched as a string */
            g_string_append_c(b->console, bytes[i]);
    if (b->wanted && strstr(b->console->str + b->from, b->wanted)) {
        b->seen = TRUE;
        g_main_loop_quit(b->loop);
    }
}

static void on_gone(vm *machine, int status, gpointer user)
{
    (void)machine;
    (void)status;
    struct boot *b = user;
    b->gone = TRUE;
    g_main_loop_quit(b->loop);
}

static gboolean on_late(gpointer user)
{
    struct boot *b = user;
    b->late = TRUE;
    g_main_loop_quit(b->loop);
    return G_SOURCE_CONTINUE;
}

static void wait_for(struct boot *b, const char *text, guint limit)
{
    b->wanted = text;
    b->seen = strstr(b->console->str + b->from, text) != NULL;
    guint timer = g_timeout_add_seconds(limit, on_late, b);
    while (!b->seen && !b->gone && !b->late)
        g_main_loop_run(b->loop);
    g_source_remove(timer);
    if (!b->seen) {
        /* cmocka cuts its own messages, and the end is what tells. */
        gsize shown = MIN(b->console->len, 3000);
        g_autofree char *end =
            text_printable(b->console->str + b->console->len - shown, (gssize)shown);
        printf("%s\n", end);
        fail_msg("'%s' did not appear on the console (%s); its end is above", text,
                 b->gone ? "QEMU is gone" : "time is over");
    }
    b->from = (gsize)(strstr(b->console->str + b->from, text) - b->console->str) + strlen(text);
}

static void type(vm *machine, const char *line)
{
    g_autofree char *text = g_strconcat(line, "\n", NULL);
    assert_true(vm_write(machine, VM_CONSOLE, text, strlen(text), NULL));
}

/* What the running clone says of itself; each line is one claim about a template. */
static void ask(vm *machine, struct boot *b)
{
    static const char *const questions[][2] = {
        /* The login prompt does not wait for the network or for the host keys; this does. */
        {"systemctl is-system-running --wait", "running"},
        {"wc -l < /proc/swaps", "1\r"}, /* the heading only */
        {"findmnt -no TARGET,FSTYPE / | tr -s ' '", "/ ext4"},
        {"ls /sys/class/net | grep -c eth0", "1\r"},
        /* Made anew: the template has none.  ssh-keygen -A of Debian 12 makes a DSA key, too. */
        {"ls /etc/ssh/ssh_host_{rsa,ecdsa,ed25519}_key | wc -l", "3\r"},
        {"grep -cE '^[0-9a-f]{32}$' /etc/machine-id", "1\r"},
        {"which vim wget tree screen rz netstat | wc -l", "6\r"},
        {"ip -4 -o addr show dev eth0 | grep -c 10.0.2.15", "1\r"},
        {"systemctl is-enabled ssh", "enabled"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(questions); i++) {
        /* The answer is marked, so that the echo of the question cannot be taken for it. */
        g_autofree char *line =
            g_strdup_printf("echo \"A%zu\"\"nswer: $(%s)\"", i, questions[i][0]);
        g_autofree char *answer = g_strdup_printf("A%zunswer: %s", i, questions[i][1]);
        type(machine, line);
        wait_for(b, answer, BOOT_LIMIT);
    }
}

static void wait_gone(struct boot *b, guint limit)
{
    b->wanted = NULL;
    guint timer = g_timeout_add_seconds(limit, on_late, b);
    while (!b->gone && !b->late)
        g_main_loop_run(b->loop);
    g_source_remove(timer);
    assert_true(b->gone);
}

static void boots(void **state)
{
    (void)state;
    needs_mirror();
    g_autoptr(GError) error = NULL;
    g_autofree char *base = result(".qcow2");
    g_autofree char *overlay = below("overlay.qcow2");
    g_autofree char *runtime = files_runtime_dir(&error);
    assert_no_error(error);
    g_autofree char *dir = files_temp_dir(runtime, "boot", &error);
    char before[DIGEST_HEX_LEN + 1], after[DIGEST_HEX_LEN + 1];
    assert_true(digest_file(base, before, NULL, NULL, NULL));
    assert_true(vm_disk_create(overlay, 0, base, NULL, &error));
    struct vm_spec spec = {.name = g_strdup("boot"),
                           .arch = g_strdup("x86_64"),
                           .cpus = 2,
                           .memory = 1ull << 30,
                           .disk = g_strdup(overlay),
                           .network = TRUE};
    g_autofree char *cache = files_cache_dir();
    g_autofree char *data = files_data_dir();
    g_autoptr(vm_firmware_list) all = vm_firmware_list_read(data);
    spec.firmware = vm_firmware_choose(all, "x86_64", firmware_kind_usual("x86_64"), &error);
    assert_no_error(error);
    assert_true(vm_accel_probe("x86_64", cache, FALSE, NULL, &spec.accel, &error));
    struct boot b = {.loop = g_main_loop_new(NULL, FALSE), .console = g_string_new(NULL)};
    struct vm_events events = {.data = on_data, .gone = on_gone, .user = &b};
    gint64 began = g_get_monotonic_time();
    g_autoptr(vm) machine = vm_start(&spec, dir, top, &events, &error);
    assert_no_error(error);
    wait_for(&b, "login: ", BOOT_LIMIT);
    print_message("# login prompt after %.1f s\n",
                  (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC);
    type(machine, "root");
    wait_for(&b, "Password: ", 120);
    type(machine, PASSWORD);
    wait_for(&b, "# ", 120);
    ask(machine, &b);
    assert_true(vm_stop(machine, TRUE, &error));
    wait_gone(&b, 120);
    g_clear_pointer(&machine, vm_free);
    assert_true(digest_file(base, after, NULL, NULL, NULL));
    assert_string_equal(before, after);
    vm_spec_clear(&spec);
    g_main_loop_unref(b.loop);
    g_string_free(b.console, TRUE);
    files_remove_tree(dir);
}

static void builds_again_without_installing(void **state)
{
    (void)state;
    needs_mirror();
    const struct how how = {NULL, NULL, FALSE};
    build_to_end("again.log", &how);
    json_t *manifest = read_manifest();
    const json_t *install = json_array_get(json_object_get(manifest, "stages"), 1);
    assert_string_equal(json_string_value(json_object_get(install, "stage")), "install");
    assert_true(json_is_true(json_object_get(install, "reused")));
    json_decref(manifest);
}

/* ---- a build that is stopped in the middle of the installation ---- */

struct watch {
    GMainLoop *loop;
    const char *awaited; /* in the events */
    char *path;
    gboolean seen, ended;
};

static gboolean look(gpointer data)
{
    struct watch *w = data;
    g_autofree char *text = files_read(w->path, 64 << 20, NULL, NULL);
    w->seen = text && strstr(text, w->awaited) != NULL;
    if (w->seen)
        g_main_loop_quit(w->loop);
    return G_SOURCE_CONTINUE;
}

static void on_end(GObject *child, GAsyncResult *result, gpointer data)
{
    struct watch *w = data;
    (void)g_subprocess_wait_finish(G_SUBPROCESS(child), result, NULL);
    w->ended = TRUE;
    g_main_loop_quit(w->loop);
}

/* Builds until the events have that text, and stops it then. */
static void build_until(const char *log, const char *awaited)
{
    g_autoptr(GError) error = NULL;
    const struct how how = {NULL, NULL, FALSE};
    struct watch w = {.loop = g_main_loop_new(NULL, FALSE),
                      .awaited = awaited,
                      .path = g_strconcat(log, ".json", NULL)};
    g_autoptr(GSubprocess) child = start_build(log, &how, &error);
    assert_no_error(error);
    g_subprocess_wait_async(child, NULL, on_end, &w);
    guint timer = g_timeout_add(200, look, &w);
    g_main_loop_run(w.loop);
    g_source_remove(timer);
    g_autofree char *events = read_events(log);
    if (!w.seen || w.ended)
        fail_msg("the build ended before it: %s", events);
    gint64 began = g_get_monotonic_time();
    g_subprocess_send_signal(child, SIGTERM);
    while (!w.ended)
        g_main_loop_run(w.loop);
    print_message("# stopped in %.2f s\n",
                  (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC);
    assert_true(g_subprocess_get_if_exited(child));
    assert_int_equal(g_subprocess_get_exit_status(child), INGOT_EXIT_INTERRUPTED);
    g_main_loop_unref(w.loop);
    g_free(w.path);
}

/* Trees belong to other users. */
static void assert_no_work_left(void)
{
    g_autofree char *cache = files_cache_dir(), *work = g_build_filename(cache, "work", NULL);
    g_autoptr(GDir) dir = g_dir_open(work, 0, NULL);
    const char *name = dir ? g_dir_read_name(dir) : NULL;
    if (name)
        fail_msg("%s is left in %s", name, work);
}

static void stops_cleanly(void **state)
{
    (void)state;
    needs_mirror();
    g_autofree char *log = below("stopped.log");
    g_autofree char *text = files_read(recipe_path, 1 << 20, NULL, NULL);
    g_autofree char *other = g_strconcat(text, "\ndomain: stopped.test\n", NULL);
    assert_true(g_file_set_contents(recipe_path, other, -1, NULL));
    g_autofree char *template = result(".qcow2");
    char before[DIGEST_HEX_LEN + 1], after[DIGEST_HEX_LEN + 1];
    assert_true(digest_file(template, before, NULL, NULL, NULL));
    build_until(log, subject->isolation ? "\"phase\":\"settings\"" : "\"event\":\"phase-begin\"");
    assert_no_work_left();
    assert_true(digest_file(template, after, NULL, NULL, NULL));
    assert_string_equal(before, after);
    out_is_clean(NULL);
}

/* The boot loader, the answer file and its helpers, the mirror and the disk were found: what
 * follows is as with any other way of booting, and takes a quarter of an hour. */
static void begins(void **state)
{
    (void)state;
    needs_mirror();
    g_autofree char *log = below("begun.log");
    gint64 began = g_get_monotonic_time();
    build_until(log, "\"phase\":\"base system\"");
    print_message("# the base system began after %.1f s\n",
                  (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC);
}

int main(int argc, char **argv)
{
    for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++)
        if (argc > 1 && strcmp(subjects[i].name, argv[1]) == 0)
            subject = &subjects[i];
    assert(subject);
    const struct CMUnitTest verified[] = {cmocka_unit_test(builds),
                                          cmocka_unit_test(manifest_is_true),
                                          cmocka_unit_test(out_is_clean),
                                          cmocka_unit_test(clones_are_two_machines),
                                          cmocka_unit_test(scripts_are_confined),
                                          cmocka_unit_test(machine_makes_the_same),
                                          cmocka_unit_test(stops_cleanly)};
    const struct CMUnitTest booted[] = {cmocka_unit_test(builds),
                                        cmocka_unit_test(manifest_is_true),
                                        cmocka_unit_test(out_is_clean),
                                        cmocka_unit_test(boots),
                                        cmocka_unit_test(builds_again_without_installing),
                                        cmocka_unit_test(stops_cleanly)};
    const struct CMUnitTest begun[] = {cmocka_unit_test(begins)};
    if (argc > 2 && strcmp(argv[2], "begins") == 0)
        return cmocka_run_group_tests(begun, setup, teardown);
    return subject->verified ? cmocka_run_group_tests(verified, setup, teardown)
                             : cmocka_run_group_tests(booted, setup, teardown);
}
