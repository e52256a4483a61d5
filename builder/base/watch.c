/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/watch.h"

#include "base/space.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* An idle appliance takes 1 % of a CPU, now and then 7 %, and moves 100 bytes a second (measured
 * under emulation); what works takes what it gets. */
#define BUSY_PART  8     /* of the time on a CPU */
#define BUSY_BYTES 65536 /* a second */

/* ---- the judgement ---- */

void watch_begin(struct watch_state *state, const struct watch_sample *first)
{
    *state = (struct watch_state){.last = *first, .began = first->at, .moved = first->at};
}

/* A sum that falls is a child that has ended: progress as well. */
static gboolean has_moved(const struct watch_sample *a, const struct watch_sample *b)
{
    gint64 time = MAX(b->at - a->at, 1);
    gint64 cpu = b->cpu - a->cpu, bytes = b->bytes - a->bytes;
    return a->activity != b->activity || cpu < 0 || bytes < 0 || cpu >= time / BUSY_PART ||
           bytes >= (gint64)((double)time / G_USEC_PER_SEC * BUSY_BYTES);
}

enum watch_verdict watch_judge(struct watch_state *state, const struct watch_limits *limits,
                               const struct watch_sample *now)
{
    if (has_moved(&state->last, now))
        state->moved = now->at;
    state->last = *now;
    double still = (double)(now->at - state->moved) / G_USEC_PER_SEC;
    double all = (double)(now->at - state->began) / G_USEC_PER_SEC;
    if (now->full && still >= WATCH_FULL_SECONDS)
        return WATCH_FULL;
    if (limits->still > 0 && still >= limits->still)
        return WATCH_STILL;
    return limits->total > 0 && all >= limits->total ? WATCH_LATE : WATCH_GOES_ON;
}

/* ---- samples ---- */

char **watch_children(pid_t thread)
{
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", (int)thread);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return g_new0(char *, 1);
    return g_strsplit(g_strstrip(text), " ", -1);
}

/* proc(5), /proc/PID/stat: utime and stime, fields 14 and 15; the name before them ends with the
 * last ')'. */
static gint64 cpu_of(const char *pid)
{
    unsigned long user = 0, kernel = 0;
    g_autofree char *path = g_strdup_printf("/proc/%s/stat", pid);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    const char *end = strrchr(text, ')');
    g_auto(GStrv) fields = g_strsplit(end ? end + 1 : "", " ", -1);
    if (g_strv_length(fields) > 13) { /* " 3 4 …" begins with an empty one: 14 is at 12 */
        user = strtoul(fields[12], NULL, 10);
        kernel = strtoul(fields[13], NULL, 10);
    }
    return (gint64)(user + kernel) * G_USEC_PER_SEC / sysconf(_SC_CLK_TCK);
}

/* proc(5), /proc/PID/io: rchar and wchar. */
static gint64 bytes_of(const char *pid)
{
    gint64 sum = 0;
    g_autofree char *path = g_strdup_printf("/proc/%s/io", pid);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, "rchar: ") || g_str_has_prefix(*line, "wchar: "))
            sum += g_ascii_strtoll(*line + strlen("rchar: "), NULL, 10);
    return sum;
}

static gint64 own_cpu(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* ---- the thread ---- */

struct watch {
    struct watch_spec spec;
    char **paths;
    pid_t watched;
    struct watch_state state;
    GThread *thread;
    GMutex mutex;
    GCond changed;
    gboolean stops;
    enum watch_verdict verdict;
    char *cause, *remedy;
};

static struct watch_sample watch_look(const watch *w)
{
    struct watch_sample s = {.at = g_get_monotonic_time(), .cpu = own_cpu()};
    g_auto(GStrv) children = watch_children(w->watched);
    for (char **pid = children; *pid; pid++) {
        s.cpu += cpu_of(*pid);
        s.bytes += bytes_of(*pid);
    }
    for (char **path = w->paths; path && *path && !s.full; path++)
        s.full = space_is_full(*path);
    s.activity = w->spec.activity ? w->spec.activity(w->spec.user) : 0;
    return s;
}

static const char *watch_full_path(const watch *w)
{
    char **path = w->paths;
    while (path[1] && !space_is_full(*path))
        path++;
    return *path;
}

static void name_cause(watch *w)
{
    const struct watch_limits *l = &w->spec.limits;
    g_autofree char *still = text_duration(l->still);
    g_autofree char *total = text_duration(l->total);
    switch (w->verdict) {
    case WATCH_FULL:
        w->cause = space_full_cause(watch_full_path(w));
        w->remedy = space_full_remedy(watch_full_path(w));
        break;
    case WATCH_STILL:
        w->cause = g_strdup_printf("it made no progress for %s", still);
        break;
    case WATCH_LATE:
        w->cause = g_strdup_printf("it exceeded its limit of %s", total);
        break;
    case WATCH_GOES_ON:
        break;
    }
}

/* The mutex is not held while a file system may hang, nor at the end, which may wait for locks of
 * the work. */
static void look_and_judge(watch *w)
{
    g_mutex_unlock(&w->mutex);
    struct watch_sample now = watch_look(w);
    g_mutex_lock(&w->mutex);
    w->verdict = watch_judge(&w->state, &w->spec.limits, &now);
    if (w->verdict == WATCH_GOES_ON)
        return;
    name_cause(w);
    g_mutex_unlock(&w->mutex);
    w->spec.end(w->spec.user);
    g_mutex_lock(&w->mutex);
}

static gpointer run_watch(gpointer data)
{
    watch *w = data;
    g_mutex_lock(&w->mutex);
    while (!w->stops && w->verdict == WATCH_GOES_ON) {
        gint64 next = g_get_monotonic_time() + G_USEC_PER_SEC;
        while (!w->stops && g_cond_wait_until(&w->changed, &w->mutex, next))
            continue;
        if (!w->stops)
            look_and_judge(w);
    }
    g_mutex_unlock(&w->mutex);
    return NULL;
}

watch *watch_start(const struct watch_spec *spec)
{
    watch *w = g_new0(watch, 1);
    w->spec = *spec;
    w->paths = g_strdupv((char **)spec->paths);
    w->watched = gettid();
    g_mutex_init(&w->mutex);
    g_cond_init(&w->changed);
    struct watch_sample first = watch_look(w);
    watch_begin(&w->state, &first);
    w->thread = g_thread_new("watch", run_watch, w);
    return w;
}

enum watch_verdict watch_verdict(watch *w)
{
    if (!w)
        return WATCH_GOES_ON;
    g_mutex_lock(&w->mutex);
    enum watch_verdict verdict = w->verdict;
    g_mutex_unlock(&w->mutex);
    return verdict;
}

char *watch_cause(watch *w, char **remedy)
{
    if (watch_verdict(w) == WATCH_GOES_ON)
        return NULL;
    if (remedy)
        *remedy = g_strdup(w->remedy);
    return g_strdup(w->cause);
}

void watch_stop(watch *w)
{
    if (!w)
        return;
    g_mutex_lock(&w->mutex);
    w->stops = TRUE;
    g_cond_broadcast(&w->changed);
    g_mutex_unlock(&w->mutex);
    g_thread_join(w->thread);
    g_mutex_clear(&w->mutex);
    g_cond_clear(&w->changed);
    g_strfreev(w->paths);
    g_free(w->cause);
    g_free(w->remedy);
    g_free(w);
}
