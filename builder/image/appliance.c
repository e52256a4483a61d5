/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/appliance.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "vm/vm.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* QEMU 7.2 with two emulated CPUs and a CPU model that has cx16 corrupts Linux guests, so the
 * appliance gets a second CPU only where the hardware runs it. */
#define CPUS_EMULATED 1
#define CPUS_HARDWARE 2
#define MEMORY_MIB    1024
#define MESSAGES_KEPT 2000u

/* A libguestfs call can be ended from outside only by ending what it waits for: the appliance's
 * QEMU or, while that is being made, supermin.  Asking libguestfs for the pid would wait for the
 * lock that the running call holds, so the pids come from the kernel: proc(5), children. */
static void kill_helpers(const guest *g)
{
    g_auto(GStrv) now = watch_children(g->appliance->thread);
    for (char **pid = now; *pid; pid++) {
        guint64 number = 0;
        if (!g_strv_contains((const char *const *)g->appliance->other_children, *pid) &&
            g_ascii_string_to_unsigned(*pid, 10, 2, G_MAXINT32, &number, NULL))
            kill((pid_t)number, SIGKILL);
    }
}

static void appliance_on_cancel(GCancellable *cancel, gpointer data)
{
    (void)cancel;
    guest *g = data;
    guestfs_user_cancel(g->appliance->h);
    kill_helpers(g);
}

static void keep_message(guest *g, const char *text, gsize length)
{
    g_string_append_len(g->appliance->messages, text, (gssize)length);
    if (g->appliance->messages->len > 2 * MESSAGES_KEPT)
        g_string_erase(g->appliance->messages, 0,
                       (gssize)(g->appliance->messages->len - MESSAGES_KEPT));
}

static void show_message(guest *g, const char *text, gsize length)
{
    keep_message(g, text, length);
    g_autofree char *clean = text_printable(text, (gssize)length);
    g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);
    for (char **line = lines; *line; line++)
        if (*g_strstrip(*line))
            progress_detail(g->p, "libguestfs: %s", *line);
    /* Cancelled between two helpers: the one that reports now started after the others were
     * killed. */
    if (g_cancellable_is_cancelled(g->cancel) ||
        watch_verdict(g->appliance->watch) != WATCH_GOES_ON)
        kill_helpers(g);
}

/* Takes every event that is asked for. */
static void on_event(guestfs_h *h G_GNUC_UNUSED, void *data, uint64_t event,
                     int handle G_GNUC_UNUSED, int flags G_GNUC_UNUSED, const char *text,
                     size_t length, const uint64_t *array G_GNUC_UNUSED,
                     size_t array_length G_GNUC_UNUSED)
{
    if (event == GUESTFS_EVENT_ENTER)
        appliance_enter_call(data, text, length);
    else
        show_message(data, text, length);
}

static void listen_for(guest *g, uint64_t events)
{
    guestfs_set_event_callback(g->appliance->h, on_event, events, 0, g);
}

static void on_watch_end(gpointer data)
{
    kill_helpers(data);
}

/* An image that is only read is below an overlay too: file systems can then replay their
 * journals. */
static int add_drive(guest *g)
{
    return guestfs_add_drive_opts(
        g->appliance->h, g->appliance->disk, GUESTFS_ADD_DRIVE_OPTS_FORMAT, VM_DISK_FORMAT,
        GUESTFS_ADD_DRIVE_OPTS_DISCARD, "enable", GUESTFS_ADD_DRIVE_OPTS_CACHEMODE, "unsafe", -1);
}

/* libguestfs emulates a "max" processor, whose AVX and fast string instructions are slow; QEMU
 * takes the last -cpu that it is given. */
static gboolean appliance_emulate(guest *g)
{
    const char *cpu = vm_emulated_cpu();
    return guestfs_set_backend_setting(g->appliance->h, "force_tcg", "1") == 0 &&
           (!cpu || guestfs_config(g->appliance->h, "-cpu", cpu) == 0);
}

static gboolean configure(guest *g, GError **error)
{
    const struct guest_spec *spec = g->appliance->spec;
    gboolean good =
        guestfs_set_backend(g->appliance->h, "direct") == 0 &&
        guestfs_set_pgroup(g->appliance->h, 1) == 0 &&
        guestfs_set_memsize(g->appliance->h, MEMORY_MIB) == 0 &&
        /* The appliance runs nothing but its own programs; docs/performance.md. */
        guestfs_set_append(g->appliance->h, "norandmaps mitigations=off") == 0 &&
        guestfs_set_smp(g->appliance->h, spec->force_tcg ? CPUS_EMULATED : CPUS_HARDWARE) == 0 &&
        (!spec->force_tcg || appliance_emulate(g)) &&
        guestfs_set_network(g->appliance->h, spec->network) == 0 && add_drive(g) == 0;
    return good || appliance_fail(g, error, "set up libguestfs for %s", g->name);
}

