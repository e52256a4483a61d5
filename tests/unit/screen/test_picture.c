/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "painted.h"

#include "../folder.h"

#include <png.h>
#include <string.h>

static int setup(void **state)
{
    (void)state;
    return folder_make("picture");
}

/* The file as libpng's simplified interface reads it: the same pixels; its length and bits of a
 * sample. */
static gsize check_png(const struct screen_frame *frame, guint *bits)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "screen.png", NULL);
    gboolean saved = screen_save_png(frame, path, &error);
    assert_no_error(error);
    assert_true(saved);
    gsize length = 0;
    g_autofree char *file = files_read(path, 64 << 20, &length, NULL);
    assert_true(length > 33);
    *bits = (guint8)file[24]; /* PNG, 11.2.2 IHDR */
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&image, file, length));
    assert_int_equal(image.width, frame->width);
    assert_int_equal(image.height, frame->height);
    image.format = PNG_FORMAT_RGB;
    g_autofree guint8 *pixels = g_malloc(PNG_IMAGE_SIZE(image));
    assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
    for (gsize i = 0; i < (gsize)frame->width * frame->height; i++)
        assert_int_equal(pixels[3 * i] << 16 | pixels[3 * i + 1] << 8 | pixels[3 * i + 2],
                         frame->pixels[i]);
    return length;
}

static void png_files(void **state)
{
    (void)state;
    guint bits = 0;
    struct painted *p = painted_new(720, 400, 9, 16);
    check_png(&p->frame, &bits);
    assert_int_equal(bits, 1);
    for (guint i = 0; i < 2000; i++)
        painted_put(p, i % 80, i / 80, (guint8)i, GREY, BLACK);
    gsize length = check_png(&p->frame, &bits);
    assert_int_equal(bits, 1);
    assert_in_range(length, 1000, 6000);
    for (guint i = 0; i < 256; i++) {
        painted_fill(p, i, 0, 1, 1, 0xffff00 + i);
        guint used = i + 3;
        if (used == 4 || used == 5 || used == 16 || used == 17 || used == 200) {
            check_png(&p->frame, &bits);
            assert_int_equal(bits, used <= 4 ? 2 : used <= 16 ? 4 : 8);
        }
    }
    painted_noise(p, 3);
    length = check_png(&p->frame, &bits);
    assert_int_equal(bits, 8);
    assert_true(length > 720 * 400 * 3);
    painted_free(p);
}

/* What stands there stays when the new one cannot be written. */
static void png_errors(void **state)
{
    (void)state;
    const guint32 pixel = 0;
    const struct screen_frame none = {0}, one = {.width = 1, .height = 1, .pixels = &pixel};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "old.png", NULL);
    assert_true(files_write_atomic(path, "old", -1, 0600, NULL));
    assert_false(screen_save_png(&none, path, &error));
    assert_non_null(strstr(error->message, "0x0"));
    g_autofree char *text = files_read(path, 10, NULL, NULL);
    assert_string_equal(text, "old");
    g_clear_error(&error);
    assert_false(screen_save_png(&one, "/nonexistent/a.png", &error));
    assert_non_null(error);
}

static void copies(void **state)
{
    (void)state;
    struct painted *p = painted_new(720, 400, 9, 16);
    painted_text(p, 0, 0, "before");
    struct screen_frame *copy = screen_frame_copy(&p->frame);
    guint64 print = screen_fingerprint(&p->frame);
    assert_true(screen_fingerprint(copy) == print);
    assert_true(screen_difference(copy, &p->frame) == 0);
    painted_fill(p, 100, 100, 1, 1, 1);
    assert_true(screen_fingerprint(copy) == print);
    assert_true(screen_fingerprint(&p->frame) != print);
    double difference = screen_difference(copy, &p->frame) * 720 * 400;
    assert_true(difference > 0.999 && difference < 1.001);
    /* The same pixels in another shape. */
    struct screen_frame other = *copy;
    other.width = 400;
    other.height = 720;
    assert_true(screen_difference(copy, &other) == 1);
    assert_true(screen_fingerprint(&other) != print);
    screen_frame_free(copy);
    screen_frame_free(NULL);
    painted_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(png_files), cmocka_unit_test(png_errors),
                                       cmocka_unit_test(copies)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
