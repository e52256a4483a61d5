/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_support.h"

#include "../folder.h"

#include <fcntl.h>
#include <unistd.h>

static enum sandbox_kind kind; /* of this host */
static guint made;
static char *last;

int trees_begin(const char *prefix)
{
    struct sandbox_host host = {0};
    g_autoptr(GError) error = NULL;
    if (folder_make(prefix) != 0 || !sandbox_probe(&host, NULL, &error))
        return -1;
    kind = host.kind;
    if (kind == SANDBOX_NONE)
        print_message("no sandbox on this host: %s\n", host.why);
    sandbox_host_clear(&host);
    return 0;
}

const char *trees_folder(void)
{
    return folder;
}

struct tree_spec tree_spec_of(const char *directory)
{
    return (struct tree_spec){directory ? directory : last, kind, g_getenv("INGOT_TEST_PROGRAM")};
}

tree *tree_new(void)
{
    g_autoptr(GError) error = NULL;
    if (kind == SANDBOX_NONE)
        skip();
    g_free(last);
    last = g_strdup_printf("%s/tree%u", folder, made++);
    const struct tree_spec spec = tree_spec_of(last);
    tree *t = tree_open(&spec, NULL, &error);
    assert_no_error(error);
    return t;
}

int trees_end(void **state)
{
    for (guint i = 0; i < made; i++) {
        g_autofree char *path = g_strdup_printf("%s/tree%u", folder, i);
        const struct tree_spec spec = tree_spec_of(path);
        g_autoptr(GError) error = NULL;
        if (!tree_remove(&spec, &error))
            print_message("%s\n", error->message);
    }
    g_free(last);
    return folder_remove(state);
}

/* ---- streams ---- */

static gpointer read_all(gpointer data)
{
    int fd = GPOINTER_TO_INT(data);
    GByteArray *all = g_byte_array_new();
    guint8 chunk[65536];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        g_byte_array_append(all, chunk, (guint)n);
    close(fd);
    return g_byte_array_free_to_bytes(all);
}

static GBytes *collect(tree *t, gboolean layer, gboolean changes, const char *directory,
                       const char *const *excludes)
{
    int ends[2];
    g_autoptr(GError) error = NULL;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    GThread *thread = g_thread_new("read", read_all, GINT_TO_POINTER(ends[0]));
    gboolean good = layer ? tree_send_layer(t, changes, ends[1], &error)
                          : tree_send(t, directory, excludes, ends[1], &error);
    GBytes *bytes = g_thread_join(thread);
    assert_no_error(error);
    assert_true(good);
    return bytes;
}

GBytes *tree_sent(tree *t, const char *directory, const char *const *excludes)
{
    return collect(t, FALSE, FALSE, directory, excludes);
}

GBytes *tree_layer(tree *t, gboolean changes)
{
    return collect(t, TRUE, changes, NULL, NULL);
}

void tree_take_from(tree *t, GBytes *archive, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "archive", NULL);
    assert_true(g_file_set_contents(path, g_bytes_get_data(archive, NULL),
                                    (gssize)g_bytes_get_size(archive), NULL));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    (void)!tree_receive(t, "/", fd, error);
}

void tree_take(tree *t, GBytes *archive)
{
    g_autoptr(GError) error = NULL;
    tree_take_from(t, archive, &error);
    assert_no_error(error);
}

/* ---- files ---- */

void tree_text(tree *t, const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;
    (void)!tree_write(t, path, text, strlen(text), &error);
    assert_no_error(error);
}

void assert_tree_text(tree *t, const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = tree_read(t, path, 0, 1 << 20, &error);
    assert_no_error(error);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autofree char *got = g_strndup(data ? data : "", size);
    assert_string_equal(got, text);
}

struct tree_stat tree_look(tree *t, const char *path)
{
    struct tree_stat info;
    g_autoptr(GError) error = NULL;
    (void)!tree_stat(t, path, FALSE, &info, &error);
    assert_no_error(error);
    return info;
}

void tree_shell(tree *t, const char *script)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    (void)t;
    const char *const argv[] = {"/bin/sh", "-c", "cd /tree && eval \"$0\"", script, NULL};
    const struct sandbox_mount mounts[] = {{"/", NULL, TRUE},           {"/usr", "/usr", FALSE},
                                           {"/bin", "/bin", FALSE},     {"/lib", "/lib", FALSE},
                                           {"/lib64", "/lib64", FALSE}, {"/tree", last, TRUE},
                                           {NULL, NULL, FALSE}};
    const struct sandbox_spec spec = {
        .kind = kind, .argv = argv, .env = env, .mounts = mounts, .socket = -1};
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) child = sandbox_start(&spec, &error);
    assert_no_error(error);
    char said[4096] = "";
    gsize length = 0;
    assert_true(g_input_stream_read_all(g_subprocess_get_stdout_pipe(child), said, sizeof said - 1,
                                        &length, NULL, NULL));
    if (!g_subprocess_wait_check(child, NULL, NULL))
        fail_msg("the script failed: %s", said);
}
