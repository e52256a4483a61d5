/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/section.h"
#include "report/sections.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

/* The disk and network activity of each machine over time, as inline SVG.  A sample is [at,
 * disk_read, disk_written, received, sent]; a curve shows what was added in each of the equal parts
 * of time. */

#define MACHINES_MOST 8
#define SAMPLES_MOST  20000
#define PHASES_MOST   100
#define BINS          160
#define WIDTH         640.0 /* of the drawing, in its own units */
#define HEIGHT        120.0

enum { AT, READ, WRITTEN, RECEIVED, SENT, MEMBERS };

struct curves {
    double length; /* seconds */
    double total[MEMBERS];
    double rate[MEMBERS][BINS]; /* per second */
};

static double sample_value(const json_t *sample, gsize member)
{
    double value = json_number_value(json_array_get(sample, member));
    return isfinite(value) && value > 0 ? MIN(value, 1e18) : 0;
}

/* Spreads what was added between two samples evenly over the bins between them. */
static void spread(struct curves *c, int member, double from, double to, double amount)
{
    double bin = c->length / BINS;
    c->total[member] += amount;
    for (int i = (int)(from / bin); i < BINS && i * bin < to; i++) {
        double part = MIN(to, (i + 1) * bin) - MAX(from, i * bin);
        if (part > 0)
            c->rate[member][i] += amount * part / (to - from) / bin;
    }
}

/* FALSE: there is nothing to draw.  Samples that go back in time or count are left out. */
static gboolean read_samples(const json_t *machine, struct curves *c)
{
    gsize n = member_count(machine, "samples", SAMPLES_MOST);
    if (n < 2)
        return FALSE;
    memset(c, 0, sizeof *c);
    c->length = MIN(sample_value(member_at(machine, "samples", n - 1), AT), 1e8);
    if (c->length < 1)
        return FALSE;
    const json_t *before = member_at(machine, "samples", 0);
    for (gsize i = 1; i < n; i++) {
        const json_t *now = member_at(machine, "samples", i);
        double from = sample_value(before, AT), to = sample_value(now, AT);
        if (to - from < 0.001 || to > c->length)
            continue;
        for (int m = READ; m < MEMBERS; m++)
            spread(c, m, from, to,
                   MAX(sample_value(now, (gsize)m) - sample_value(before, (gsize)m), 0));
        before = now;
    }
    return TRUE;
}

/* ---- drawing ---- */

static double highest(const struct curves *c, int one, int other)
{
    double most = 0;
    for (int i = 0; i < BINS; i++)
        most = MAX(most, MAX(c->rate[one][i], c->rate[other][i]));
    return most;
}

static void put_path(GString *out, const struct curves *c, int member, double most,
                     const char *class)
{
    markup(out, "<path class=\"%s\" d=\"M0 ", class);
    put_number(out, HEIGHT);
    for (int i = 0; i < BINS; i++) {
        g_string_append(out, "L");
        put_number(out, WIDTH * (i + 0.5) / BINS);
        g_string_append_c(out, ' ');
        put_number(out, HEIGHT - (HEIGHT - 4) * c->rate[member][i] / most);
    }
    g_string_append(out, "L");
    put_number(out, WIDTH);
    g_string_append_c(out, ' ');
    put_number(out, HEIGHT);
    g_string_append(out, "\"/>");
}

/* A thin line at each change of phase. */
static void curves_put_changes(GString *out, const json_t *machine, const struct curves *c)
{
    for (gsize i = 1; i < member_count(machine, "phases", PHASES_MOST); i++) {
        const json_t *phase = member_at(machine, "phases", i);
        double x = WIDTH * member_number(phase, "begin") / c->length;
        if (x > WIDTH)
            continue;
        g_string_append(out, "<path class=\"change\" d=\"M");
        put_number(out, x);
        g_string_append(out, " 0V");
        put_number(out, HEIGHT);
        markup(out, "\"><title>%s</title></path>", member_text(phase, "phase"));
    }
}

/* What the rates are counted in. */
typedef char *(*amount_fn)(double amount);

static char *bytes_text(double amount)
{
    return text_size((guint64)amount);
}

static char *packets_text(double amount)
{
    return g_strdup_printf("%.0f packets", amount);
}

static void put_chart(GString *out, const json_t *machine, const struct curves *c,
                      const char *const words[3], int first, amount_fn amount)
{
    double most = highest(c, first, first + 1);
    g_autofree char *top = amount(most);
    g_autofree char *one = amount(c->total[first]), *other = amount(c->total[first + 1]);
    g_autofree char *length = text_duration(c->length);
    markup(out,
           "<figure class=\"chart\"><figcaption><strong>%s</strong> <span class=\"key one\">%s "
           "%s</span> <span class=\"key two\">%s %s</span></figcaption>\n",
           words[0], words[1], one, words[2], other);
    if (most <= 0) {
        g_string_append(out, "<p class=\"lead\">Nothing moved.</p></figure>\n");
        return;
    }
    markup(out,
           "<div class=\"top\">%s/s</div><svg viewBox=\"0 0 640 120\" "
           "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"%s over %s: %s %s, %s %s, at "
           "most %s a second\">",
           top, words[0], length, words[1], one, words[2], other, top);
    curves_put_changes(out, machine, c);
    put_path(out, c, first, most, "one");
    put_path(out, c, first + 1, most, "two");
    markup(out, "</svg><div class=\"foot\"><span>0</span><span>%s</span></div></figure>\n", length);
}

static void curves_put_machine(GString *out, const json_t *machine, const struct curves *c)
{
    static const char *const disk[] = {"Disk", "read", "written"};
    static const char *const network[] = {"Network", "received", "sent"};
    markup(out, "<h3>Machine “%s”</h3>\n<div class=\"charts\">\n", member_text(machine, "name"));
    put_chart(out, machine, c, disk, READ, bytes_text);
    put_chart(out, machine, c, network, RECEIVED, packets_text);
    g_string_append(out, "</div>\n");
}

void section_curves(GString *out, const json_t *record)
{
    gboolean any = FALSE;
    g_autofree struct curves *c = g_new(struct curves, 1);
    for (gsize i = 0; i < member_count(record, "machines", MACHINES_MOST); i++) {
        const json_t *machine = member_at(record, "machines", i);
        if (!read_samples(machine, c))
            continue;
        if (!any)
            section_begin(out, "activity", "Disk and network");
        any = TRUE;
        curves_put_machine(out, machine, c);
    }
    if (any)
        section_end(out);
}
