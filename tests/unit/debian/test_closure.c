/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../media/support.h"

#include "debian/debian.h"

#define TEXT(text) text, sizeof(text) - 1 /* with the NULs in it */
#define A64        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void add_default(GString *text, const char *line, const char *field, const char *value)
{
    g_autofree char *key = g_strconcat(field, ": ", NULL);
    if (!strstr(line, key))
        g_string_append_printf(text, "%s%s\n", key, value);
}

/* A Packages file of lines "NAME Field: value; Field: value". */
static char *index_of(const char *const *lines)
{
    GString *text = g_string_new(NULL);
    for (; *lines; lines++) {
        g_autofree char *name = g_strndup(*lines, strcspn(*lines, " "));
        g_auto(GStrv) fields = g_strsplit(*lines + strlen(name), ";", -1);
        g_string_append_printf(text, "Package: %s\n", name);
        for (char **f = fields; *f; f++) {
            if (*g_strstrip(*f))
                g_string_append_printf(text, "%s\n", *f);
        }
        add_default(text, *lines, "Version", "1");
        add_default(text, *lines, "Architecture", "amd64");
        add_default(text, *lines, "Filename", "pool/x.deb");
        add_default(text, *lines, "Size", "5");
        add_default(text, *lines, "SHA256", A64);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

/* "a" as it came in, "a." by name, "a+" of the base, "a+." both. */
static char *shown(const GPtrArray *chosen)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < chosen->len; i++) {
        const deb_package *m = g_ptr_array_index(chosen, i);
        g_string_append_printf(text, "%s%s%s%s", i ? " " : "", m->name, m->base ? "+" : "",
                               m->wanted ? "." : "");
    }
    return g_string_free(text, FALSE);
}

static GPtrArray *close_text(const char *text, gsize length, const char *plain,
                             const char *packages, const char *out, GError **error)
{
    g_auto(GStrv) p = g_strsplit(plain, " ", -1), w = g_strsplit(packages, " ", -1);
    g_auto(GStrv) x = g_strsplit(out, " ", -1);
    struct deb_need need = {.base = TRUE,
                            .plain = (const char *const *)p,
                            .packages = (const char *const *)w,
                            .excluded = (const char *const *)x};
    g_autoptr(deb_catalog) catalog = deb_catalog_new(text, length, "amd64", error);
    return catalog ? deb_closure(catalog, &need, error) : NULL;
}

struct closure_case {
    const char *lines[10], *plain, *packages, *excluded;
    const char *is, *says; /* one of them */
};

static void check(const struct closure_case *c)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = index_of(c->lines);
    g_autoptr(GPtrArray) all =
        close_text(text, strlen(text), c->plain ? c->plain : "", c->packages ? c->packages : "",
                   c->excluded ? c->excluded : "", &error);
    if (c->says) {
        assert_null(all);
        assert_error_says(error, INGOT_EXIT_MEDIA, c->says);
        return;
    }
    assert_no_error(error);
    g_autofree char *is = shown(all);
    assert_string_equal(is, c->is);
}

#define CHECK_ALL(cases)                                                                           \
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)                                                \
    check(&cases[i])

static void the_base(void **state)
{
    (void)state;
    static const struct closure_case cases[] = {
        {.lines = {"a Priority: required; Depends: c", "b Priority: important",
                   "c Priority: optional; Pre-Depends: d", "d", "e Essential: yes",
                   "f Priority: standard", "g"},
         .plain = "g",
         .is = "a+ b+ c+ d+ e+ g+."},
        {.lines = {"a Priority: important", "b Priority: important; Depends: c", "c"},
         .excluded = "a",
         .is = "b+ c+"},
        {.lines = {"a Priority: required; Architecture: arm64",
                   "b Priority: required; Architecture: all", "c Priority: required; Version: 1",
                   "c Priority: optional; Version: 2"},
         .is = "b+"},
        {.lines = {"a Priority: required; Depends: b", "b Depends: a, b"}, .is = "a+ b+"},
    };
    CHECK_ALL(cases);
}

