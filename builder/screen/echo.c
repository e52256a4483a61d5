/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/echo.h"

#include <string.h>

/* Rows and columns that are looked at, more than a screen of text has. */
#define SIDE_MAX 512u
/* So many changed cells are more than the echo of a key, a clock and a cursor. */
#define MUCH 16u
/* Lines by which a screen scrolls for one key. */
#define SCROLL_MAX 3u

struct cells {
    guint rows, columns; /* columns: of the longest row */
    gunichar *row[SIDE_MAX];
    guint length[SIDE_MAX];
};

struct look {
    const struct cells *before, *after;
    guint scrolled;
    gunichar typed;
};

/* ---- cells ---- */

static void cells_read(struct cells *c, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_auto(GStrv) lines = g_strsplit(valid, "\n", SIDE_MAX + 1);
    memset(c, 0, sizeof *c);
    for (; lines[c->rows] && c->rows < SIDE_MAX; c->rows++) {
        glong length = 0;
        c->row[c->rows] = g_utf8_to_ucs4_fast(lines[c->rows], -1, &length);
        c->length[c->rows] = MIN((guint)length, SIDE_MAX);
        c->columns = MAX(c->columns, c->length[c->rows]);
    }
}

static void cells_clear(struct cells *c)
{
    for (guint i = 0; i < c->rows; i++)
        g_free(c->row[i]);
}

/* Beyond the end of a line there are blanks. */
static gunichar cell(const struct cells *c, guint row, guint column)
{
    if (row >= c->rows || column >= c->length[row])
        return ' ';
    gunichar u = c->row[row][column];
    return u == 0 || g_unichar_isspace(u) ? ' ' : u;
}

static gunichar was(const struct look *l, guint row, guint column)
{
    return cell(l->before, row + l->scrolled, column);
}

static gunichar is(const struct look *l, guint row, guint column)
{
    return cell(l->after, row, column);
}

static gboolean echo_changed(const struct look *l, guint row, guint column)
{
    return was(l, row, column) != is(l, row, column);
}

static guint rows(const struct look *l)
{
    return MAX(l->before->rows, l->after->rows);
}

static guint columns(const struct look *l)
{
    return MAX(l->before->columns, l->after->columns);
}

/* The cells that changed; kept: those that say something and did not. */
static guint count_changes(const struct look *l, guint *kept)
{
    guint count = 0;
    *kept = 0;
    for (guint r = 0; r < rows(l); r++)
        for (guint c = 0; c < columns(l); c++) {
            count += echo_changed(l, r, c);
            *kept += !echo_changed(l, r, c) && is(l, r, c) != ' ';
        }
    return count;
}

/* A screen that has scrolled is the old one but for its last lines.  Returns the changes. */
static guint find_scroll(struct look *l)
{
    guint kept, least = count_changes(l, &kept), best = 0;
    if (least <= MUCH)
        return least;
    for (l->scrolled = 1; l->scrolled <= SCROLL_MAX; l->scrolled++) {
        guint count = count_changes(l, &kept);
        if (count <= MUCH && count < least && kept > MUCH) {
            least = count;
            best = l->scrolled;
        }
    }
    l->scrolled = best;
    return least;
}

/* ---- the character ---- */

static guint copies(const struct look *l, guint row, guint column)
{
    guint n = 1;
    while (column + n < columns(l) && is(l, row, column + n) == l->typed &&
           echo_changed(l, row, column + n))
        n++;
    return n;
}

static struct echo echo_found(const struct look *l, enum echo_verdict verdict, guint row,
                              guint column)
{
    return (struct echo){.verdict = verdict,
                         .place = {.known = TRUE, .row = row, .column = column},
                         .copies = copies(l, row, column)};
}

/* Whether the row is what it was with the typed character put in at column: an editor in which the
 * rest of the line moves. */
