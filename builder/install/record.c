/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/install.h"

void install_picture_free(struct install_picture *picture)
{
    if (!picture)
        return;
    g_free(picture->phase);
    g_free(picture->file);
    g_free(picture->text);
    g_free(picture);
}

void install_record_free(struct install_record *record)
{
    if (!record)
        return;
    g_clear_pointer(&record->phases, g_ptr_array_unref);
    g_clear_pointer(&record->samples, g_array_unref);
    g_clear_pointer(&record->pictures, g_ptr_array_unref);
    g_free(record->name);
    g_free(record);
}
