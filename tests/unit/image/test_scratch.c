/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where libguestfs puts its files and sockets, and what goes of those of the dead. */
#include "../folder.h"

#include "image/guest.h"
#include "image/scratch.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOMEBODY 65534u

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-scratch");
}

static char *make_sockets(const char *name)
{
    char *path = g_build_filename(folder, name, NULL);
    assert_int_equal(g_mkdir(path, 0755), 0);
    return path;
}

static struct sockaddr_un address_in(const char *dir, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = g_build_filename(dir, name, NULL);
    assert_true(strlen(path) < sizeof address.sun_path);
    strcpy(address.sun_path, path);
    return address;
}

static int bind_in(const char *dir, const char *name)
{
    struct sockaddr_un address = address_in(dir, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void put(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    assert_true(g_file_set_contents(path, "x", -1, NULL));
}

/* The sweep, and whether the directory is there still. */
static gboolean survives(const char *dir)
{
    guest_scratch_sweep(folder);
    return g_file_test(dir, G_FILE_TEST_IS_DIR);
}

static void dead_sockets_go(void **state)
{
    (void)state;
    g_autofree char *dead = make_sockets("libguestfsDeaD01");
    close(bind_in(dead, "guestfsd.sock"));
    close(bind_in(dead, "console.sock"));
    put(dead, "passt1.pid");
    assert_false(survives(dead));
}

static void living_sockets_stay(void **state)
{
    (void)state;
    g_autofree char *dir = make_sockets("libguestfsAlive1");
    int listening = bind_in(dir, "guestfsd.sock");
    assert_true(survives(dir)); /* before listen(2), too */
    assert_int_equal(listen(listening, 1), 0);
    assert_true(survives(dir));
    struct sockaddr_un address = address_in(dir, "guestfsd.sock");
    int near = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(near, (struct sockaddr *)&address, sizeof address), 0);
    int far = accept(listening, NULL, NULL);
    assert_true(far >= 0);
    close(listening);
    assert_true(survives(dir)); /* libguestfs listens no more once the appliance has connected */
    int network = bind_in(dir, "passt.sock");
    close(near);
    close(far);
    assert_true(survives(dir));
    close(network);
    assert_false(survives(dir));
}

/* One is only begun, one is of files, one has another's name, and one is no directory. */
static void others_stay(void **state)
{
    (void)state;
    g_autofree char *empty = make_sockets("libguestfsEmpty1");
    g_autofree char *files = make_sockets("libguestfsFiles1");
    g_autofree char *longer = make_sockets("libguestfs-of-mine");
    g_autofree char *link = g_build_filename(folder, "libguestfsLink01", NULL);
    close(bind_in(files, "guestfsd.sock"));
    put(files, "overlay1.qcow2");
    close(bind_in(longer, "guestfsd.sock"));
    assert_int_equal(symlink(longer, link), 0);
    assert_true(survives(empty));
    assert_true(survives(files));
    assert_true(survives(longer));
}

/* Anybody can make such a directory in /tmp. */
static void strangers_stay(void **state)
{
    (void)state;
    g_autofree char *open_to_all = make_sockets("libguestfsOpen01");
    close(bind_in(open_to_all, "guestfsd.sock"));
    assert_int_equal(g_chmod(open_to_all, 0777), 0);
    assert_true(survives(open_to_all));
    if (geteuid() != 0) {
        print_message("# SKIP a directory of somebody else needs root\n");
        skip();
    }
    g_autofree char *theirs = make_sockets("libguestfsTheirs");
    close(bind_in(theirs, "guestfsd.sock"));
    assert_int_equal(chown(theirs, SOMEBODY, SOMEBODY), 0);
    assert_true(survives(theirs));
}

/* ---- where this process has them ---- */

static void assert_live_below(const char *path, const char *parent)
{
    g_autofree char *prefix = g_build_filename(parent, "libguestfs-", NULL);
    assert_true(g_str_has_prefix(path, prefix));
    assert_true(files_dir_is_live(path));
}

static void check_places(const char *cache, const char *runtime)
{
    struct guest_scratch s = GUEST_SCRATCH_NONE;
    guestfs_h *h = guestfs_create();
    assert_true(guest_scratch_take(&s, h, NULL));
    g_autofree char *tmp = guestfs_get_tmpdir(h), *sockets = guestfs_get_sockdir(h);
    g_autofree char *shared = guestfs_get_cachedir(h);
    g_autofree char *work = g_build_filename(cache, "work", NULL);
    g_autofree char *ingot = g_build_filename(runtime, "ingot", NULL);
    assert_live_below(tmp, work);
    assert_live_below(sockets, ingot);
    assert_string_equal(shared, g_getenv("LIBGUESTFS_CACHEDIR")); /* what the caller said stays */
    guestfs_close(h);
    guest_scratch_remove(&s);
    assert_false(g_file_test(tmp, G_FILE_TEST_EXISTS));
    assert_false(g_file_test(sockets, G_FILE_TEST_EXISTS));
}

/* For root libguestfs ignores XDG_RUNTIME_DIR; so the rest is done as somebody else, with
 * everything in this new directory. */
static char *become_user(const char *name)
{
    char *mine = make_sockets(name);
    g_autofree char *cache = g_build_filename(mine, "cache", NULL);
    g_setenv("INGOT_CACHE", cache, TRUE);
    g_setenv("XDG_RUNTIME_DIR", mine, TRUE);
    g_setenv("LIBGUESTFS_CACHEDIR", mine, TRUE);
    assert_int_equal(g_chmod(folder, 0755), 0);
    if (getuid() == 0) {
        assert_int_equal(chown(mine, SOMEBODY, SOMEBODY), 0);
        assert_int_equal(setresuid(SOMEBODY, SOMEBODY, 0), 0);
    }
    return mine;
}

static void become_oneself(void)
{
    uid_t real, effective, saved;
    assert_int_equal(getresuid(&real, &effective, &saved), 0);
    assert_int_equal(setresuid(saved, saved, saved), 0);
}

static void places_of_a_user(void **state)
{
    (void)state;
    g_autofree char *mine = become_user("of-a-user");
    check_places(g_getenv("INGOT_CACHE"), mine);
    become_oneself();
}

/* libguestfs's own directory is shorter than ours below it. */
static void too_long_for_a_socket(void **state)
{
    (void)state;
    struct guest_scratch s = GUEST_SCRATCH_NONE;
    g_autofree char *name = g_strnfill(70 - strlen(folder), 'x');
    g_autofree char *mine = become_user(name);
    guestfs_h *h = guestfs_create();
    assert_true(guest_scratch_take(&s, h, NULL));
    g_autofree char *sockets = guestfs_get_sockdir(h);
    assert_string_equal(sockets, mine);
    guestfs_close(h);
    guest_scratch_remove(&s);
    become_oneself();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_sockets_go),  cmocka_unit_test(living_sockets_stay),
        cmocka_unit_test(others_stay),      cmocka_unit_test(strangers_stay),
        cmocka_unit_test(places_of_a_user), cmocka_unit_test(too_long_for_a_socket)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
