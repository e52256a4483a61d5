/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "output/output.h"

#include <unistd.h>

/* What a manifest says of the file beside it. */

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-published");
}

static char *put(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static const char *said_of(const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    const output_format *format = output_published_format(path);
    return format ? format->name : NULL;
}

/* As a build writes it; a link leads to the template. */
static void what_a_build_says(void **state)
{
    (void)state;
    GPtrArray *results = g_ptr_array_new_with_free_func((GDestroyNotify)output_result_free);
    for (const output_format *const *format = output_formats(); *format; format++) {
        g_autofree char *name = g_strdup_printf("web.1.%s", (*format)->name);
        g_free(put(name, "its bytes say nothing"));
        output_result *result = g_new0(output_result, 1);
        result->format = *format;
        result->files = g_ptr_array_new_with_free_func((GDestroyNotify)output_file_free);
        g_ptr_array_add(result->files, output_file_read(folder, name, NULL, NULL));
        g_ptr_array_add(results, result);
    }
    json_t *manifest = json_pack("{s:o}", "outputs", output_results_json(results));
    char *text = json_dumps(manifest, 0);
    g_free(put("web.1.json", text));
    free(text);
    json_decref(manifest);
    g_ptr_array_unref(results);
    assert_string_equal(said_of("web.1.raw"), "raw");
    assert_string_equal(said_of("web.1.qcow2"), "qcow2");
    g_autofree char *link_path = g_build_filename(folder, "latest", NULL);
    assert_int_equal(symlink("web.1.raw", link_path), 0);
    assert_string_equal(said_of("latest"), "raw");
}

/* Only of the file that it names, as the first of a format that is known. */
static void what_it_does_not_say(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{\"outputs\": {}}",
        "{\"outputs\": [null, 3, {}]}",
        "{\"outputs\": [{\"format\": \"raw\"}]}",
        "{\"outputs\": [{\"format\": \"raw\", \"files\": []}]}",
        "{\"outputs\": [{\"format\": \"raw\", \"files\": [{\"file\": \"other.raw\"}]}]}",
        "{\"outputs\": [{\"format\": \"raw\", \"files\": [{\"file\": \"a\"}, {\"file\": "
        "\"x.raw\"}]}]}",
        "{\"outputs\": [{\"format\": 7, \"files\": [{\"file\": \"x.raw\"}]}]}",
        "{\"outputs\": [{\"format\": \"floppy\", \"files\": [{\"file\": \"x.raw\"}]}]}",
    };
    (void)state;
    g_free(put("x.raw", ""));
    assert_null(said_of("x.raw"));
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(put("x.json", texts[i]));
        assert_null(said_of("x.raw"));
    }
    g_free(put("x.json",
               "{\"outputs\": [{\"format\": \"raw\", \"files\": [{\"file\": \"x.raw\"}]}]}"));
    assert_string_equal(said_of("x.raw"), "raw");
    assert_null(said_of("x.qcow2")); /* not there */
    g_free(put("noextension", ""));
    assert_null(said_of("noextension"));
}

#define DISK "\"outputs\": [{\"format\": \"raw\", \"files\": [{\"file\": \"p.raw\""
#define SYSTEMD                                                                                    \
    "\"os\": {\"packages\": [{\"name\": \"a\"}, {\"name\": \"systemd\", \"version\": \"257\"}]}"

/* A version comes with the digest of the disk that has it, or not at all. */
static void packages(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{" DISK ", \"sha256\": \"d\"}]}]}",
        "{" DISK "}]}], " SYSTEMD "}",
        "{" DISK ", \"sha256\": 7}]}], " SYSTEMD "}",
        "{" DISK ", \"sha256\": \"d\"}]}], \"os\": {\"packages\": [3, {}]}}",
        "{" DISK ", \"sha256\": \"d\"}]}], \"os\": {\"packages\": [{\"name\": \"systemd\"}]}}",
    };
    (void)state;
    g_autofree char *path = put("p.raw", "");
    char *digest = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(put("p.json", texts[i]));
        assert_null(output_published_package(path, "systemd", &digest));
        assert_null(digest);
    }
    g_free(put("p.json", "{" DISK ", \"sha256\": \"d\"}]}], " SYSTEMD "}"));
    g_autofree char *version = output_published_package(path, "systemd", &digest);
    assert_string_equal(version, "257");
    assert_string_equal(digest, "d");
    g_free(digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_a_build_says),
                                       cmocka_unit_test(what_it_does_not_say),
                                       cmocka_unit_test(packages)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
