/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/spawn.h"

#include "base/environment.h"
#include "base/error.h"
#include "base/watch.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#define OUTPUT_LIMIT (64u << 20)
#define STDERR_SHOWN 2000u

/* Runs between fork and exec: async-signal-safe calls only. */
static void in_child(gpointer data)
{
    pid_t parent = *(const pid_t *)data;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    setpgid(0, 0);
}

static GSubprocessLauncher *launcher_new(GSubprocessFlags flags)
{
    pid_t *self = g_new(pid_t, 1);
    *self = getpid();
    GSubprocessLauncher *launcher = g_subprocess_launcher_new(flags);
    g_auto(GStrv) environment = environment_of_child();
    g_subprocess_launcher_set_environ(launcher, environment);
    g_subprocess_launcher_set_child_setup(launcher, in_child, self, g_free);
    return launcher;
}

char *spawn_find(const char *program)
{
    char *found = g_find_program_in_path(program);
    if (found || strchr(program, '/'))
        return found;
    g_autofree char *other = g_build_filename("/usr/sbin", program, NULL);
    return g_file_test(other, G_FILE_TEST_IS_EXECUTABLE) ? g_steal_pointer(&other) : NULL;
}

static GSubprocess *launch(GSubprocessLauncher *launcher, const char *const argv[], GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *found = spawn_find(argv[0]);
    guint n = g_strv_length((char **)argv);
    g_autofree const char **all = g_new0(const char *, n + 1);
    memcpy(all, argv, n * sizeof *all);
    if (found && !strchr(argv[0], '/'))
        all[0] = found;
    GSubprocess *child = g_subprocess_launcher_spawnv(launcher, all, &local);
    if (child)
        return child;
    gboolean absent = g_error_matches(local, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT);
    ingot_set_error(error, INGOT_EXIT_HOST,
                    absent ? "install its package; `ingot doctor` lists what is needed" : NULL,
                    "cannot start %s: %s", argv[0], local->message);
    return NULL;
}

GSubprocess *spawn_start(const char *const argv[], GSubprocessFlags flags, GError **error)
{
    return spawn_start_with(argv, flags, NULL, 0, error);
}

GSubprocess *spawn_start_with(const char *const argv[], GSubprocessFlags flags,
                              const int *descriptors, gsize n, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = launcher_new(flags);
    for (gsize i = 0; i < n; i++) {
        int copy = fcntl(descriptors[i], F_DUPFD_CLOEXEC, 3);
        if (copy >= 0)
            g_subprocess_launcher_take_fd(launcher, copy, 3 + (int)i);
    }
    return launch(launcher, argv, error);
}

static void apply(GSubprocessLauncher *launcher, const struct spawn_options *options)
{
    if (options->directory)
        g_subprocess_launcher_set_cwd(launcher, options->directory);
    for (const char *const *e = options->env; e && *e; e++) {
        g_auto(GStrv) pair = g_strsplit(*e, "=", 2);
        if (pair[0] && pair[1])
            g_subprocess_launcher_setenv(launcher, pair[0], pair[1], TRUE);
    }
}

struct reader {
    const struct spawn_options *options;
    GString *line;
    GByteArray *all; /* NULL: not wanted */
    char chunk[65536];
};

static void feed(struct reader *r, const char *data, gsize length)
{
    if (r->all && r->all->len + length <= OUTPUT_LIMIT)
        g_byte_array_append(r->all, (const guint8 *)data, (guint)length);
    if (!r->options->on_line)
        return;
    for (gsize i = 0; i < length; i++) {
        if (data[i] != '\n' && data[i] != '\r') {
            g_string_append_c(r->line, data[i]);
            continue;
        }
        if (r->line->len)
            r->options->on_line(r->line->str, r->options->data);
        g_string_truncate(r->line, 0);
    }
}

static gpointer collect_stderr(gpointer data)
{
    GInputStream *stream = data;
    GString *text = g_string_new(NULL);
    char chunk[4096];
    gssize n;
    while ((n = g_input_stream_read(stream, chunk, sizeof chunk, NULL, NULL)) > 0) {
        g_string_append_len(text, chunk, n);
        if (text->len > 2 * STDERR_SHOWN)
            g_string_erase(text, 0, (gssize)(text->len - STDERR_SHOWN));
    }
    return g_string_free(text, FALSE);
}

static gpointer write_input(gpointer data)
{
    GOutputStream *stream = g_subprocess_get_stdin_pipe(data);
    GBytes *input = g_object_get_data(data, "ingot-input");
    /* A program that ends without reading all its input speaks through its exit status. */
    g_output_stream_write_all(stream, g_bytes_get_data(input, NULL), g_bytes_get_size(input), NULL,
                              NULL, NULL);
    g_output_stream_close(stream, NULL, NULL);
    return NULL;
}

