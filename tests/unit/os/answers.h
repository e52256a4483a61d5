/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../test.h"

#include "os/os.h"

#include <string.h>

/* Answers for the tests of every installer of the Debian family. */

/* Values that are good and look for trouble: quotes, substitutions, formats, backslashes. */
#define ODD   "O'Brien \"$(reboot)\" `x` ${HOME} 100%s \\n &"
#define HASH  "$6$abcdefgh$0123456789./ABCDEFabcdef"
#define KEY_A "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEwlGzUwFlYFPa3nN5vqAmdxQaiLu3vCtNvmvSmvCGmJ"
#define KEY_B KEY_A " it's $(b)"
#define EXTRA "# one more\nd-i apt-setup/contrib boolean true\n"
#define LATE                                                                                       \
    "echo 'it''s' \"$HOME\" `id` %s \\\\ >/etc/motd\nfor x in a b; do\n\techo \"$x\"\ndone\n"

static const char *const none[] = {NULL};
static const char *const one_key[] = {KEY_A, NULL};
static const char *const two_keys[] = {KEY_A, KEY_B, NULL};
static const char *const groups[] = {"sudo", "dialout", NULL};
static const char *const packages[] = {"wget", "g++", "libstdc++6", NULL};
static const char *const kernel_args[] = {"net.ifnames=0", "rd.x=a:b@c,d~e%f", NULL};

static const struct os_user users[] = {
    {.name = "root", .password_hash = HASH, .groups = none, .ssh_keys = two_keys},
    {.name = "alice",
     .fullname = ODD,
     .password_hash = HASH,
     .groups = groups,
     .ssh_keys = one_key},
    {.name = "bob", .fullname = ODD, .password_hash = HASH, .groups = groups, .ssh_keys = two_keys},
    {.name = "eve", .groups = none, .ssh_keys = none},
};

static G_GNUC_UNUSED const struct os_answers full = {
    .locale = "ca_ES.UTF-8@valencia",
    .timezone = "America/Argentina/Buenos_Aires",
    .keyboard = "us(dvorak)",
    .hostname = "web-1",
    .domain = "example.org",
    .mirror = "https://[2001:db8::1]:8443/a/debian",
    .final_mirror = "http://archive.example.org/debian",
    .security_mirror = "http://security.example.org/debian-security",
    .proxy = "http://10.0.2.2:3128/",
    .release = "trixie",
    .disk = "/dev/vda",
    .filesystem = "ext4",
    .packages = packages,
    .serial_name = "ttyS0",
    .kernel_package = "linux-image-cloud-amd64",
    .kernel_args = kernel_args,
    .serial_console = TRUE,
    .users = users,
    .n_users = G_N_ELEMENTS(users),
    .extra = EXTRA,
    .late_command = LATE,
};

static const struct os_user only_root[] = {{.name = "root", .groups = none, .ssh_keys = none}};

static G_GNUC_UNUSED const struct os_answers least = {
    .locale = "C.UTF-8",
    .timezone = "Etc/UTC",
    .keyboard = "us",
    .hostname = "debian",
    .domain = "",
    .release = "trixie",
    .disk = "/dev/vda",
    .filesystem = "ext4",
    .packages = none,
    .serial_name = "ttyS0",
    .kernel_package = "linux-image-amd64",
    .kernel_args = none,
    .users = only_root,
    .n_users = 1,
};

/* The text of a file of the answer; owned by the caller. */
static inline char *text_of(const GPtrArray *files, const char *path)
{
    for (guint i = 0; i < files->len; i++) {
        const struct os_file *f = g_ptr_array_index(files, i);
        gsize length = 0;
        if (strcmp(f->path, path) != 0)
            continue;
        const char *data = g_bytes_get_data(f->data, &length);
        return g_strndup(data, length);
    }
    fail_msg("no file %s", path);
    return NULL;
}

/* To accept what is made now: INGOT_TEST_UPDATE=1 meson test os/… */
static inline void assert_golden(const char *name, const char *text)
{
    g_autofree char *path =
        g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "tests/unit/os/golden", name, NULL);
    g_autofree char *want = NULL;
    if (g_getenv("INGOT_TEST_UPDATE"))
        assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_true(g_file_get_contents(path, &want, NULL, NULL));
    assert_string_equal(text, want);
}
