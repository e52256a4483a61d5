/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/diagnosis.h"

#include "base/files.h"
#include "base/text.h"
#include "stages/seed.h"

#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SEED_LOG_LIMIT (1u << 20)
#define REQUESTS_MOST  200

#define DIAGNOSIS_VERSION 1 /* raise it when a member changes its meaning or is removed */

/* ---- the host ---- */

static guint64 memory_of(int pages)
{
    long n = sysconf(pages), size = sysconf(_SC_PAGESIZE);
    return n > 0 && size > 0 ? (guint64)n * (guint64)size : 0;
}

static void diagnosis_add_space(json_t *host, const char *name, const char *folder)
{
    struct statvfs fs;
    if (statvfs(folder, &fs) != 0)
        return;
    guint64 space = (guint64)fs.f_bavail * fs.f_frsize;
    json_object_set_new(host, name, json_integer((json_int_t)space));
}

static json_t *host_json(const build *b)
{
    const struct vm_accel *accel = &b->plan->vm.accel;
    struct utsname name;
    json_t *host =
        json_pack("{s:I, s:I, s:I, s:s, s:s*}", "cpus", (json_int_t)g_get_num_processors(),
                  "memory", (json_int_t)memory_of(_SC_PHYS_PAGES), "memory_available",
                  (json_int_t)memory_of(_SC_AVPHYS_PAGES), "accelerator",
                  accel->kvm ? "kvm" : "tcg", "accelerator_reason", accel->reason);
    diagnosis_add_space(host, "cache_free", b->plan->cache_dir);
    diagnosis_add_space(host, "out_free", b->plan->out_dir);
    g_autofree char *qemu = vm_qemu_version();
    if (qemu)
        json_object_set_new(host, "qemu", json_string(qemu));
    if (uname(&name) == 0)
        json_object_set_new(host, "kernel", json_string(name.release));
    return host;
}

/* ---- the failure ---- */

static const char *string_of(const json_t *o, const char *name)
{
    return json_string_value(json_object_get(o, name));
}

/* From a machine's failure, or else from an error's text: its first line is the cause, the
 * others are evidence. */
static json_t *evidence_json(const json_t *f, const GStrv lines)
{
    json_t *list = json_array();
    if (f)
        json_array_extend(list, json_object_get(f, "evidence"));
    for (guint i = 1; !f && lines[0] && lines[i]; i++)
        json_array_append_new(list, text_json(g_strstrip(lines[i])));
    return list;
}

/* What is on the last picture, when that can be read. */
static json_t *screen_text(const build *b)
{
    const json_t *pictures = json_object_get(timeline_last_machine(b->timeline), "pictures");
    return json_object_get(json_array_get(pictures, json_array_size(pictures) - 1), "text");
}

/* What the guest requested of the seed; absent if there was none. */
static void add_requests(json_t *o, const build *b)
{
    g_autofree char *file = g_build_filename(b->log_dir, SEED_LOG, NULL);
    g_autofree char *text = files_read(file, SEED_LOG_LIMIT, NULL, NULL);
    g_auto(GStrv) lines = text ? g_strsplit(g_strchomp(text), "\n", REQUESTS_MOST) : NULL;
    json_t *list = lines ? json_array() : NULL;
    for (guint i = 0; lines && lines[i]; i++)
        json_array_append_new(list, text_json(lines[i]));
    if (list)
        json_object_set_new(o, "requests", list);
}

json_t *diagnosis_new(const build *b, const char *stage_name, int exit_code, const GError *failure)
{
    const json_t *f = json_object_get(timeline_last_machine(b->timeline), "failure");
    g_autofree char *message = ingot_error_text(failure);
    g_auto(GStrv) lines = g_strsplit(message, "\n", -1);
    const char *hint = ingot_error_hint(failure), *cause = f ? string_of(f, "cause") : lines[0];
    const char *remedy = string_of(f, "remedy") ? string_of(f, "remedy") : hint;
    json_t *screen = screen_text(b);
    json_t *o =
        json_pack("{s:i, s:s, s:s, s:i, s:o}", "diagnosis", DIAGNOSIS_VERSION, "name",
                  b->plan->name, "stage", stage_name, "exit", exit_code, "cause", text_json(cause));
    if (remedy)
        json_object_set_new(o, "remedy", text_json(remedy));
    if (f) {
        json_object_set(o, "phase", json_object_get(f, "phase"));
        json_object_set(o, "after", json_object_get(f, "at"));
    }
    json_object_set_new(o, "evidence", evidence_json(f, lines));
    if (screen)
        json_object_set(o, "screen", screen);
    add_requests(o, b);
    json_object_set_new(o, "host", host_json(b));
    return o;
}

/* ---- for people ---- */

static void diagnosis_add_line(GString *text, const char *heading, const char *value)
{
    if (value && *value)
        g_string_append_printf(text, "%-9s %s\n", heading, value);
}

static void diagnosis_add_lines(GString *text, const char *heading, const json_t *lines)
{
    if (json_array_size(lines))
        g_string_append_printf(text, "\n%s:\n", heading);
    for (size_t i = 0; i < json_array_size(lines); i++)
        g_string_append_printf(text, "  %s\n", json_string_value(json_array_get(lines, i)));
}

static void add_host(GString *text, const json_t *host)
{
    const char *name;
    json_t *value;
    g_string_append(text, "\nThe host:\n");
    json_object_foreach((json_t *)host, name, value)
    {
        gboolean bytes = strstr(name, "memory") || strstr(name, "free");
        g_autofree char *size =
            json_is_integer(value)
                ? bytes ? text_size((guint64)json_integer_value(value))
                        : g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value))
                : NULL;
        g_string_append_printf(text, "  %-20s %s\n", name, size ? size : json_string_value(value));
    }
}

char *diagnosis_text(const json_t *diagnosis)
{
    GString *text = g_string_new(NULL);
    json_t *after = json_object_get(diagnosis, "after");
    g_autofree char *when = after ? text_duration(json_real_value(after)) : NULL;
    diagnosis_add_line(text, "build:", string_of(diagnosis, "name"));
    diagnosis_add_line(text, "stage:", string_of(diagnosis, "stage"));
    diagnosis_add_line(text, "phase:", string_of(diagnosis, "phase"));
    diagnosis_add_line(text, "after:", when);
    diagnosis_add_line(text, "cause:", string_of(diagnosis, "cause"));
    diagnosis_add_line(text, "remedy:", string_of(diagnosis, "remedy"));
    diagnosis_add_lines(text, "Evidence", json_object_get(diagnosis, "evidence"));
    if (string_of(diagnosis, "screen"))
        g_string_append_printf(text, "\nThe screen:\n%s\n", string_of(diagnosis, "screen"));
    diagnosis_add_lines(text, "What the guest requested", json_object_get(diagnosis, "requests"));
    add_host(text, json_object_get(diagnosis, "host"));
    return g_string_free(text, FALSE);
}
