/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "verify/clone.h"
#include "verify/evidence.h"
#include "verify/hotplug.h"
#include "verify/probe.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Seconds for a boot, and for everything shorter. */
#define BOOT_HARDWARE  300u
#define BOOT_EMULATED  1200u
#define SHORT_HARDWARE 30u
#define SHORT_EMULATED 180u
#define OFF_SECONDS    120u /* systemd gives a unit 90 to stop */
#define ADDED_HARDWARE 15u  /* for what was added to show */
#define ADDED_EMULATED 45u

/* Locally administered, and not those of a build's machine. */
static const char *const macs[CLONES] = {"52:54:00:69:6e:61", "52:54:00:69:6e:62"};
static const char *const names[CLONES] = {"a", "b"};

struct run {
    struct verify_spec spec; /* with directories of this run */
    struct stat files[CLONES];
    progress *p;
    GCancellable *cancel;
    guint boot, brief, added; /* seconds */
    struct evidence seen;
    struct host_fault host;
    struct clone *clones[CLONES];
};

/* ---- the disks ---- */

static guint disk_count(const struct run *r)
{
    guint n = 1;
    while (n < CLONES && r->spec.disks[n].image)
        n++;
    return n;
}

static gboolean verify_take_digest(const struct run *r, guint n, char **hex, GError **error)
{
    *hex = g_malloc0(DIGEST_HEX_LEN + 1);
    g_autofree char *content = image_content_path(r->spec.disks[n].image);
    return digest_file(content, *hex, NULL, r->cancel, error);
}

static gboolean disk_stat(const struct run *r, guint n, struct stat *seen, GError **error)
{
    g_autofree char *content = image_content_path(r->spec.disks[n].image);
    if (stat(content, seen) == 0)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_SEAL, NULL, "cannot look at %s: %s",
                    verify_disk_name(&r->spec.disks[n]), g_strerror(errno));
    return FALSE;
}

static gboolean disks_before(struct run *r, GError **error)
{
    gboolean good = TRUE;
    for (guint n = 0; good && n < disk_count(r); n++) {
        char **before = &r->seen.disks[n].before;
        *before = g_strdup(r->spec.disks[n].sha256);
        good = disk_stat(r, n, &r->files[n], error) &&
               (*before || verify_take_digest(r, n, before, error));
    }
    return good;
}

/* A file that was read here and that nobody has written to since is not read again.  A digest that
 * was handed in is older than disks_before, so its file is read. */
static gboolean disks_after(struct run *r, GError **error)
{
    gboolean good = TRUE;
    for (guint n = 0; good && n < disk_count(r); n++) {
        struct disk_evidence *d = &r->seen.disks[n];
        struct stat now;
        if (!image_check_same(r->spec.disks[n].image, error) || !disk_stat(r, n, &now, error))
            return FALSE;
        if (!r->spec.disks[n].sha256 && files_is_untouched(&r->files[n], &now))
            d->after = g_strdup(d->before);
        else
            good = verify_take_digest(r, n, &d->after, error);
    }
    return good;
}

/* ---- the clones ---- */

static char *overlay_path(const struct run *r, guint n)
{
    g_autofree char *name = g_strdup_printf("probe-%u." VM_DISK_FORMAT, n);
    return g_build_filename(r->spec.work_dir, name, NULL);
}

/* What clones of disk n lie on.  A probe on the disk is the same changes for all of them, as they
 * hold the same disk. */
static gboolean make_overlay(const struct run *r, guint n, GError **error)
{
    g_autofree char *first = overlay_path(r, 0), *path = overlay_path(r, n);
    const image_file *image = r->spec.disks[n].image;
    if (r->seen.probe == VERIFY_PROBE_SMBIOS)
        return image_overlay(image, path, r->spec.disk_size, r->cancel, error);
    if (n == 0)
        return probe_put(&r->spec, path, r->spec.disk_size, r->p, r->cancel, error);
    return image_overlay_again(image, first, path, r->cancel, error);
}

static gboolean make_overlays(const struct run *r, GError **error)
{
    gboolean good = TRUE;
    for (guint n = 0; good && n < disk_count(r); n++)
        good = make_overlay(r, n, error);
    return good;
}

