/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "media/verify.h"

static const char release[] = "Origin: Test\nSuite: test\n- dashed line\nSHA256:\n x\n";

struct fixture {
    char *dir, *work, *file, *good, *expired, *other;
    signer *signer;
    struct media_signature signature;
};

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    *state = f;
    f->dir = files_temp_dir(g_get_tmp_dir(), "ingot-sign", NULL);
    f->work = under(f->dir, "work");
    f->file = under(f->dir, "InRelease");
    f->signer = signer_new(f->dir);
    if (!f->signer)
        return 0;
    f->good = signer_key(f->signer, "good", FALSE);
    f->other = signer_key(f->signer, "other", FALSE);
    f->expired = signer_key(f->signer, "expired", TRUE);
    return files_mkdir(f->work, TRUE, NULL) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    signer_free(f->signer);
    files_remove_tree(f->dir);
    g_free(f->dir);
    g_free(f->work);
    g_free(f->file);
    g_free(f->good);
    g_free(f->other);
    g_free(f->expired);
    g_free(f);
    return 0;
}

static struct fixture *begin(void **state)
{
    struct fixture *f = *state;
    if (!f->signer)
        skip();
    f->signature = (struct media_signature){
        .keyring = f->good, .file = f->file, .name = "InRelease", .work = f->work};
    return f;
}

static void assert_refused(struct fixture *f, const char *says)
{
    char *text = NULL;
    gsize length = 0;
    g_autoptr(GError) error = NULL;
    assert_false(media_verify(&f->signature, NULL, &text, &length, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, says);
    assert_null(text);
}

static char *assert_verified(struct fixture *f)
{
    char *text = NULL;
    gsize length = 0;
    g_autoptr(GError) error = NULL;
    gboolean good = media_verify(&f->signature, NULL, &text, &length, &error);
    assert_no_error(error);
    assert_true(good);
    assert_int_equal(length, strlen(text));
    return text;
}

static void good_signature(void **state)
{
    struct fixture *f = begin(state);
    g_autoptr(GBytes) in = signer_clear(f->signer, release, "good", NULL);
    write_bytes(f->file, in);
    g_autofree char *text = assert_verified(f);
    assert_string_equal(text, release);
}

static void armored_keyrings_work(void **state)
{
    struct fixture *f = begin(state);
    g_autofree char *asc = signer_armored(f->signer, "good");
    g_autofree char *other = signer_armored(f->signer, "other");
    g_autofree char *both = under(f->dir, "both.asc");
    g_autofree char *a = files_read(asc, 1u << 20, NULL, NULL);
    g_autofree char *b = files_read(other, 1u << 20, NULL, NULL);
    g_autofree char *text = g_strdup_printf("A comment\n%s\n%s", b, a);
    g_autoptr(GBytes) in = signer_clear(f->signer, release, "good", NULL);
    write_bytes(f->file, in);
    f->signature.keyring = asc;
    g_free(assert_verified(f));
    assert_true(g_file_set_contents(both, text, -1, NULL));
    f->signature.keyring = both;
    g_free(assert_verified(f));
    f->signature.keyring = other;
    assert_refused(f, "signed by keys that are not in the keyring");
    text[strlen(text) - 60] = '\0';
    assert_true(g_file_set_contents(both, text, -1, NULL));
    f->signature.keyring = both;
    assert_refused(f, "is damaged");
}

static void no_signature(void **state)
{
    struct fixture *f = begin(state);
    static const char *const texts[] = {"", release, "<html>log in here</html>\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        assert_true(g_file_set_contents(f->file, texts[i], -1, NULL));
        assert_refused(f, "has no valid signature");
    }
}

static void another_key(void **state)
{
    struct fixture *f = begin(state);
    g_autoptr(GBytes) in = signer_clear(f->signer, release, "other", NULL);
    write_bytes(f->file, in);
    assert_refused(f, "signed by keys that are not in the keyring");
}

/* An archive signs with the keys of two releases; the host knows the older one. */
static void one_good_of_two_is_enough(void **state)
{
    struct fixture *f = begin(state);
    g_autoptr(GBytes) in = signer_clear(f->signer, release, "other", "good", NULL);
    write_bytes(f->file, in);
    g_autofree char *text = assert_verified(f);
    assert_string_equal(text, release);
}

static void expired_key(void **state)
{
    struct fixture *f = begin(state);
    g_autoptr(GBytes) in = signer_clear(f->signer, release, "expired", NULL);
    write_bytes(f->file, in);
    f->signature.keyring = f->expired;
    assert_refused(f, "expired");
}

static char *as_text(GBytes *bytes)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(bytes, &size);
    return g_strndup(data, size);
}

static void changed_text(void **state)
{
    struct fixture *f = begin(state);
    g_autoptr(GBytes) in = signer_clear(f->signer, release, "good", NULL);
    g_autofree char *text = as_text(in);
    *strstr(text, "Test") = 'B';
    assert_true(g_file_set_contents(f->file, text, -1, NULL));
    assert_refused(f, "the signature of InRelease is wrong");
}

/* What stands around the signed part, and what looks like a field in it, is never read. */
static void text_around_the_signed_part(void **state)
{
    struct fixture *f = begin(state);
    g_autoptr(GBytes) in = signer_clear(f->signer, release, "good", NULL);
    g_autofree char *text = as_text(in);
    g_autofree char *before = g_strconcat("Evil: yes\n\n", text, NULL);
    g_autofree char *after = g_strconcat(text, "\nEvil: yes\n", NULL);
    const char *const texts[] = {before, after};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        char *got = NULL;
        gsize length = 0;
        assert_true(g_file_set_contents(f->file, texts[i], -1, NULL));
        if (media_verify(&f->signature, NULL, &got, &length, NULL))
            assert_string_equal(got, release);
        g_free(got);
    }
}

