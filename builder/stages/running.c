/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/running.h"

#include "base/error.h"
#include "base/files.h"
#include "stages/stages.h"

#include <gio/gunixsocketaddress.h>
#include <jansson.h>
#include <string.h>

#define ABOUT_LIMIT 4096

void running_free(struct running *r)
{
    if (!r)
        return;
    g_free(r->name);
    g_free(r->dir);
    g_free(r);
}

static void free_running(gpointer r)
{
    running_free(r);
}

static struct running *read_running(const char *parent, const char *entry)
{
    g_autofree char *dir = g_build_filename(parent, entry, NULL);
    g_autofree char *file = g_build_filename(dir, RUNNING_ABOUT, NULL);
    g_autofree char *text = files_read(file, ABOUT_LIMIT, NULL, NULL);
    json_t *about = text ? json_loads(text, 0, NULL) : NULL;
    const char *name = NULL;
    int pid = 0;
    struct running *r = NULL;
    if (about && json_unpack(about, "{s:s, s:i}", "name", &name, "pid", &pid) == 0 &&
        files_dir_is_live(dir)) {
        r = g_new0(struct running, 1);
        r->name = g_strdup(name);
        r->dir = g_strdup(dir);
        r->pid = pid;
    }
    json_decref(about);
    return r;
}

static GPtrArray *find_running(const char *name, GError **error)
{
    g_autofree char *parent = files_runtime_dir(error);
    if (!parent)
        return NULL;
    GPtrArray *found = g_ptr_array_new_with_free_func(free_running);
    g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
    const char *entry;
    while (dir && (entry = g_dir_read_name(dir))) {
        struct running *r = read_running(parent, entry);
        if (r && (!name || strcmp(r->name, name) == 0))
            g_ptr_array_add(found, r);
        else if (r)
            running_free(r);
    }
    return found;
}

static void set_none(const char *name, GError **error)
{
    ingot_set_error(
        error, INGOT_EXIT_USAGE, "there is a machine while the install stage of a build runs",
        name ? "no build of %s is installing" : "no build is installing%s", name ? name : "");
}

static void set_several(const GPtrArray *found, const char *command, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    g_autofree char *hint = g_strdup_printf("name one: ingot %s NAME", command);
    for (guint i = 0; i < found->len; i++) {
        const struct running *r = g_ptr_array_index(found, i);
        g_string_append_printf(names, "%s%s (process %d)", i ? ", " : "", r->name, r->pid);
    }
    ingot_set_error(error, INGOT_EXIT_USAGE, hint, "several builds are installing: %s", names->str);
}

struct running *running_find(const char *name, const char *command, GError **error)
{
    g_autoptr(GPtrArray) found = find_running(name, error);
    if (!found)
        return NULL;
    if (found->len == 1)
        return g_ptr_array_steal_index(found, 0);
    if (found->len == 0)
        set_none(name, error);
    else
        set_several(found, command, error);
    return NULL;
}

GSocket *running_connect(const struct running *r, const char *socket_name, GError **error)
{
    g_autofree char *path = g_build_filename(r->dir, socket_name, NULL);
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
    return socket && g_socket_connect(socket, address, NULL, error) ? g_steal_pointer(&socket)
                                                                    : NULL;
}

gboolean running_say(const char *name, const char *word, GError **error)
{
    g_autoptr(GError) local = NULL;
    struct running *r = running_find(name, word, error);
    if (!r)
        return FALSE;
    g_autoptr(GSocket) socket = running_connect(r, "control", &local);
    gboolean said =
        socket && g_socket_send(socket, word, strlen(word), NULL, &local) == (gssize)strlen(word);
    if (!socket)
        ingot_set_error(error, INGOT_EXIT_USAGE,
                        "only a machine that has failed in ingot build --keep-on-failure is",
                        "the machine of %s is not paused", r->name);
    else if (!said)
        g_propagate_error(error, g_steal_pointer(&local));
    running_free(r);
    return said;
}