static gboolean start_clones(struct run *r, GError **error)
{
    gboolean strings = r->seen.probe == VERIFY_PROBE_SMBIOS;
    g_auto(GStrv) oem = strings ? probe_strings(&r->spec, error) : NULL;
    for (guint i = 0; i < CLONES; i++) {
        guint n = MIN(i, disk_count(r) - 1);
        g_autofree char *disk = overlay_path(r, n);
        r->seen.clones[i].disk = verify_disk_name(&r->spec.disks[n]);
        if (!strings || oem)
            r->clones[i] = clone_start(&r->spec, disk, oem, &r->seen.clones[i], r->cancel, error);
        if (!r->clones[i])
            return FALSE;
    }
    return TRUE;
}

/* ---- the questions, to both at once ---- */

static void ask_both(struct run *r, const char *question, guint seconds, answer **first,
                     answer **second)
{
    answer **const to[CLONES] = {first, second};
    for (guint i = 0; i < CLONES; i++)
        clone_send(r->clones[i], question);
    for (guint i = 0; i < CLONES; i++)
        *to[i] = clone_answer(r->clones[i], seconds);
}

static char *booted_question(const struct run *r)
{
    return g_strdup_printf("booted %u", r->boot);
}

static void boot(struct run *r)
{
    struct clone_evidence *seen = r->seen.clones;
    g_autofree char *booted = booted_question(r);
    gint64 began = g_get_monotonic_time();
    progress_phase(r->p, "boot");
    for (guint i = 0; i < CLONES; i++) {
        guint passed = (guint)((g_get_monotonic_time() - began) / G_USEC_PER_SEC);
        (void)clone_wait_probe(r->clones[i], 1, passed < r->boot ? r->boot - passed : 1);
    }
    ask_both(r, booted, r->boot + r->brief, &seen[0].booted, &seen[1].booted);
    ask_both(r, "facts", r->brief, &seen[0].facts, &seen[1].facts);
    for (guint i = 0; i < CLONES; i++)
        if (seen[i].facts)
            seen[i].clock =
                (gint64)answer_number(seen[i].facts, "time") - clone_answered(r->clones[i]);
}

static void add_words(GString *text, const char *const *words)
{
    for (; words && *words; words++)
        g_string_append_printf(text, " %s", *words);
}

/* What neither may know: the other's address, and those of the machine that made the image. */
static void search(struct run *r)
{
    progress_phase(r->p, "search");
    for (guint i = 0; i < CLONES; i++) {
        g_autoptr(GString) question = g_string_new("search ");
        g_string_append(question, macs[CLONES - 1 - i]);
        add_words(question, r->spec.foreign_macs);
        clone_send(r->clones[i], question->str);
    }
    for (guint i = 0; i < CLONES; i++)
        r->seen.clones[i].searched = clone_answer(r->clones[i], r->boot);
}

static void run_packages(struct run *r)
{
    g_autoptr(GString) question = g_string_new("run");
    add_words(question, r->spec.packages);
    if (r->spec.packages && *r->spec.packages)
        r->seen.clones[0].packages = clone_ask(r->clones[0], question->str, r->boot);
}

static void power_off(struct run *r, guint i)
{
    if (!r->seen.clones[i].trouble) /* what did not come up does not go down */
        r->seen.clones[i].powered_off = clone_power_off(r->clones[i], MAX(r->brief, OFF_SECONDS));
}

/* The second clone restarts while everything that is left is done with the first one. */
static void restart(struct run *r)
{
    struct clone_evidence *b = &r->seen.clones[1];
    g_autofree char *booted = booted_question(r);
    progress_phase(r->p, "restart");
    answer_free(clone_ask(r->clones[1], "reboot", r->brief));
    run_packages(r);
    hotplug_try(r->clones[0], &r->spec, r->added, &r->seen.hotplug);
    power_off(r, 0);
    if (!clone_wait_probe(r->clones[1], 2, r->boot))
        return;
    b->restarted = clone_ask(r->clones[1], booted, r->boot + r->brief);
    b->again = clone_ask(r->clones[1], "facts", r->brief);
}

/* ---- the whole ---- */

static void stop(struct run *r)
{
    for (guint i = 0; i < CLONES; i++)
        g_clear_pointer(&r->clones[i], clone_free);
}

