/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/echo.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two screens, parted by a zero byte, after four bytes: the character, a place and the blanks. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    g_autofree char *texts = g_strndup("", size);
    memcpy(texts, data + 4, size - 4);
    const char *after = texts + strlen(texts) + (strlen(texts) < size - 4);
    char typed = (char)('!' + data[0] % 94);
    struct echo_place last = {data[1] & 1, data[1] >> 1, data[2]};
    struct echo echo = echo_compare(texts, after, typed, &last, data[3]);
    g_assert(echo.verdict != ECHO_SHORT || (data[3] > 0 && echo.place.column > last.column &&
                                            echo.place.column < last.column + 1 + data[3]));
    g_assert(echo.verdict != ECHO_TOOK || echo.copies > 0);
    g_assert(echo.verdict != ECHO_OTHER || (echo.shown != ' ' && echo.shown != 0));
    g_assert(strcmp(texts, after) != 0 || echo.verdict == ECHO_NOTHING);
    return 0;
}
