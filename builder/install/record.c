/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/install.h"

struct install_phase *install_phase_new(const char *name)
{
    struct install_phase *phase = g_new0(struct install_phase, 1);
    phase->name = g_strdup(name);
    return phase;
}

struct install_phase *install_phase_copy(const struct install_phase *phase)
{
    struct install_phase *copy = install_phase_new(phase->name);
    copy->seconds = phase->seconds;
    copy->quiet = phase->quiet;
    return copy;
}

void install_phase_free(struct install_phase *phase)
{
    if (!phase)
        return;
    g_free(phase->name);
    g_free(phase);
}

static void free_phase(gpointer phase)
{
    install_phase_free(phase);
}

static void free_picture(gpointer data)
{
    struct install_picture *picture = data;
    g_free(picture->phase);
    g_free(picture->file);
    g_free(picture->text);
    g_free(picture);
}

void install_failure_free(struct install_failure *f)
{
    if (!f)
        return;
    g_free(f->phase);
    g_free(f->cause);
    g_free(f->remedy);
    g_clear_pointer(&f->evidence, g_ptr_array_unref);
    g_free(f);
}

struct install_record *install_record_new(const char *name)
{
    struct install_record *record = g_new0(struct install_record, 1);
    record->name = g_strdup(name);
    record->phases = g_ptr_array_new_with_free_func(free_phase);
    record->samples = g_array_new(FALSE, FALSE, sizeof(struct install_sample));
    record->pictures = g_ptr_array_new_with_free_func(free_picture);
    return record;
}

void install_record_free(struct install_record *record)
{
    if (!record)
        return;
    g_free(record->name);
    g_ptr_array_unref(record->phases);
    g_array_unref(record->samples);
    g_ptr_array_unref(record->pictures);
    install_failure_free(record->failure);
    g_free(record);
}

void install_record_sample(struct install_record *record, const struct install_sample *sample,
                           double *step)
{
    GArray *all = record->samples;
    g_array_append_val(all, *sample);
    if (all->len < INSTALL_SAMPLES)
        return;
    for (guint i = 0; i < all->len / 2; i++)
        g_array_index(all, struct install_sample, i) =
            g_array_index(all, struct install_sample, 2 * i + 1);
    g_array_set_size(all, all->len / 2);
    *step *= 2;
}