/* The image is not responsible for what the host does to its clones. */
static gboolean host_failed(const struct run *r, GError **error)
{
    if (r->host.cause)
        ingot_set_error(error, INGOT_EXIT_HOST, r->host.remedy, "the clones were stopped: %s",
                        r->host.cause);
    return r->host.cause != NULL;
}

static gboolean verify_clones(struct run *r, GError **error)
{
    progress_phase(r->p, "probe");
    if (!disks_before(r, error))
        return FALSE;
    r->seen.probe = probe_choose(&r->spec, r->seen.disks[0].before);
    progress_detail(r->p, "the probe is passed by %s", verify_probe_name(r->seen.probe));
    if (!make_overlays(r, error) || !start_clones(r, error)) {
        stop(r);
        return FALSE;
    }
    boot(r);
    search(r);
    restart(r);
    progress_phase(r->p, "power off");
    power_off(r, 1);
    stop(r);
    return !g_cancellable_set_error_if_cancelled(r->cancel, error) && !host_failed(r, error) &&
           disks_after(r, error);
}

static gboolean verify_in_directory(struct run *r, GError **error)
{
    int lock = -1;
    g_autofree char *dir = files_live_dir(r->spec.work_dir, "verify", &lock, error);
    if (!dir)
        return FALSE;
    r->spec.work_dir = dir;
    if (!r->spec.log_dir)
        r->spec.log_dir = dir;
    gboolean good = verify_clones(r, error);
    files_remove_tree(dir);
    files_unlock(lock);
    return good;
}

/* What to do where no clone's probe has spoken, if it may be the probe's fault. */
static const char *probe_hint(const struct evidence *e)
{
    if (e->probe != VERIFY_PROBE_SMBIOS || e->clones[0].booted || e->clones[1].booted)
        return NULL;
    return "if the system came up (see its console), its kernel may lack dmi-sysfs: "
           "ingot verify --probe-on-disk does without";
}

static void set_failure(const struct evidence *e, const verify_result *result, GError **error)
{
    const char *image = verify_disk_name(&e->spec->disks[0]);
    g_autoptr(GString) lines = g_string_new(NULL);
    for (guint i = 0; i < result->findings->len; i++) {
        const struct verify_finding *f = g_ptr_array_index(result->findings, i);
        if (f->outcome == VERIFY_FAILED)
            g_string_append_printf(lines, "\n- %s: %s", f->name, f->says);
    }
    ingot_set_error(error, INGOT_EXIT_VERIFY, probe_hint(e), "clones of %s failed verification:%s",
                    image, lines->str);
}

static verify_result *verify_judge(const struct run *r, gint64 began)
{
    verify_result *result = g_new0(verify_result, 1);
    result->findings = evidence_judge(&r->seen);
    result->probe = r->seen.probe;
    result->clones = evidence_to_json(&r->seen);
    result->seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    for (guint i = 0; i < result->findings->len; i++) {
        const struct verify_finding *f = g_ptr_array_index(result->findings, i);
        result->failed += f->outcome == VERIFY_FAILED;
        progress_detail(r->p, "%s: %s%s%s", f->name, verify_outcome_name(f->outcome),
                        *f->says ? ", " : "", f->says);
    }
    return result;
}

gboolean verify_run(const struct verify_spec *spec, progress *p, GCancellable *cancel,
                    verify_result **result, GError **error)
{
    gint64 began = g_get_monotonic_time();
    gboolean fast = spec->accel->kvm;
    struct run r = {.spec = *spec, .p = p, .cancel = cancel};
    r.boot = spec->limit ? spec->limit : fast ? BOOT_HARDWARE : BOOT_EMULATED;
    r.brief = MIN(r.boot, fast ? SHORT_HARDWARE : SHORT_EMULATED);
    r.added = MIN(r.brief, fast ? ADDED_HARDWARE : ADDED_EMULATED);
    r.seen.spec = spec;
    for (guint i = 0; i < CLONES; i++)
        r.seen.clones[i] =
            (struct clone_evidence){.name = names[i], .mac = macs[i], .host = &r.host};
    gboolean good = verify_in_directory(&r, error);
    if (good) {
        *result = verify_judge(&r, began);
        good = (*result)->failed == 0;
        if (!good)
            set_failure(&r.seen, *result, error);
    }
    evidence_clear(&r.seen);
    g_free(r.host.cause);
    g_free(r.host.remedy);
    return good;
}
