/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/probe.h"

#include "base/files.h"
#include "base/spawn.h"
#include "base/text.h"
#include "vm/probe_bytes.h"
#include "vm/vm.h"

#include <errno.h>
#include <gio/gunixinputstream.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The smallest firmware that QEMU takes (hw/i386/x86.c, x86_bios_rom_init): 64 KiB. */
#define IMAGE_SIZE 65536u
/* isa-debug-exit ends QEMU with (value << 1) | 1; the probe writes 0x2a. */
#define GOOD_STATUS  ((0x2a << 1) | 1)
#define OUTPUT_LIMIT 65536u
#define CAUSE_LIMIT  200u

/* What the guest has done when it has written the number of the step. */
static const char *const steps[] = {"its first instruction",
                                    "real mode",
                                    "protected mode",
                                    "long mode",
                                    "SSE",
                                    "the MSRs",
                                    "a page fault",
                                    "timer interrupts",
                                    "a second processor"};

void vm_probe_clear(struct vm_probe *probe)
{
    g_clear_pointer(&probe->cause, g_free);
}

static gboolean probe_write_image(const char *path, GError **error)
{
    guint8 image[IMAGE_SIZE];
    guint8 *page = image + IMAGE_SIZE - VM_PROBE_PAGE;
    memset(image, 0xff, IMAGE_SIZE);
    memcpy(page, vm_probe_code, sizeof vm_probe_code);
    memcpy(page + VM_PROBE_RESET, vm_probe_reset, sizeof vm_probe_reset);
    return g_file_set_contents_full(path, (const char *)image, IMAGE_SIZE, G_FILE_SET_CONTENTS_NONE,
                                    0600, error);
}

/* Standard output and error of QEMU in one: the guest's steps are bytes below ' '. */
struct output {
    GString *text;
    gboolean late;
};

/* After this QEMU stays, stopped: waiting until the limit would show nothing more. */
static gboolean gave_up(const struct output *out)
{
    return strstr(out->text->str, "KVM internal error") != NULL ||
           strstr(out->text->str, "KVM: entry failed") != NULL;
}

static gboolean probe_read(int fd, struct output *out)
{
    char chunk[4096];
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    if (n > 0 && out->text->len < OUTPUT_LIMIT)
        g_string_append_len(out->text, chunk, n);
    return n > 0;
}

/* Reads until the end of QEMU, its giving up, the limit or the cancel. */
static void probe_follow(GSubprocess *child, guint limit_ms, GCancellable *cancel,
                         struct output *out)
{
    int fd = g_unix_input_stream_get_fd(G_UNIX_INPUT_STREAM(g_subprocess_get_stdout_pipe(child)));
    GPollFD fds[2] = {{.fd = fd, .events = G_IO_IN | G_IO_HUP}};
    guint n = cancel && g_cancellable_make_pollfd(cancel, &fds[1]) ? 2 : 1;
    gint64 end = g_get_monotonic_time() + (gint64)limit_ms * 1000;
    while (!gave_up(out) && !g_cancellable_is_cancelled(cancel)) {
        gint64 left = end - g_get_monotonic_time();
        out->late = left <= 0;
        if (out->late)
            break;
        int ready = g_poll(fds, n, (gint)(left / 1000) + 1);
        if (ready > 0 && fds[0].revents && !probe_read(fd, out))
            break;
    }
    if (n == 2)
        g_cancellable_release_fd(cancel);
}

static guint steps_done(const struct output *out)
{
    guint most = 0;
    for (gsize i = 0; i < out->text->len; i++) {
        guint c = (guchar)out->text->str[i];
        if (c < G_N_ELEMENTS(steps) && c > most)
            most = c;
    }
    return most;
}

/* The first line that QEMU said and that is not a warning; owned by the caller. */
static char *complaint(const struct output *out)
{
    g_autofree char *clean = g_strndup(out->text->str, out->text->len);
    g_strdelimit(clean, "\1\2\3\4\5\6\7\b", ' ');
    g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        const char *said = *line;
        if (g_str_has_prefix(said, "qemu-system-") && strstr(said, ": "))
            said = strstr(said, ": ") + 2;
        if (*said && !g_str_has_prefix(said, "warning:"))
            return text_printable(said, (gssize)MIN(strlen(said), CAUSE_LIMIT));
    }
    return NULL;
}

