/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/digest.h"
#include "media/cache.h"

/* The earliest time that it can be.  Whoever holds back updates of an archive may also have set
 * this machine's clock back, so that an expired Release file looks valid.  Two things limit that:
 * the day on which this version of ingot was released, and the newest Release file that was ever
 * verified, which the cache remembers.  Only Dates under a good signature count, so nobody but the
 * holder of an archive's key can push the time forward; such a Date is believed for at most
 * CLOCK_YEARS after ingot's own day. */
#define CLOCK_YEARS 20

/* Seconds since 1970: host (this machine's clock) or later.  A note with an impossible date is
 * ignored, with a warning. */
gint64 media_clock_now(const media_cache *cache, gint64 host, progress *reporter);

/* Remembers the Date of a Release file that was verified; negative: it had none. */
gboolean media_clock_verified(const media_cache *cache, gint64 date, GCancellable *cancel,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Warns when a Release file was refused at a time (media_clock_now) that is ahead of this machine's
 * clock, host: what that time comes from, and what to do if it is wrong. */
void media_clock_explain(const media_cache *cache, gint64 now, gint64 host, progress *reporter);

/* The key of the note that remembers it. */
void media_clock_key(char key[DIGEST_HEX_LEN + 1]);

/* The day on which this version was released. */
gint64 media_clock_released(void);