static struct appliance *appliance_new(const struct guest_spec *spec)
{
    struct appliance *a = g_new0(struct appliance, 1);
    a->spec = spec;
    a->messages = g_string_new(NULL);
    a->thread = gettid();
    a->other_children = watch_children(a->thread);
    a->scratch = (struct guest_scratch)GUEST_SCRATCH_NONE;
    return a;
}

static gboolean create_handle(guest *g, GError **error)
{
    interrupt_survive_closed_pipes(); /* that of an appliance that may have been ended */
    g->appliance->h = guestfs_create();
    if (!g->appliance->h) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot create a libguestfs handle: %s",
                        g_strerror(errno));
        return FALSE;
    }
    guestfs_set_error_handler(g->appliance->h, NULL, NULL);
    listen_for(g, GUESTFS_EVENT_LIBRARY | GUESTFS_EVENT_WARNING | GUESTFS_EVENT_APPLIANCE);
    if (g->cancel)
        g->appliance->cancel_id =
            g_cancellable_connect(g->cancel, G_CALLBACK(appliance_on_cancel), g, NULL);
    return TRUE;
}

static gboolean check_access(const guest *g, GError **error)
{
    if (access(g->appliance->disk, R_OK | W_OK) == 0)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_SEAL, "check the path, and that this user can write it",
                    "cannot open the image %s: %s", g->appliance->disk, g_strerror(errno));
    return FALSE;
}

/* Only a disk of our own that is to be changed is opened directly.  libguestfs resolves the path
 * that it is given, so for an untrusted image it gets one that nobody else can change. */
static gboolean choose_disk(guest *g, GError **error)
{
    const image_file *from = g->appliance->spec->image;
    gboolean below = g->appliance->spec->read_only || !image_is_own(from);
    if (!guest_scratch_take(&g->appliance->scratch, g->appliance->h, error))
        return FALSE;
    g->appliance->disk =
        below ? g_build_filename(g->appliance->scratch.files, "opened." VM_DISK_FORMAT, NULL)
              : g_strdup(image_path(from));
    return below ? image_overlay(from, g->appliance->disk, 0, g->cancel, error)
                 : check_access(g, error);
}

gboolean appliance_launch(guest *g, const struct guest_spec *spec, GError **error)
{
    g->appliance = appliance_new(spec);
    if (!create_handle(g, error) || !choose_disk(g, error))
        return FALSE;
    g->place = g->appliance->disk;
    g->appliance->watch = appliance_watch(g, on_watch_end);
    if (!configure(g, error))
        return FALSE;
    if (guestfs_launch(g->appliance->h) == 0) {
        listen_for(g, GUESTFS_EVENT_ENTER); /* not in the launch, which calls others itself */
        return image_check_same(spec->image, error);
    }
    if (!g_cancellable_set_error_if_cancelled(g->cancel, error) && !appliance_limit_error(g, error))
        appliance_explain_launch(g, guestfs_last_error(g->appliance->h), error);
    return FALSE;
}

gboolean appliance_shutdown(guest *g, GError **error)
{
    if (guestfs_umount_all(g->appliance->h) != 0)
        return appliance_fail(g, error, "unmount the file systems of %s", g->name);
    if (guestfs_shutdown(g->appliance->h) != 0)
        return appliance_fail(g, error, "write everything to %s", g->name);
    return TRUE;
}

void appliance_close(guest *g)
{
    struct appliance *a = g->appliance;
    if (!a)
        return;
    g_cancellable_disconnect(g->cancel, a->cancel_id);
    if (a->h) /* the appliance may hang at its end, too */
        guestfs_close(a->h);
    g_free(a->disk);
    watch_stop(a->watch);
    guest_scratch_remove(&a->scratch);
    g_string_free(a->messages, TRUE);
    g_strfreev(a->other_children);
    g_free(a);
}

char *guest_library_version(void)
{
    guestfs_h *h = guestfs_create();
    struct guestfs_version *v = h ? guestfs_version(h) : NULL;
    char *text = v ? g_strdup_printf("%" PRIi64 ".%" PRIi64 ".%" PRIi64 "%s", v->major, v->minor,
                                     v->release, v->extra)
                   : g_strdup("unknown");
    g_clear_pointer(&v, guestfs_free_version);
    g_clear_pointer(&h, guestfs_close);
    return text;
}
