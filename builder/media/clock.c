/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/clock.h"

#include "base/files.h"
#include "media/job.h"

#include <curl/curl.h>

#define NEWEST       "newest-release"
#define YEAR_SECONDS G_GINT64_CONSTANT(31557600) /* 365.25 days */

gint64 media_clock_released(void)
{
    return (gint64)curl_getdate(INGOT_RELEASE_DATE " 00:00:00", NULL);
}

static gboolean can_be(gint64 date)
{
    return date >= 0 && date <= media_clock_released() + CLOCK_YEARS * YEAR_SECONDS;
}

void media_clock_key(char key[DIGEST_HEX_LEN + 1])
{
    media_key(key, "clock", NEWEST);
}

/* The Date that is remembered, or -1. */
static gint64 newest_verified(const media_cache *cache, const char *key, progress *reporter)
{
    g_autoptr(GKeyFile) note = media_cache_note(cache, key);
    g_autoptr(GError) local = NULL;
    gint64 date = note ? g_key_file_get_int64(note, MEDIA_NOTE, NEWEST, &local) : -1;
    if (!note || (!local && can_be(date)))
        return date;
    g_autofree char *file = media_cache_note_path(cache, key);
    progress_warning(reporter, "%s: this is not the date of a Release file, and is not used", file);
    return -1;
}

gint64 media_clock_now(const media_cache *cache, gint64 host, progress *reporter)
{
    char key[DIGEST_HEX_LEN + 1];
    media_clock_key(key);
    gint64 least = MAX(media_clock_released(), newest_verified(cache, key, reporter));
    return MAX(host, least);
}

static char *day(gint64 time)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time);
    return date ? g_date_time_format(date, "%F") : g_strdup("?");
}

void media_clock_explain(const media_cache *cache, gint64 now, gint64 host, progress *reporter)
{
    char key[DIGEST_HEX_LEN + 1];
    if (now <= host)
        return;
    media_clock_key(key);
    g_autofree char *file = media_cache_note_path(cache, key);
    g_autofree char *is = day(now), *says = day(host);
    if (now == media_clock_released())
        progress_warning(reporter,
                         "the clock of this machine says %s, which is before this ingot was "
                         "released (%s); set it right",
                         says, is);
    else
        progress_warning(reporter,
                         "the clock of this machine says %s, but a Release file of %s was verified "
                         "here; set it right, or remove %s if that date is wrong",
                         says, is, file);
}

gboolean media_clock_verified(const media_cache *cache, gint64 date, GCancellable *cancel,
                              GError **error)
{
    char key[DIGEST_HEX_LEN + 1];
    if (!can_be(date))
        return TRUE;
    media_clock_key(key);
    int lock = media_cache_lock(cache, key, cancel, error);
    if (lock < 0)
        return FALSE;
    gboolean good = TRUE;
    if (date > newest_verified(cache, key, NULL)) {
        g_autoptr(GKeyFile) note = g_key_file_new();
        g_key_file_set_int64(note, MEDIA_NOTE, NEWEST, date);
        good = media_cache_save_note(cache, key, note, error);
    }
    files_unlock(lock);
    return good;
}
