/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "screen/screen.h"

#include <string.h>
#include <unistd.h>

/* Screens of real machines, over VNC: read to the letter, and typed at. */

/* boot_sector.S */
static const guint8 boot_sector[] = {
    0xfc, 0xb8, 0x03, 0x00, 0xcd, 0x10, 0xb8, 0x00, 0xb8, 0x8e, 0xc0, 0x31, 0xff, 0xbe,
    0x40, 0x7c, 0x31, 0xc0, 0x8e, 0xd8, 0xac, 0x84, 0xc0, 0x74, 0x11, 0x88, 0xc4, 0xb0,
    0x20, 0xab, 0xfe, 0xc0, 0x3c, 0x7f, 0x75, 0xf9, 0x81, 0xc7, 0x82, 0x00, 0xeb, 0xea,
    0xb4, 0x02, 0xb7, 0x00, 0xba, 0x00, 0x14, 0xcd, 0x10, 0xb4, 0x00, 0xcd, 0x16, 0xb4,
    0x0e, 0xbb, 0x07, 0x00, 0xcd, 0x10, 0xeb, 0xf3, 0x07, 0x70, 0x1e, 0x4f, 0x6a, 0x00};

#define DISK_SIZE (4 << 20)

#define ASCII_FIRST                                                                                \
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmno"
#define ASCII_REST "pqrstuvwxyz{|}~"

struct watch {
    screen *s;
    screen_fonts *fonts;
    char *text;
    struct screen_reading reading;
    gboolean lost;
};

static void on_changed(screen *s, gpointer user)
{
    struct watch *w = user;
    g_free(w->text);
    w->text = screen_text(screen_frame(s), w->fonts, &w->reading);
}

static void on_lost(screen *s, gpointer user)
{
    (void)s;
    ((struct watch *)user)->lost = TRUE;
}

static void watch_start(struct watch *w, const struct guest *g)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(g->dir, "vnc", NULL);
    const struct screen_calls calls = {.changed = on_changed, .lost = on_lost, .user = w};
    *w = (struct watch){.fonts = screen_fonts_new(), .text = g_strdup("")};
    w->s = screen_open(path, &calls, &error);
    assert_no_error(error);
}

static void watch_end(struct watch *w)
{
    screen_free(w->s);
    screen_fonts_free(w->fonts);
    g_free(w->text);
}

