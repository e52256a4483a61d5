/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"

#include "base/files.h"
#include "base/text.h"
#include "stages/stages.h"

#include <glib/gstdio.h>

#define DEFAULT_MAX_AGE (24u * 3600)
#define KEEP_SECONDS    (8u * 3600) /* a working day */

struct options {
    gboolean fresh, offline, no_verify, keep;
    char *max_age, *report, *junit, *compact, *isolation;
};

static const GOptionEntry entries[] = {
    {"fresh", 0, 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct options, fresh),
     "Do not reuse kept results: install again", NULL},
    {"max-age", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, max_age),
     "Reuse (and keep) results up to this age (default: 1d)", "AGE"},
    {"offline", 0, 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct options, offline),
     "Take the installer from the cache only", NULL},
    {"isolation", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, isolation),
     ISOLATION_HELP, ISOLATION_VALUES},
    {"compact", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, compact),
     "fast to write and to read (default), or a tenth smaller", "fast|small"},
    {"no-verify", 0, 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct options, no_verify),
     "Do not boot two clones of the finished image", NULL},
    {"keep-on-failure", 0, 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct options, keep),
     "Pause a machine in which the installation failed, for up to eight hours: see resume, "
     "stop",
     NULL},
    {"report", 0, 0, G_OPTION_ARG_FILENAME, COMMAND_OPTION(struct options, report),
     "Write a page on the build, successful or not, as one HTML file", "FILE"},
    {"junit", 0, 0, G_OPTION_ARG_FILENAME, COMMAND_OPTION(struct options, junit),
     "Write its stages and what the clones proved as a JUnit report", "FILE"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

static gboolean build_read_options(const struct options *o, struct build_options *to,
                                   GError **error)
{
    to->fresh = o->fresh;
    to->offline = o->offline;
    to->no_verify = o->no_verify;
    to->keep = o->keep ? KEEP_SECONDS : 0;
    to->report = o->report;
    to->junit = o->junit;
    to->max_age = DEFAULT_MAX_AGE;
    if (!output_compact_parse(o->compact, &to->compact)) {
        ingot_set_error(error, INGOT_EXIT_USAGE, "--compact is fast or small",
                        "'%s' is not a way to compact", o->compact);
        return FALSE;
    }
    if (!o->max_age || text_parse_duration(o->max_age, &to->max_age))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_USAGE, "write it as 12h, 7d or 0s", "'%s' is not an age",
                    o->max_age);
    return FALSE;
}

static void tell_result(struct call *c, const plan *p, const output_result *result)
{
    for (guint i = 0; i < result->files->len; i++) {
        const output_file *file = g_ptr_array_index(result->files, i);
        g_autofree char *shown = text_size(file->size);
        progress_info(c->progress, "%s/%s  %s, sha256 %s", p->out_dir, file->name, shown,
                      file->sha256);
    }
}

/* A typing error must not cost an installation.  What an earlier build has left there goes: should
 * this one be killed, nobody may take that for its result. */
static gboolean build_prepare(const char *option, const char *path, GError **error)
{
    if (path && !files_check_target(option, path, error))
        return FALSE;
    if (path)
        (void)g_unlink(path);
    return TRUE;
}

static gboolean build_work(struct call *c, const struct options *o, GError **error)
{
    struct build_options how = {0};
    if (!build_read_options(o, &how, error) || !call_cache_limit(c, &how.cache_limit, error) ||
        !build_prepare("--report", how.report, error) ||
        !build_prepare("--junit", how.junit, error) || !call_isolation(c, o->isolation, error))
        return FALSE;
    g_autoptr(plan) p = call_plan(c, c->args[0], TRUE, TRUE, error);
    if (!p)
        return FALSE;
    /* Known now, it does not cost an installation. */
    if (!plan_check_firmware(p, !how.no_verify, error))
        return FALSE;
    for (char **problem = p->firmware.problems; *problem; problem++)
        progress_warning(c->progress, "%s", *problem);
    progress_detail(c->progress, "%s", p->vm.accel.reason);
    progress_detail(c->progress, "isolation by a %s: %s", plan_isolation_name(p),
                    p->isolation_reason);
    if (how.keep && p->isolation == PLAN_NAMESPACE)
        progress_warning(c->progress, "--keep-on-failure has no effect in a namespace: with "
                                      "--isolation machine, a failed machine can be looked into");
    g_autoptr(build) b = build_new(p, &how, c->progress, c->hidden, c->cancel, error);
    if (!b || !build_run(b, &c->exit_code, error))
        return FALSE;
    for (guint i = 0; i < b->outputs->len; i++)
        tell_result(c, p, g_ptr_array_index(b->outputs, i));
    return TRUE;
}

static gboolean build_command(struct call *c, GError **error)
{
    return build_work(c, c->options, error);
}

const command command_build = {
    .name = "build",
    .arguments = "RECIPE",
    .heading = "Build the template of a recipe into out/",
    .description =
        "Fetches and verifies the installer, installs in a headless VM, syspreps the disk, "
        "checks the policy, boots two clones to prove that they are distinct machines, and "
        "moves the images and NAME.json into the output directory. If a build fails, only "
        "NAME.failed/ is left there, with the logs, the screen and a script that starts the "
        "machine again. --report writes an HTML page with a timeline against earlier builds, "
        "whether the build succeeded or not. The installed disk is kept for a while, so that "
        "another build with the same inputs does not install again. If INGOT_CACHE_SIZE is "
        "set (10GiB; default: no limit), a build that leaves a larger cache removes what was "
        "used longest ago.",
    .least = 1,
    .most = 1,
    .plans = TRUE,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = build_command,
};
