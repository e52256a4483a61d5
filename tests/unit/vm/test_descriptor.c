/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "vm/descriptor.h"

#include <string.h>

#define LISTS                                                                                      \
    "\"interface-types\": [\"uefi\", \"bios\"], \"features\": [\"acpi-s3\"], \"targets\": "        \
    "[{\"architecture\": \"x86_64\", \"machines\": [\"pc-i440fx-*\", \"pc-q35-*\"]}, "             \
    "{\"architecture\": \"aarch64\", \"machines\": [\"virt-*\"]}]"
#define MEMORY "\"mapping\": {\"device\": \"memory\", \"filename\": \"/f/bios\"}"
#define CODE   "\"executable\": {\"filename\": \"/f/code\", \"format\": \"raw\"}"
#define VARS   "\"nvram-template\": {\"filename\": \"/f/vars\", \"format\": \"qcow2\"}"

static descriptor *parse(const char *text, GError **error)
{
    return descriptor_parse(text, strlen(text), error);
}

static void memory(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(descriptor) d = parse("{\"description\": \"a\\nb\", " LISTS ", " MEMORY "}", &error);
    assert_no_error(error);
    assert_false(d->flash);
    assert_string_equal(d->executable.name, "/f/bios");
    assert_null(d->nvram_template.name);
    assert_null(d->unusable);
    assert_null(strchr(d->description, '\n'));
    assert_true(descriptor_offers(d, "bios") && descriptor_offers(d, "uefi"));
    assert_false(descriptor_offers(d, "openfirmware"));
    assert_true(descriptor_has(d, "acpi-s3"));
    assert_false(descriptor_has(d, "secure-boot"));
}

static void flash(void **state)
{
    static const char *const modes[] = {"", "\"mode\": \"split\", "};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strconcat("{" LISTS ", \"mapping\": {\"device\": \"flash\", ",
                                            modes[i], CODE ", " VARS "}}", NULL);
        g_autoptr(descriptor) d = parse(text, &error);
        assert_no_error(error);
        assert_true(d->flash);
        assert_null(d->unusable);
        assert_string_equal(d->description, "");
        assert_string_equal(d->executable.name, "/f/code");
        assert_string_equal(d->executable.format, "raw");
        assert_string_equal(d->nvram_template.name, "/f/vars");
        assert_string_equal(d->nvram_template.format, "qcow2");
    }
}

/* As libvirt has it: concrete types against globs, for the target's architecture only. */
static void targets(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(descriptor) d = parse("{" LISTS ", " MEMORY "}", &error);
    assert_no_error(error);
    assert_true(descriptor_is_for(d, "x86_64", "pc-q35-7.2"));
    assert_true(descriptor_is_for(d, "aarch64", "virt-9.0"));
    assert_false(descriptor_is_for(d, "x86_64", "q35"));
    assert_false(descriptor_is_for(d, "x86_64", "virt-9.0"));
    assert_false(descriptor_is_for(d, "i386", "pc-q35-7.2"));
}

/* In order, and no machine of ingot can have them. */
static void unusable(void **state)
{
    static const struct {
        const char *mapping, *says;
    } cases[] = {
        {"{\"device\": \"kernel\", \"filename\": \"/f/k\"}", "device 'kernel'"},
        {"{\"device\": \"igvm\", \"filename\": \"/f/k\"}", "device 'igvm'"},
        {"{\"device\": \"flash\", \"mode\": \"stateless\", " CODE "}", "flash mode 'stateless'"},
        {"{\"device\": \"flash\", \"mode\": \"combined\", " CODE "}", "flash mode 'combined'"},
        {"{\"device\": \"flash\", \"executable\": {\"filename\": \"/f\", \"format\": "
         "\"vmdk\"}, " VARS "}",
         "format 'vmdk'"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text =
            g_strconcat("{" LISTS ", \"mapping\": ", cases[i].mapping, "}", NULL);
        g_autoptr(descriptor) d = parse(text, &error);
        assert_no_error(error);
        assert_non_null(d->unusable);
        if (!strstr(d->unusable, cases[i].says))
            fail_msg("'%s' does not say '%s'", d->unusable, cases[i].says);
    }
}

static void broken(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "line 1"},
        {"{\n  \"description\" \x1b[31m\n}", "line 2"},
        {"[]", "not a JSON object"},
        {"{" MEMORY "}", "no list 'interface-types'"},
        {"{\"interface-types\": [1]}", "'interface-types' has an item"},
        {"{\"interface-types\": [], \"features\": \"x\"}", "no list 'features'"},
        {"{\"interface-types\": [], \"features\": []}", "no list 'targets'"},
        {"{\"interface-types\": [], \"features\": [], \"targets\": [1]}", "no 'architecture'"},
        {"{\"interface-types\": [], \"features\": [], \"targets\": [{\"architecture\": \"x\"}]}",
         "no list 'machines'"},
        {"{" LISTS "}", "no 'mapping'"},
        {"{" LISTS ", \"mapping\": {\"device\": 1}}", "no 'mapping' with a 'device'"},
        {"{" LISTS ", \"mapping\": {\"device\": \"memory\"}}", "no 'filename'"},
        {"{" LISTS ", \"mapping\": {\"device\": \"memory\", \"filename\": \"bios.bin\"}}",
         "not an absolute path"},
        {"{" LISTS ", \"mapping\": {\"device\": \"flash\", \"mode\": 1}}", "the 'mode'"},
        {"{" LISTS ", \"mapping\": {\"device\": \"flash\"}}", "no 'executable'"},
        {"{" LISTS ", \"mapping\": {\"device\": \"flash\", " CODE "}}", "no 'nvram-template'"},
        {"{" LISTS
         ", \"mapping\": {\"device\": \"flash\", \"executable\": {\"filename\": \"/f\"}}}",
         "no 'format'"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(parse(cases[i].text, &error));
        assert_error_says(error, INGOT_EXIT_HOST, cases[i].says);
        assert_null(strchr(error->message, '\x1b'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory),   cmocka_unit_test(flash),  cmocka_unit_test(targets),
        cmocka_unit_test(unusable), cmocka_unit_test(broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
