/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/install.h"

#include "base/text.h"

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
    record->phases = timeline_phases_new();
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

/* ---- as a document ---- */

static json_t *samples_to_json(const GArray *samples)
{
    json_t *list = json_array();
    for (guint i = 0; i < samples->len; i++) {
        const struct install_sample *s = &g_array_index(samples, struct install_sample, i);
        const struct vm_counters *c = &s->counters;
        json_array_append_new(list, json_pack("[f, I, I, I, I]", s->at, (json_int_t)c->disk_read,
                                              (json_int_t)c->disk_written, (json_int_t)c->received,
                                              (json_int_t)c->sent));
    }
    return list;
}

static json_t *pictures_to_json(const GPtrArray *pictures, const char *log_dir)
{
    json_t *list = json_array();
    for (guint i = 0; i < pictures->len; i++) {
        const struct install_picture *p = g_ptr_array_index(pictures, i);
        json_t *o = json_pack("{s:f, s:o}", "at", p->at, "phase", text_json(p->phase));
        g_autofree char *file = p->file ? g_canonicalize_filename(p->file, log_dir) : NULL;
        if (file)
            json_object_set_new(o, "file", text_json(file));
        if (p->text)
            json_object_set_new(o, "text", text_json(p->text));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *failure_to_json(const struct install_failure *f)
{
    json_t *lines = json_array();
    for (guint i = 0; i < f->evidence->len; i++)
        json_array_append_new(lines, text_json(g_ptr_array_index(f->evidence, i)));
    json_t *o = json_pack("{s:o, s:f, s:o, s:o}", "phase", text_json(f->phase), "at", f->at,
                          "cause", text_json(f->cause), "evidence", lines);
    if (f->remedy)
        json_object_set_new(o, "remedy", text_json(f->remedy));
    return o;
}

json_t *install_record_to_json(const struct install_record *r, const char *log_dir)
{
    json_t *o =
        json_pack("{s:o, s:f, s:o, s:o, s:o}", "name", text_json(r->name), "began", r->began,
                  "phases", timeline_phases_to_json(r->phases), "samples",
                  samples_to_json(r->samples), "pictures", pictures_to_json(r->pictures, log_dir));
    if (r->failure)
        json_object_set_new(o, "failure", failure_to_json(r->failure));
    return o;
}