static gboolean on_limit(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

static void watch_wait(const struct watch *w, const char *text)
{
    gboolean late = FALSE;
    guint timer = g_timeout_add_seconds(120, on_limit, &late);
    while (!late && !w->lost && !strstr(w->text, text))
        g_main_context_iteration(NULL, TRUE);
    if (late || w->lost)
        fail_msg("no '%s' on the screen, which says: %s", text, w->text);
    g_source_remove(timer);
}

/* Without the kernel: the firmware finds a disk, or nothing. */
static struct guest *bare_guest(const char *disk)
{
    struct guest *g = guest_new("stay");
    g_clear_pointer(&g->vm.kernel, g_free);
    g_clear_pointer(&g->vm.initrd, g_free);
    g_clear_pointer(&g->vm.command_line, g_free);
    g->vm.disk = g_strdup(disk);
    return g;
}

/* What another process sees, to whom this machine is a running build. */
static void assert_console_says(const struct guest *g, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *runtime = g_build_filename(g->top, "xdg", NULL);
    g_autofree char *parent = g_build_filename(runtime, "ingot", NULL);
    g_autofree char *entry = g_build_filename(parent, "tiny", NULL);
    g_autofree char *file = g_build_filename(g->dir, "build.json", NULL);
    g_autofree char *about = g_strdup_printf("{\"name\": \"tiny\", \"pid\": %d}", (int)getpid());
    assert_true(files_mkdir(parent, TRUE, NULL) && files_write_atomic(file, about, -1, 0600, NULL));
    g_autofree char *lock_path = g_build_filename(g->dir, "lock", NULL);
    int lock = files_lock(lock_path, NULL, &error);
    assert_true(lock >= 0);
    assert_int_equal(symlink(g->dir, entry), 0);
    assert_true(g_setenv("XDG_RUNTIME_DIR", runtime, TRUE));
    const char *argv[] = {g_getenv("INGOT_TEST_PROGRAM"), "console", "--screen", "tiny", NULL};
    g_autofree char *said = NULL;
    gboolean good = spawn_run(argv, NULL, &said, &error);
    files_unlock_remove(lock, lock_path);
    assert_no_error(error);
    assert_true(good);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    assert_string_equal(said, line);
}

static void no_disk(void **state)
{
    (void)state;
    struct guest *g = bare_guest(NULL);
    struct watch w;
    guest_start(g);
    watch_start(&w, g);
    watch_wait(&w, "No bootable device.");
    g_autofree char *start = g_strndup(w.text, strcspn(w.text, "("));
    assert_string_equal(start, "SeaBIOS ");
    assert_true(g_str_has_suffix(w.text, "\n\nNo bootable device."));
    assert_int_equal(w.reading.matched, w.reading.shown);
    assert_string_equal(w.reading.font, "VGA 9x16");
    assert_console_says(g, w.text);
    /* The machine ends, and the connection with it. */
    vm_free(g_steal_pointer(&g->machine));
    gboolean late = FALSE;
    guint timer = g_timeout_add_seconds(30, on_limit, &late);
    while (!late && !w.lost)
        g_main_context_iteration(NULL, TRUE);
    assert_false(late);
    g_source_remove(timer);
    assert_true(g_str_has_suffix(w.text, "No bootable device."));
    watch_end(&w);
    guest_free(g);
}

static char *make_disk(const char *dir)
{
    g_autoptr(GError) error = NULL;
    /* SeaBIOS wants a disk of some cylinders. */
    g_autofree char *sector = g_malloc0(DISK_SIZE);
    memcpy(sector, boot_sector, sizeof boot_sector);
    sector[510] = 0x55;
    sector[511] = (char)0xaa;
    g_autofree char *raw = g_build_filename(dir, "boot.img", NULL);
    char *disk = g_build_filename(dir, "boot.qcow2", NULL);
    const char *argv[] = {"qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, disk, NULL};
    assert_true(files_write_atomic(raw, sector, DISK_SIZE, 0644, NULL));
    gboolean made = spawn_run(argv, NULL, NULL, &error);
    assert_no_error(error);
    assert_true(made);
    return disk;
}

static void press(screen *s, guint32 keysym)
{
    g_autoptr(GError) error = NULL;
    gboolean good = screen_key(s, keysym, TRUE, &error) && screen_key(s, keysym, FALSE, &error);
    assert_no_error(error);
    assert_true(good);
}

/* All printable characters in five pairs of colours, seen by two people; then keys of one, the end
 * of which is waited for by the other. */
static void characters_and_keys(void **state)
{
    (void)state;
    static const char all[] = ASCII_FIRST "\n" ASCII_REST "\n";
    struct guest *g = bare_guest(NULL);
    struct watch w, other;
    g->vm.disk = make_disk(g->top);
    guest_start(g);
    watch_start(&w, g);
    watch_start(&other, g);
    g_autofree char *five = g_strconcat(all, all, all, all, ASCII_FIRST "\n" ASCII_REST, NULL);
    watch_wait(&w, five);
    assert_string_equal(w.text, five);
    assert_int_equal(w.reading.matched, w.reading.shown);
    for (const char *key = "ingot-7"; *key; key++)
        press(w.s, (guint32)*key);
    g_autofree char *typed = g_strconcat(five, "\n\n\n\n\n\n\n\n\n\n\ningot-7", NULL);
    watch_wait(&other, "ingot-7");
    assert_string_equal(other.text, typed);
    watch_end(&other);
    watch_end(&w);
    vm_free(g_steal_pointer(&g->machine));
    guest_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_disk),
                                       cmocka_unit_test(characters_and_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
