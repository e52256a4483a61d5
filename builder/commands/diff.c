/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"

#include "commands/image.h"
#include "sysprep/sysprep.h"

#include <string.h>

/* Two images compared by what is in them. */

struct options {
    struct image_options image;
};

static const GOptionEntry entries[] = {
    {"image-format", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, image.format),
     "Format of each image, or of A and of B " IMAGE_FORMAT_DEFAULT, "FORMAT[,FORMAT]"},
    IMAGE_TRUST_ENTRY(struct options),
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

static const char *const kind_names[] = {[DIFFERENCE_ONLY_A] = "only-in-a",
                                         [DIFFERENCE_ONLY_B] = "only-in-b",
                                         [DIFFERENCE_CHANGED] = "differs"};

static snapshot *take_snapshot(struct call *c, const char *stage, const image_file *from,
                               gboolean force_tcg, GError **error)
{
    /* With --format json, standard output is one document. */
    progress *p = c->json ? NULL : c->progress;
    progress_stage(p, stage);
    snapshot *s = inspect_snapshot(from, force_tcg, p, c->cancel, error);
    progress_stage_end(p, s != NULL, FALSE);
    if (error && *error && !strstr((*error)->message, image_path(from)))
        g_prefix_error(error, "%s: ", image_path(from));
    return s;
}

/* ---- text ---- */

static void print_changed(const struct difference *d)
{
    printf("  differs    %s: ", d->key);
    if (strcmp(d->a, d->b) != 0)
        printf("%s -> %s%s\n", d->a, d->b, d->content ? ", content" : "");
    else
        printf("content\n");
}

static void print_single(const char *where, const char *key, const char *value)
{
    printf("  only in %s  %s%s%s\n", where, key, *value ? ": " : "", value);
}

static void diff_print_text(const GPtrArray *found, const guint counts[])
{
    int section = -1;
    for (guint i = 0; i < found->len; i++) {
        const struct difference *d = g_ptr_array_index(found, i);
        if ((int)d->section != section)
            printf("%s%s\n", section < 0 ? "" : "\n", snapshot_section_heading(d->section));
        section = (int)d->section;
        if (d->kind == DIFFERENCE_CHANGED)
            print_changed(d);
        else
            print_single(d->a ? "A" : "B", d->key, d->a ? d->a : d->b);
    }
    if (found->len)
        printf("\n%u differences: %u only in A, %u only in B, %u differ\n", found->len,
               counts[DIFFERENCE_ONLY_A], counts[DIFFERENCE_ONLY_B], counts[DIFFERENCE_CHANGED]);
    else
        printf("no differences\n");
}

/* ---- JSON ---- */

static json_t *difference_json(const struct difference *d)
{
    json_t *one = json_pack("{s:s, s:s, s:s*, s:s*}", "item", d->key, "kind", kind_names[d->kind],
                            "a", d->a, "b", d->b);
    if (d->kind == DIFFERENCE_CHANGED)
        json_object_set_new(one, "content", json_boolean(d->content));
    return one;
}

static void diff_print_json(const struct call *c, const GPtrArray *found, const guint counts[])
{
    json_t *sections = json_object();
    for (guint i = 0; i < SNAPSHOT_SECTIONS; i++)
        json_object_set_new(sections, snapshot_section_name((enum snapshot_section)i),
                            json_array());
    for (guint i = 0; i < found->len; i++) {
        const struct difference *d = g_ptr_array_index(found, i);
        json_array_append_new(json_object_get(sections, snapshot_section_name(d->section)),
                              difference_json(d));
    }
    json_t *all = json_pack("{s:o, s:o, s:b}", "a", json_string(c->args[0]), "b",
                            json_string(c->args[1]), "same", found->len == 0);
    json_t *numbers = json_object();
    for (gsize i = 0; i < G_N_ELEMENTS(kind_names); i++)
        json_object_set_new(numbers, kind_names[i], json_integer(counts[i]));
    json_object_set_new(all, "counts", numbers);
    json_object_set_new(all, "sections", sections);
    call_print_json(c, all);
}

static image_file *diff_open(struct call *c, guint n, GError **error)
{
    struct image_options o = ((const struct options *)c->options)->image;
    g_auto(GStrv) formats = o.format ? g_strsplit(o.format, ",", 2) : NULL;
    if (formats)
        o.format = formats[1] ? formats[n] : formats[0];
    return image_take(c, c->args[n], &o, IMAGE_PLAIN, error);
}

static gboolean diff_command(struct call *c, GError **error)
{
    gboolean force_tcg;
    guint counts[G_N_ELEMENTS(kind_names)] = {0};
    g_autoptr(image_file) first = diff_open(c, 0, error);
    g_autoptr(image_file) second = first ? diff_open(c, 1, error) : NULL;
    if (!second || !image_probe(c, &force_tcg, error))
        return FALSE;
    g_autoptr(snapshot) a = take_snapshot(c, "image A", first, force_tcg, error);
    g_autoptr(snapshot) b = a ? take_snapshot(c, "image B", second, force_tcg, error) : NULL;
    if (!b)
        return FALSE;
    g_autoptr(GPtrArray) found = snapshot_compare(a, b);
    for (guint i = 0; i < found->len; i++)
        counts[((const struct difference *)g_ptr_array_index(found, i))->kind]++;
    if (c->json)
        diff_print_json(c, found, counts);
    else
        diff_print_text(found, counts);
    c->exit_code = found->len ? INGOT_EXIT_DIFFERENT : INGOT_EXIT_OK;
    return TRUE;
}

const command command_diff = {
    .name = "diff",
    .arguments = "A B",
    .heading = "Compare two images",
    .description =
        "Compares what is in two images, without changing them: partitions and file "
        "systems, packages, kernels, boot loader, fstab, users and groups, systemd units, and "
        "everything in /etc. UUIDs are ignored, and no password hash is shown. Exits with 0 "
        "if nothing differs and with 10 if something does.",
    .least = 2,
    .most = 2,
    .plans = FALSE,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = diff_command,
};