static char *cause_of(GSubprocess *child, const struct output *out)
{
    g_autofree char *said = complaint(out);
    g_autofree char *note = said ? g_strdup_printf(" (%s)", said) : g_strdup("");
    guint done = steps_done(out);
    if (out->late || gave_up(out))
        return done ? g_strdup_printf("the guest came as far as %s and no further%s", steps[done],
                                      note)
                    : g_strdup_printf("the guest did not reach %s%s", steps[0], note);
    if (g_subprocess_get_if_signaled(child))
        return g_strdup_printf("QEMU was killed by signal %d%s", g_subprocess_get_term_sig(child),
                               note);
    g_autofree char *when = done ? g_strdup_printf(" after %s", steps[done]) : g_strdup("");
    return g_strdup_printf("QEMU exited with status %d%s%s", g_subprocess_get_exit_status(child),
                           when, note);
}

static gboolean run_image(const struct vm_arch *arch, const char *accel, const char *cpu,
                          const char *image, guint limit_ms, GCancellable *cancel,
                          struct vm_probe *probe, GError **error)
{
    const char *argv[] = {arch->qemu,    "-no-user-config",
                          "-nodefaults", "-display",
                          "none",        "-machine",
                          arch->machine, "-accel",
                          accel,         "-cpu",
                          cpu,           "-smp",
                          "2",           "-m",
                          "16",          "-no-reboot",
                          "-bios",       image,
                          "-chardev",    "stdio,id=steps,signal=off",
                          "-device",     "isa-debugcon,iobase=0xe9,chardev=steps",
                          "-device",     "isa-debug-exit,iobase=0xf4,iosize=1",
                          NULL};
    g_autoptr(GSubprocess) child =
        spawn_start(argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, error);
    if (!child)
        return FALSE;
    struct output out = {.text = g_string_new(NULL)};
    probe_follow(child, limit_ms, cancel, &out);
    if (out.late || gave_up(&out) || g_cancellable_is_cancelled(cancel))
        g_subprocess_force_exit(child);
    (void)g_subprocess_wait(child, NULL, NULL);
    probe->good =
        g_subprocess_get_if_exited(child) && g_subprocess_get_exit_status(child) == GOOD_STATUS;
    probe->cause = probe->good ? NULL : cause_of(child, &out);
    g_string_free(out.text, TRUE);
    return !g_cancellable_set_error_if_cancelled(cancel, error);
}

gboolean vm_probe_run(const struct vm_arch *arch, const char *accel, const char *cpu,
                      const char *dir, guint limit_ms, GCancellable *cancel, struct vm_probe *probe,
                      GError **error)
{
    *probe = (struct vm_probe){0};
    int lock;
    g_autofree char *parent = g_build_filename(dir, "work", NULL);
    g_autofree char *temp = files_live_dir(parent, "probe", &lock, error);
    if (!temp)
        return FALSE;
    g_autofree char *image = g_build_filename(temp, "probe.bin", NULL);
    gboolean good = probe_write_image(image, error) &&
                    run_image(arch, accel, cpu, image, limit_ms, cancel, probe, error);
    files_remove_tree(temp);
    files_unlock(lock);
    return good;
}

/* Until they got a place in work/, probes made their directory in the cache itself, without a lock;
 * but none ran for longer than seconds.  Nothing but their one file is removed. */
#define DEAD_SECONDS (24 * 3600)

static void clear_dead_probe(const char *path)
{
    struct stat info;
    g_autofree char *image = g_build_filename(path, "probe.bin", NULL);
    if (!files_is_temp_dir(path, "probe") || lstat(path, &info) != 0 ||
        g_get_real_time() / G_USEC_PER_SEC - info.st_mtime < DEAD_SECONDS)
        return;
    (void)unlink(image);
    (void)rmdir(path);
}

void vm_probe_clear_dead(const char *cache_dir)
{
    g_autoptr(GDir) dir = g_dir_open(cache_dir, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(cache_dir, name, NULL);
        clear_dead_probe(path);
    }
}