static void two_signed_parts(void **state)
{
    struct fixture *f = begin(state);
    g_autoptr(GBytes) good = signer_clear(f->signer, release, "good", NULL);
    g_autoptr(GBytes) evil = signer_clear(f->signer, "Evil: yes\n", "other", NULL);
    g_autofree char *a = as_text(good), *b = as_text(evil);
    g_autofree char *ab = g_strconcat(a, b, NULL);
    g_autofree char *ba = g_strconcat(b, a, NULL);
    g_autofree char *aa = g_strconcat(a, a, NULL);
    const char *const texts[] = {ab, ba, aa};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        char *got = NULL;
        gsize length = 0;
        assert_true(g_file_set_contents(f->file, texts[i], -1, NULL));
        if (media_verify(&f->signature, NULL, &got, &length, NULL))
            assert_string_equal(got, release);
        g_free(got);
    }
}

static void truncated(void **state)
{
    struct fixture *f = begin(state);
    g_autoptr(GBytes) in = signer_clear(f->signer, release, "good", NULL);
    gsize size = g_bytes_get_size(in);
    for (gsize length = 0; length < size; length += size / 12) {
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(in, 0, length);
        char *got = NULL;
        gsize n = 0;
        g_autoptr(GError) error = NULL;
        write_bytes(f->file, cut);
        gboolean good = media_verify(&f->signature, NULL, &got, &n, &error);
        /* Without the last line of the armour all of the signature may still be there. */
        if (good && length > size * 3 / 4)
            assert_string_equal(got, release);
        else
            assert_error_says(error, INGOT_EXIT_MEDIA, "InRelease");
        g_free(got);
    }
}

static void detached(void **state)
{
    struct fixture *f = begin(state);
    assert_true(g_file_set_contents(f->file, release, -1, NULL));
    g_autofree char *path = under(f->dir, "x.sig");
    g_autoptr(GBytes) good = signer_detached(f->signer, f->file, "good");
    g_autoptr(GBytes) other = signer_detached(f->signer, f->file, "other");
    f->signature.detached = path;
    write_bytes(path, good);
    assert_true(media_verify(&f->signature, NULL, NULL, NULL, NULL));
    write_bytes(path, other);
    assert_refused(f, "not in the keyring");
    write_bytes(path, good);
    assert_true(g_file_set_contents(f->file, "Something else\n", -1, NULL));
    assert_refused(f, "is wrong");
    assert_true(g_file_set_contents(path, "", 0, NULL));
    assert_refused(f, "InRelease");
}

/* A signature over its own text says nothing of the file that it is given for. */
static void a_clear_text_is_no_detached_signature(void **state)
{
    struct fixture *f = begin(state);
    g_autofree char *path = under(f->dir, "x.asc");
    g_autoptr(GBytes) in = signer_clear(f->signer, release, "good", NULL);
    assert_true(g_file_set_contents(f->file, "Something else\n", -1, NULL));
    write_bytes(path, in);
    f->signature.detached = path;
    assert_refused(f, "InRelease");
}

static void keyrings_that_are_none(void **state)
{
    struct fixture *f = begin(state);
    g_autofree char *path = under(f->dir, "bad.gpg");
    g_autoptr(GBytes) in = signer_clear(f->signer, release, "good", NULL);
    write_bytes(f->file, in);
    f->signature.keyring = path;
    assert_refused(f, "cannot read the keyring for InRelease");
    static const char *const texts[] = {"", "no keys", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        assert_true(g_file_set_contents(path, texts[i], -1, NULL));
        assert_refused(f, "");
    }
}

static void no_gpgv(void **state)
{
    struct fixture *f = begin(state);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) in = signer_clear(f->signer, release, "good", NULL);
    g_autofree char *before = g_strdup(g_getenv("PATH"));
    write_bytes(f->file, in);
    g_setenv("PATH", f->work, TRUE);
    assert_false(media_verify(&f->signature, NULL, NULL, NULL, &error));
    g_setenv("PATH", before, TRUE);
    assert_error_says(error, INGOT_EXIT_HOST, "install the package gpgv");
}

static void cancelling(void **state)
{
    struct fixture *f = begin(state);
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GBytes) in = signer_clear(f->signer, release, "good", NULL);
    write_bytes(f->file, in);
    g_cancellable_cancel(cancel);
    assert_false(media_verify(&f->signature, cancel, NULL, NULL, &error));
    assert_error_says(error, INGOT_EXIT_INTERRUPTED, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_signature),
        cmocka_unit_test(armored_keyrings_work),
        cmocka_unit_test(no_signature),
        cmocka_unit_test(another_key),
        cmocka_unit_test(one_good_of_two_is_enough),
        cmocka_unit_test(expired_key),
        cmocka_unit_test(changed_text),
        cmocka_unit_test(text_around_the_signed_part),
        cmocka_unit_test(two_signed_parts),
        cmocka_unit_test(truncated),
        cmocka_unit_test(detached),
        cmocka_unit_test(a_clear_text_is_no_detached_signature),
        cmocka_unit_test(keyrings_that_are_none),
        cmocka_unit_test(no_gpgv),
        cmocka_unit_test(cancelling),
    };
    return cmocka_run_group_tests_name("media/verify", tests, setup, teardown);
}