static void spawn_on_cancel(GCancellable *cancel, gpointer child)
{
    (void)cancel;
    g_subprocess_force_exit(child);
}

static void read_output(GSubprocess *child, struct reader *r)
{
    GInputStream *stream = g_subprocess_get_stdout_pipe(child);
    gssize n;
    while ((n = g_input_stream_read(stream, r->chunk, sizeof r->chunk, NULL, NULL)) > 0)
        feed(r, r->chunk, (gsize)n);
    if (r->line->len && r->options->on_line)
        r->options->on_line(r->line->str, r->options->data);
}

static gboolean spawn_judge(GSubprocess *child, const char *program, char *stderr_text,
                            GError **error)
{
    if (g_subprocess_get_successful(child))
        return TRUE;
    g_autofree char *how =
        g_subprocess_get_if_signaled(child)
            ? g_strdup_printf("was killed by signal %d", g_subprocess_get_term_sig(child))
            : g_strdup_printf("exited with status %d", g_subprocess_get_exit_status(child));
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "%s %s%s%s", program, how,
                    *stderr_text ? ": " : "", g_strstrip(stderr_text));
    return FALSE;
}

/* ---- a program without progress ---- */

static void end_child(gpointer child)
{
    g_subprocess_force_exit(child);
}

static watch *watch_child(GSubprocess *child, const struct spawn_options *o)
{
    const struct watch_spec spec = {.limits = {.still = o->still > 0 ? o->still : SPAWN_STILL},
                                    .end = end_child,
                                    .user = child};
    return watch_start(&spec);
}

static gboolean was_ended(watch *w, const char *program, GError **error)
{
    g_autofree char *cause = watch_cause(w, NULL);
    if (cause)
        ingot_set_error(error, INGOT_EXIT_HOST, "check this host's disks and load",
                        "%s was stopped: %s", program, cause);
    return cause != NULL;
}

/* ---- all of it ---- */

static gboolean run_to_its_end(GSubprocess *child, const char *program,
                               const struct spawn_options *opt, GByteArray *all, GError **error)
{
    g_autoptr(watch) w = watch_child(child, opt);
    GThread *errors = g_thread_new("stderr", collect_stderr, g_subprocess_get_stderr_pipe(child));
    GThread *writer = NULL;
    if (opt->input) {
        g_object_set_data(G_OBJECT(child), "ingot-input", opt->input);
        writer = g_thread_new("stdin", write_input, child);
    }
    gulong id = opt->cancel
                    ? g_cancellable_connect(opt->cancel, G_CALLBACK(spawn_on_cancel), child, NULL)
                    : 0;
    struct reader reader = {.options = opt, .line = g_string_new(NULL), .all = all};
    read_output(child, &reader);
    if (writer)
        g_thread_join(writer);
    g_autofree char *stderr_text = g_thread_join(errors);
    (void)g_subprocess_wait(child, NULL, NULL);
    g_cancellable_disconnect(opt->cancel, id);
    g_string_free(reader.line, TRUE);
    return !g_cancellable_set_error_if_cancelled(opt->cancel, error) &&
           !was_ended(w, program, error) && spawn_judge(child, program, stderr_text, error);
}

gboolean spawn_run(const char *const argv[], const struct spawn_options *options, char **out,
                   GError **error)
{
    static const struct spawn_options none;
    const struct spawn_options *opt = options ? options : &none;
    if (g_cancellable_set_error_if_cancelled(opt->cancel, error))
        return FALSE;
    GSubprocessFlags flags = G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE;
    if (opt->input)
        flags |= G_SUBPROCESS_FLAGS_STDIN_PIPE;
    g_autoptr(GSubprocessLauncher) launcher = launcher_new(flags);
    apply(launcher, opt);
    g_autoptr(GSubprocess) child = launch(launcher, argv, error);
    if (!child)
        return FALSE;
    g_autoptr(GByteArray) all = out ? g_byte_array_new() : NULL;
    if (!run_to_its_end(child, argv[0], opt, all, error))
        return FALSE;
    if (all) {
        g_byte_array_append(all, (const guint8 *)"", 1);
        *out = (char *)g_byte_array_free(g_steal_pointer(&all), FALSE);
    }
    return TRUE;
}

char *spawn_quote(const char *const argv[])
{
    GString *line = g_string_new(NULL);
    for (const char *const *a = argv; *a; a++) {
        gboolean plain = **a && strspn(*a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "0123456789_-+=/.,:@%") == strlen(*a);
        g_autofree char *quoted = plain ? g_strdup(*a) : g_shell_quote(*a);
        g_string_append_printf(line, "%s%s", line->len ? " " : "", quoted);
    }
    return g_string_free(line, FALSE);
}
