/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "verify/probe.h"

#include <string.h>

/* Which way the probe takes into the clones, and what it looks like as SMBIOS strings. */

#define DIGEST "d1"

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-probe");
}

static void versions(void **state)
{
    static const struct {
        const char *text;
        guint version;
    } all[] = {{"257.13-1~deb13u1", 257},
               {"255.4-1ubuntu8.10", 255},
               {"0:256-3.fc41", 256},
               {"252", 252},
               {"", 0},
               {"later", 0},
               {"99999999999", 0}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        assert_int_equal(verify_systemd_version(all[i].text), all[i].version);
}

/* Only what is known of this very image counts. */
static void choice(void **state)
{
    static const struct {
        guint systemd;
        const char *of;
        enum verify_probe probe;
    } all[] = {{0, NULL, VERIFY_PROBE_DISK},     {252, NULL, VERIFY_PROBE_DISK},
               {255, DIGEST, VERIFY_PROBE_DISK}, {256, NULL, VERIFY_PROBE_SMBIOS},
               {257, "d2", VERIFY_PROBE_DISK},   {257, DIGEST, VERIFY_PROBE_SMBIOS}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        const struct verify_spec spec = {.systemd = all[i].systemd, .systemd_sha256 = all[i].of};
        if (probe_choose(&spec, DIGEST) != all[i].probe)
            fail_msg("%zu: %s", i, verify_probe_name(probe_choose(&spec, DIGEST)));
    }
}

/* What systemd makes of a string: src/core/import-creds.c, parse_smbios_strings. */
static char *credential_in(const char *path, const char *name)
{
    g_autofree char *text = NULL;
    g_autofree char *start = g_strdup_printf("io.systemd.credential.binary:%s=", name);
    gsize length = 0, size = 0;
    assert_true(g_file_get_contents(path, &text, &length, NULL));
    assert_int_equal(strlen(text), length);
    assert_null(strpbrk(text, "\n ,"));
    assert_true(g_str_has_prefix(text, start));
    g_autofree guchar *data = g_base64_decode(text + strlen(start), &size);
    return g_strndup((const char *)data, size);
}

static void check_part(const char *path, const char *name, const char *part)
{
    g_autofree char *source =
        g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "kickstart", "verify", part, NULL);
    g_autofree char *want = NULL, *have = credential_in(path, name);
    assert_true(g_file_get_contents(source, &want, NULL, NULL));
    assert_string_equal(have, want);
}

/* The probe is the same one that a disk takes; the drop-in loads it under the name that it has. */
static void strings(void **state)
{
    (void)state;
    GError *error = NULL;
    const struct verify_spec spec = {.data_dir = g_getenv("INGOT_TEST_SOURCE"), .work_dir = folder};
    g_auto(GStrv) paths = probe_strings(&spec, &error);
    assert_no_error(error);
    assert_int_equal(g_strv_length(paths), 4);
    check_part(paths[0], "ingot-verify.probe", "probe.sh");
    check_part(paths[1], "systemd.extra-unit.ingot-verify.service", "probe.service");
    check_part(paths[2], "systemd.unit-dropin.ingot-verify.service", "smbios.conf");
    check_part(paths[3], "systemd.unit-dropin.multi-user.target", "wanted.conf");
    g_autofree char *loads = credential_in(paths[2], "systemd.unit-dropin.ingot-verify.service");
    g_autofree char *wants = credential_in(paths[3], "systemd.unit-dropin.multi-user.target");
    assert_non_null(strstr(loads, "\nLoadCredential=ingot-verify.probe\nExecStart=\n"
                                  "ExecStart=/bin/sh %d/ingot-verify.probe\n"));
    assert_non_null(strstr(wants, "\nWants=ingot-verify.service\n"));
}

/* The firmware's tables have an end; QEMU says so only when it starts. */
static void too_long(void **state)
{
    (void)state;
    GError *error = NULL;
    g_autofree char *dir = g_build_filename(folder, "kickstart", "verify", NULL);
    g_autofree char *script = g_build_filename(dir, "probe.sh", NULL);
    g_autofree char *unit = g_build_filename(dir, "probe.service", NULL);
    g_autofree char *text = g_strnfill(31 << 10, '#');
    assert_int_equal(g_mkdir_with_parents(dir, 0700), 0);
    assert_true(g_file_set_contents(script, text, -1, NULL));
    assert_true(g_file_set_contents(unit, text, -1, NULL));
    const struct verify_spec spec = {.data_dir = folder, .work_dir = folder};
    assert_null(probe_strings(&spec, &error));
    assert_non_null(error);
    assert_non_null(strstr(error->message, "61440 fit"));
    g_clear_error(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(versions), cmocka_unit_test(choice),
                                       cmocka_unit_test(strings), cmocka_unit_test(too_long)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
