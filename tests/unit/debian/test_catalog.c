/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../media/support.h"

#include "debian/debian.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* A suite as large as Debian's, and what choosing from it costs.  The sanitizer keeps what is freed
 * and has a shadow of everything: with it, the suite is small and the memory is not measured. */
#ifdef __SANITIZE_ADDRESS__
#define PACKAGES 7000u
#define MIB_MAX  254
#else
#define PACKAGES 69000u
#define MIB_MAX  32
#endif

/* Of three versions, one has an epoch; of seven file names, one is not the usual one. */
static char *version_of(guint n)
{
    return g_strdup_printf("%s1.%u.0-%u", n % 3 ? "" : "2:", n % 90, n % 4);
}

static char *file_of(guint n)
{
    return n % 7 ? g_strdup_printf("pool/main/p/package-%05u/package-%05u_1.%u.0-%u_amd64.deb", n,
                                   n, n % 90, n % 4)
                 : g_strdup_printf("pool/main/p/%05u.deb", n);
}

static char *sha256_of(guint n)
{
    char hex[DIGEST_HEX_LEN + 1];
    digest_bytes(&n, sizeof n, hex);
    return g_strdup(hex);
}

/* As many bytes in each field as trixie has on average; each package needs the one of half its
 * number, by a name that this provides. */
static void write_stanza(FILE *to, guint n)
{
    g_autofree char *version = version_of(n), *file = file_of(n), *sha256 = sha256_of(n);
    fprintf(
        to,
        "Package: package-%05u\nSource: package-source (1.%u-%u)\nVersion: %s\n"
        "Installed-Size: 1234\nMaintainer: A Team of Packagers <packagers@example.org>\n"
        "Architecture: %s\nPriority: %s\nSection: misc\n"
        "Depends: provided-%05u (= %u), package-00000 | package-none (>= 2.17.1), package-00000 "
        "(>= 1.0~) | package-absent (>= 4.0.5-17)\n",
        n, n % 90, n % 4, version, n % 2 ? "amd64" : "all", n ? "optional" : "required", n / 2,
        n / 2);
    fprintf(to,
            "Provides: provided-%05u (= %u), other-%05u (= 1)\nRecommends: nothing\n"
            "Filename: %s\nSize: %u\nSHA256: %s\nMD5sum: 0123456789abcdef0123456789abcdef\n"
            "Homepage: https://www.example.org/a/page\n",
            n, n, n, file, n + 1, sha256);
    fprintf(to,
            "Description: a description of a package that is long enough\n"
            "Description-md5: 0123456789abcdef0123456789abcdef\n"
            "Tag: implemented-in::c, interface::commandline, role::program, use::converting,\n"
            " scope::utility, works-with::text, works-with-format::plaintext, suite::gnu,\n"
            " made-of::nothing, x11::application\n%s\n",
            n % 5 ? "" : " \t"); /* a line of blanks also separates stanzas */
}

static void write_suite(const char *file)
{
    FILE *to = fopen(file, "w");
    assert_non_null(to);
    for (guint n = 0; n < PACKAGES; n++)
        write_stanza(to, n);
    assert_int_equal(fclose(to), 0);
}

static gboolean is_package(const deb_package *p, guint n)
{
    g_autofree char *name = g_strdup_printf("package-%05u", n);
    g_autofree char *version = version_of(n), *file = file_of(n), *sha256 = sha256_of(n);
    return g_str_equal(p->name, name) && g_str_equal(p->version, version) &&
           g_str_equal(p->filename, file) && g_str_equal(p->sha256, sha256) && p->size == n + 1 &&
           g_str_equal(p->arch, n % 2 ? "amd64" : "all") && p->source == 3;
}

/* The last package and those that it needs. */
static gboolean choose_last(const char *file)
{
    const struct deb_listing listing = {(char *)file, 3};
    g_autofree char *last = g_strdup_printf("package-%05u", PACKAGES - 1);
    const char *const packages[] = {last, NULL};
    const struct deb_need need = {.base = TRUE, .packages = packages};
    g_autoptr(deb_catalog) catalog = deb_catalog_read(&listing, 1, "amd64", NULL, NULL, NULL);
    g_autoptr(GPtrArray) all = catalog ? deb_closure(catalog, &need, NULL) : NULL;
    guint n = PACKAGES - 1, i = all ? all->len : 0;
    while (i && is_package(g_ptr_array_index(all, i - 1), n)) {
        i--;
        n /= 2;
    }
    return all && i == 0 && n == 0;
}

static long status_kib(const char *field)
{
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents("/proc/self/status", &text, NULL, NULL));
    const char *line = strstr(text, field);
    return line ? strtol(line + strlen(field), NULL, 10) : 0;
}

/* How many MiB a process grows at its peak; -1: it fails. */
static int growth_of_child(const char *file)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        long before = status_kib("VmRSS:");
        gboolean good = choose_last(file);
        long mib = (status_kib("VmHWM:") - before) >> 10;
        _exit(good ? (int)MIN(mib, 254) : 255);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

static void a_large_suite_in_little_memory(void **state)
{
    g_autofree char *file = under(*state, "Packages");
    write_suite(file);
    int mib = growth_of_child(file);
    print_message("# %u packages: %d MiB\n", PACKAGES, mib);
    assert_in_range(mib, 0, MIB_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_large_suite_in_little_memory, temp_setup, temp_teardown),
    };
    return cmocka_run_group_tests_name("debian/catalog", tests, NULL, NULL);
}