static void alternatives(void **state)
{
    (void)state;
    static const struct closure_case cases[] = {
        {.lines = {"a Depends: x | b | c", "b", "c"}, .plain = "a", .is = "a+. b+"},
        {.lines = {"a Depends: b | c", "b", "c"}, .plain = "a c", .is = "a+. c+."},
        {.lines = {"a Depends: old | new", "old", "new"},
         .plain = "a",
         .excluded = "old",
         .is = "a+. new+"},
        {.lines = {"a Depends: new | old", "old"},
         .plain = "a",
         .excluded = "old",
         .says = "nothing in the archive provides “new | old”, which a needs: old is excluded"},
        {.lines = {"a Depends: b (>= 2) | c, d:any (<< 2)", "b", "c", "d"},
         .plain = "a",
         .is = "a+. c+ d+"},
        {.lines = {"a Depends: b (= 1),\n c [amd64]\n\t| d, ", "b", "c"},
         .plain = "a",
         .is = "a+. b+ c+"},
        {.lines = {"a Depends: b (>= 2)", "b"},
         .plain = "a",
         .says = "nothing in the archive provides “b (>= 2)”, which a needs"},
        {.lines = {"a Depends: b (~ 1)", "b"}, .plain = "a", .says = "“b (~ 1)”"},
        /* Names of fields are the same in any case (Policy 5.1). */
        {.lines = {"a DEPENDS: b; pre-depends: c", "b", "c"}, .plain = "a", .is = "a+. b+ c+"},
        {.lines = {"a", "b Depends: c; depends: d"}, .plain = "a", .says = "a duplicate field"},
        {.lines = {"a", "b Depends: c; nothing"}, .plain = "a", .says = "no field name"},
    };
    CHECK_ALL(cases);
}

static void provided_names(void **state)
{
    (void)state;
    static const struct closure_case cases[] = {
        {.lines = {"a Depends: v", "c Provides: u, v", "b Provides: v"},
         .plain = "a",
         .is = "a+. b+"},
        {.lines = {"a Depends: v", "b Provides: v; Priority: extra",
                   "c Provides: v; Priority: standard"},
         .plain = "a",
         .is = "a+. c+"},
        {.lines = {"a Depends: v", "b Provides: v", "v"}, .plain = "a", .is = "a+. v+"},
        {.lines = {"a Depends: v", "b Provides: v", "v"}, .plain = "a b", .is = "a+. b+."},
        {.lines = {"a Depends: v (>= 2)", "b Provides: v", "c Provides: v (= 2)"},
         .plain = "a",
         .is = "a+. c+"},
        {.lines = {"b Provides: v; Conflicts: v", "c Provides: v; Conflicts: v"},
         .plain = "b v",
         .is = "b+."},
        {.lines = {"a Depends: v", "b Provides: v; Version: 1", "b Version: 2"},
         .plain = "a",
         .says = "nothing in the archive provides “v”"},
    };
    CHECK_ALL(cases);
}

static void recommended_ones(void **state)
{
    (void)state;
    static const struct closure_case cases[] = {
        {.lines = {"a Recommends: b", "b Depends: c; Recommends: d", "c Recommends: e", "d", "e"},
         .packages = "a",
         .is = "a. b c d e"},
        {.lines = {"a Recommends: b", "b", "c Depends: d", "d Recommends: e", "e"},
         .plain = "a c",
         .is = "a+. c+. d+"},
        /* What is of the base already is no news, even when it is named. */
        {.lines = {"a Priority: required; Recommends: b", "b", "c Depends: a"},
         .packages = "a c",
         .is = "a+. c."},
        {.lines = {"a Recommends: x, b | c, y (>= 1)", "c"}, .packages = "a", .is = "a. c"},
        /* What must be there is there before alternatives of what may be. */
        {.lines = {"a Recommends: x | y; Depends: b", "b Depends: c", "c Depends: y", "x", "y"},
         .packages = "a",
         .is = "a. b c y"},
        {.lines = {"a Recommends: b", "b", "c Recommends: d", "d"},
         .packages = "a c",
         .excluded = "b d",
         .is = "a. c."},
        {.lines = {"a Recommends: b, c", "b Depends: d, x", "c", "d"},
         .packages = "a",
         .is = "a. c"},
        {.lines = {"a Recommends: b, d", "b Depends: c; Conflicts: d", "c Depends: e", "d",
                   "e Breaks: f", "f"},
         .packages = "a f",
         .is = "a. d f."},
        {.lines = {"a Suggests: b", "b"}, .packages = "a", .is = "a."},
    };
    CHECK_ALL(cases);
}