static gboolean inserted(const struct look *l, guint row, guint column)
{
    guint moved = 0;
    if (is(l, row, column) != l->typed || was(l, row, column) == ' ')
        return FALSE;
    for (guint c = 0; c + 1 < l->after->columns; c++) {
        gunichar expected = c < column ? was(l, row, c) : was(l, row, c - (c > column));
        if (c != column && is(l, row, c) != expected)
            return FALSE;
        moved += echo_changed(l, row, c);
    }
    return moved > 0;
}

static gboolean find_inserted(const struct look *l, struct echo *echo)
{
    for (guint r = 0; r < rows(l); r++) {
        guint c = 0;
        while (c < columns(l) && !echo_changed(l, r, c))
            c++;
        if (c == columns(l) || !inserted(l, r, c))
            continue;
        *echo = echo_found(l, ECHO_TOOK, r, c);
        echo->copies = 1;
        return TRUE;
    }
    return FALSE;
}

/* The place where it must be when the last one is known. */
static gboolean at_expected(const struct look *l, const struct echo_place *last, guint blanks,
                            gboolean much, struct echo *echo)
{
    guint row = last->row - l->scrolled, column = last->column + 1 + blanks;
    if (!last->known || last->row < l->scrolled)
        return FALSE;
    if (inserted(l, row, column)) {
        *echo = echo_found(l, ECHO_TOOK, row, column);
        echo->copies = 1;
        return TRUE;
    }
    if (echo_changed(l, row, column) && is(l, row, column) == l->typed) {
        *echo = echo_found(l, ECHO_TOOK, row, column);
        return TRUE;
    }
    if (much)
        return FALSE;
    for (guint c = last->column + 1; c < column; c++)
        if (echo_changed(l, row, c) && is(l, row, c) == l->typed) {
            *echo = echo_found(l, ECHO_SHORT, row, c);
            return TRUE;
        }
    if (was(l, row, column) != ' ' || is(l, row, column) == ' ')
        return FALSE;
    *echo = (struct echo){.verdict = ECHO_OTHER, .shown = is(l, row, column)};
    return TRUE;
}

/* Anywhere: the first in a place that was blank, else the first. */
static gboolean anywhere(const struct look *l, struct echo *echo)
{
    gboolean any = FALSE;
    for (guint r = 0; r < rows(l); r++)
        for (guint c = 0; c < columns(l); c++) {
            if (!echo_changed(l, r, c) || is(l, r, c) != l->typed || (any && was(l, r, c) != ' '))
                continue;
            *echo = echo_found(l, ECHO_TOOK, r, c);
            if (was(l, r, c) == ' ')
                return TRUE;
            any = TRUE;
        }
    return any;
}

/* One cell has changed, from blank to something. */
static gboolean lone_other(const struct look *l, struct echo *echo)
{
    for (guint r = 0; r < rows(l); r++)
        for (guint c = 0; c < columns(l); c++)
            if (echo_changed(l, r, c)) {
                *echo = (struct echo){.verdict = ECHO_OTHER, .shown = is(l, r, c)};
                return was(l, r, c) == ' ';
            }
    return FALSE;
}

static struct echo echo_judge(struct look *l, const struct echo_place *last, guint blanks)
{
    struct echo echo = {.verdict = ECHO_NOTHING};
    guint count = find_scroll(l);
    if (count == 0 || at_expected(l, last, blanks, count > MUCH, &echo) || find_inserted(l, &echo))
        return echo;
    echo = (struct echo){.verdict = ECHO_MUCH};
    if (count > MUCH || anywhere(l, &echo) || (count == 1 && lone_other(l, &echo)))
        return echo;
    return (struct echo){.verdict = ECHO_NOTHING};
}

struct echo echo_compare(const char *before, const char *after, char typed,
                         const struct echo_place *last, guint blanks)
{
    struct cells b, a;
    struct look l = {.before = &b, .after = &a, .typed = (gunichar)(guchar)typed};
    cells_read(&b, before);
    cells_read(&a, after);
    struct echo echo = echo_judge(&l, last, blanks);
    cells_clear(&b);
    cells_clear(&a);
    return echo;
}
