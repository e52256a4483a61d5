/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/failure_bundle.h"

#include "base/files.h"
#include "stages/rerun.h"
#include "stages/byhand.h"
#include "stages/diagnosis.h"

#include <string.h>

#define LOG_LIMIT (64u << 20)

static char *failure_bundle_path(const build *b)
{
    g_autofree char *name = g_strconcat(b->plan->name, ".failed", NULL);
    return g_build_filename(b->plan->out_dir, name, NULL);
}

static void failure_bundle_put(const build *b, const char *dir, const char *name, const char *text,
                               int mode)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(dir, name, NULL);
    if (!files_write_atomic(path, text, -1, mode, &error))
        progress_warning(b->progress, "%s", error->message);
}

/* bytes: what is in no document yet. */
static void failure_bundle_put_masked(const build *b, const char *dir, const char *name,
                                      const char *bytes, gsize length, int mode)
{
    gsize n;
    g_autofree char *safe = secrets_redact_bytes(b->hidden, bytes, length, &n);
    g_autofree char *text = g_utf8_make_valid(safe, (gssize)n);
    failure_bundle_put(b, dir, name, text, mode);
}

/* Logs are text and are masked; the screen is a picture and is copied unchanged. */
static void failure_bundle_copy_log(const build *b, const char *dir, const char *name)
{
    g_autofree char *from = g_build_filename(b->log_dir, name, NULL);
    g_autofree char *to = g_build_filename(dir, name, NULL);
    gsize length = 0;
    g_autofree char *data = files_read(from, LOG_LIMIT, &length, NULL);
    if (!data)
        return;
    if (!g_str_has_suffix(name, ".png")) {
        failure_bundle_put_masked(b, dir, name, data, length, 0644);
        return;
    }
    g_autoptr(GError) error = NULL;
    if (!files_write_atomic(to, data, (gssize)length, 0644, &error))
        progress_warning(b->progress, "%s", error->message);
}

static void failure_bundle_put_answers(const build *b, const char *dir)
{
    for (guint i = 0; i < b->plan->files->len; i++) {
        const struct os_file *f = g_ptr_array_index(b->plan->files, i);
        gsize length;
        const char *data = g_bytes_get_data(f->data, &length);
        g_autofree char *name = byhand_answer_name(f);
        failure_bundle_put_masked(b, dir, name, data, length, 0600);
    }
}

static void failure_bundle_put_recipe(const build *b, const char *dir)
{
    if (!b->plan->recipe_text)
        return;
    failure_bundle_put_masked(b, dir, RERUN_RECIPE, b->plan->recipe_text,
                              strlen(b->plan->recipe_text), 0644);
    if (b->plan->isolation == PLAN_NAMESPACE) /* no machine to run again */
        return;
    g_autofree char *script = rerun_script(b);
    failure_bundle_put_masked(b, dir, "qemu.sh", script, strlen(script), 0755);
}

static void failure_bundle_put_diagnosis(const build *b, const char *dir, const char *stage_name,
                                         int exit_code, const GError *failure)
{
    json_t *all = diagnosis_new(b, stage_name, exit_code, failure);
    json_t *diagnosis = secrets_redact_json(b->hidden, all);
    g_autofree char *json = secrets_dump_json(NULL, diagnosis, JSON_INDENT(2));
    g_autofree char *text = diagnosis_text(diagnosis);
    failure_bundle_put(b, dir, "diagnosis.json", json, 0644);
    failure_bundle_put(b, dir, "diagnosis.txt", text, 0644);
    json_decref(diagnosis);
    json_decref(all);
}

char *failure_bundle_save(const build *b, const char *stage_name, int exit_code,
                          const GError *failure)
{
    g_autofree char *dir = failure_bundle_path(b);
    g_autoptr(GError) error = NULL;
    files_remove_tree(dir);
    if (!files_mkdir(dir, FALSE, &error)) {
        progress_warning(b->progress, "%s", error->message);
        return NULL;
    }
    failure_bundle_put_diagnosis(b, dir, stage_name, exit_code, failure);
    g_autoptr(GDir) logs = g_dir_open(b->log_dir, 0, NULL);
    const char *name;
    while (logs && (name = g_dir_read_name(logs)))
        failure_bundle_copy_log(b, dir, name);
    failure_bundle_put_recipe(b, dir);
    failure_bundle_put_answers(b, dir);
    return g_steal_pointer(&dir);
}

void failure_bundle_remove(const build *b)
{
    g_autofree char *dir = failure_bundle_path(b);
    files_remove_tree(dir);
}