static void what_does_not_go_together(void **state)
{
    (void)state;
    static const struct closure_case cases[] = {
        {.lines = {"a Recommends: b", "b Conflicts: c", "c"},
         .plain = "c",
         .packages = "a",
         .is = "a. c+."},
        {.lines = {"a Depends: b | d", "b", "c Breaks: b (<< 2)", "d"},
         .plain = "c a",
         .is = "a+. c+. d+"},
        {.lines = {"a Depends: b", "b Version: 2", "c Breaks: b (<< 2)"},
         .plain = "c a",
         .is = "a+. b+ c+."},
        {.lines = {"a Depends: b", "b", "c Conflicts: v", "d Provides: v"},
         .plain = "c d",
         .says = "the package “d” cannot be installed: d and c cannot be installed together"},
        {.lines = {"a Depends: b", "b Conflicts: c", "c"},
         .plain = "c a",
         .says = "nothing in the archive provides “b”, which a needs: b and c cannot be installed "
                 "together"},
    };
    CHECK_ALL(cases);
}

static void names_that_are_not_there(void **state)
{
    (void)state;
    static const struct closure_case cases[] = {
        {.lines = {"openssh-server"},
         .packages = "opensshserver",
         .says = "the archive has no package “opensshserver”"},
        {.lines = {"openssh-server"},
         .plain = "opensshserver",
         .says = "did you mean “openssh-server”?"},
        {.lines = {"a"},
         .plain = "a",
         .excluded = "a",
         .says = "the package “a” cannot be installed: a is excluded"},
        {.lines = {"a"}, .plain = "entirely-different", .says = "no package “entirely-different”"},
    };
    CHECK_ALL(cases);
}

static void fields_that_cannot_be_used(void **state)
{
    (void)state;
    static const struct closure_case cases[] = {
        {.lines = {"a Filename: ../x.deb"}, .plain = "a", .says = "no usable name"},
        {.lines = {"a Filename: /x.deb"}, .plain = "a", .says = "no usable name"},
        {.lines = {"a Size: -1"}, .plain = "a", .says = "no usable name"},
        {.lines = {"a Size: 99999999999999999999"}, .plain = "a", .says = "no usable name"},
        {.lines = {"a Size: 0"}, .plain = "a", .says = "no usable name"},
        {.lines = {"a SHA256: abc"}, .plain = "a", .says = "no usable name"},
        {.lines = {"a Version: 1/2"}, .plain = "a", .says = "no usable name"},
        {.lines = {"a Version: "}, .plain = "a", .says = "no usable name"},
        {.lines = {"a/../b Priority: required"}, .says = "no usable name"},
        {.lines = {"\033[31m Priority: required"}, .says = "no usable name"},
        {.lines = {"a", "b Filename: ../x.deb"}, .plain = "a", .is = "a+."}, /* not taken */
    };
    CHECK_ALL(cases);
}

