/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "stages/installation.h"
#include "stages/space_check.h"
#include "stages/stages.h"
#include "stages/running.h"

#include <jansson.h>
#include <unistd.h>

/* Runs the installer in a VM.  The installed disk is kept under a key over everything that the
 * guest is given, so that a changed seal or a failed export does not install again. */

#define KEY_VERSION "install-3" /* raise when what is done with the inputs changes */

static char *key(const build *b)
{
    char hex[DIGEST_HEX_LEN + 1];
    g_autoptr(digest) d = digest_new();
    digest_field(d, "install", KEY_VERSION);
    installation_way(b->plan)->add_inputs(b, FALSE, d);
    digest_finish(d, hex);
    return g_strdup(hex);
}

/* Holds the result of the key for this build: a second build of the same recipe waits here, and
 * then reuses it. */
static gboolean hold(build *b, const char *k, GError **error)
{
    if (!b->kept)
        b->kept =
            kept_hold(b->plan->cache_dir, installation_way(b->plan)->kept, k, b->cancel, error);
    return b->kept != NULL;
}

/* Layers are put together when somebody needs the tree. */
static void take_kept(build *b)
{
    if (b->plan->isolation == PLAN_MACHINE)
        b->disk = g_strdup(kept_file(b->kept));
}

static gboolean reuse(build *b, const char *k)
{
    gint64 age;
    if (!hold(b, k, NULL))
        return FALSE;
    GPtrArray *phases = installation_load(b, b->kept, &age);
    if (!phases)
        return FALSE;
    timeline_set_installed(b->timeline, phases);
    g_autofree char *old = text_duration((double)age);
    progress_info(b->progress, "  the same inputs were installed %s ago; --fresh installs again",
                  old);
    take_kept(b);
    return TRUE;
}

/* What `ingot console` reads to find a running build. */
static gboolean announce(build *b, GError **error)
{
    g_autofree char *runtime = files_runtime_dir(error);
    if (!runtime)
        return FALSE;
    g_autofree char *name = g_strdup_printf("%.24s", b->plan->name);
    b->run_dir = files_live_dir(runtime, name, &b->run_lock, error);
    if (!b->run_dir)
        return FALSE;
    g_autofree char *file = g_build_filename(b->run_dir, RUNNING_ABOUT, NULL);
    json_t *about = json_pack("{s:s, s:i}", "name", b->plan->name, "pid", (int)getpid());
    char *text = json_dumps(about, 0);
    gboolean good = files_write_atomic(file, text, -1, 0600, error);
    free(text);
    json_decref(about);
    return good;
}

/* In seconds what the installer would find out after minutes.  Not before: a kept result needs no
 * modules. */
static gboolean install_has_modules(build *b, GError **error)
{
    const struct media_context context = build_media_context(b);
    return !b->media->kernel ||
           media_check_modules(&b->plan->modules, b->media->kernel, &context, error);
}

static gboolean install_stage(build *b, const char *k, GError **error)
{
    if (!hold(b, k, error) || !space_check_install(b, error) || !install_has_modules(b, error) ||
        !announce(b, error))
        return FALSE;
    GPtrArray *phases = kept_make(b->kept, installation_way(b->plan)->make, b, error);
    if (!phases)
        return FALSE;
    timeline_set_installed(b->timeline, phases);
    take_kept(b);
    return TRUE;
}

const stage stage_install = {
    .name = "install",
    .heading = "run the installer in a VM",
    .failure = INGOT_EXIT_INSTALL,
    .limits = {.total = 2 * 3600, .machines = 2, .emulated = TRUE},
    .key = key,
    .reuse = reuse,
    .run = install_stage,
};