/* Any text is read to its end and either makes sense or does not. */
static void hostile_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        gsize length;
    } texts[] = {
        {TEXT("")},
        {TEXT("\n\n\n")},
        {TEXT(":")},
        {TEXT(" \n \n")},
        {TEXT("Package")},
        {TEXT("Package:")},
        {TEXT("Package: a\nArchitecture: all")},
        {TEXT("Package: a\0b\nArchitecture: all\nPriority: required\n")},
        {TEXT("Depends: a\n \n\t\n")},
        {TEXT("Package: a\nArchitecture: all\nProvides: , ,(=,|(= )\nDepends: ((((, ))),|||\n")},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        /* At the end of a block of its own, where reading on is seen. */
        g_autofree char *copy = g_memdup2(texts[i].text, texts[i].length);
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) all = close_text(copy, texts[i].length, "", "", "", &error);
        assert_true(all || error);
        assert_true(!all || all->len == 0);
    }
}

static void a_stanza_without_end(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new("Package: a\nDepends: b");
    while (text->len < 5u << 20)
        g_string_append(text, ", b\n ");
    assert_null(close_text(text->str, text->len, "a", "", "", &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "a stanza of over 4 MiB");
}

static void many_alternatives_end(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new("Package: a\nArchitecture: all\nVersion: 1\nDepends: x");
    for (guint i = 0; i < 20000; i++)
        g_string_append_printf(text, " | b%u", i);
    g_string_append_c(text, '\n');
    assert_null(close_text(text->str, text->len, "a", "", "", &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "which a needs");
    assert_true(strlen(error->message) < 500);
}

static void check_kernel(const char *const *lines, const char *name, const char *is,
                         const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = index_of(lines);
    g_autoptr(deb_catalog) catalog = deb_catalog_new(text, strlen(text), "amd64", &error);
    assert_no_error(error);
    g_autoptr(GPtrArray) all = deb_choose_kernel(catalog, name, &error);
    if (says) {
        assert_null(all);
        assert_error_says(error, INGOT_EXIT_MEDIA, says);
        return;
    }
    assert_no_error(error);
    g_autofree char *got = shown(all);
    assert_string_equal(got, is);
}

static void kernels(void **state)
{
    (void)state;
    static const char *const debian[] = {
        "linux-image-cloud Depends: linux-image-6.1-cloud (= 1)",
        "linux-image-6.1-cloud Depends: kmod, linux-base, initramfs-tools | linux-initramfs-tool",
        NULL};
    static const char *const split[] = {
        "linux-virtual Depends: linux-image-virtual (= 1), linux-headers-virtual",
        "linux-image-virtual Depends: linux-image-6-generic",
        "linux-image-6-generic Depends: kmod, linux-modules-6-generic, linux-modules-6-generic",
        "linux-modules-6-generic", NULL};
    static const char *const circle[] = {"linux-image-a Depends: linux-image-b",
                                         "linux-image-b Depends: linux-image-a", NULL};
    static const char *const half[] = {"linux-image-a Depends: linux-image-b", NULL};
    check_kernel(debian, "linux-image-cloud", "linux-image-6.1-cloud", NULL);
    check_kernel(debian, "linux-image-6.1-cloud", "linux-image-6.1-cloud", NULL);
    check_kernel(split, "linux-virtual", "linux-image-6-generic linux-modules-6-generic", NULL);
    check_kernel(circle, "linux-image-a", NULL, "does not depend on a kernel");
    check_kernel(half, "linux-image-a", NULL, "no package “linux-image-b”");
    check_kernel(half, "linux-imag-a", NULL, "did you mean “linux-image-a”?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_base),
        cmocka_unit_test(alternatives),
        cmocka_unit_test(provided_names),
        cmocka_unit_test(recommended_ones),
        cmocka_unit_test(what_does_not_go_together),
        cmocka_unit_test(names_that_are_not_there),
        cmocka_unit_test(fields_that_cannot_be_used),
        cmocka_unit_test(hostile_texts),
        cmocka_unit_test(a_stanza_without_end),
        cmocka_unit_test(many_alternatives_end),
        cmocka_unit_test(kernels),
    };
    return cmocka_run_group_tests_name("debian/closure", tests, NULL, NULL);
}
