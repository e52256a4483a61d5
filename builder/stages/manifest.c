/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/manifest.h"

#include <archive.h>
#include <curl/curl.h>

#define MANIFEST_VERSION 1 /* raise it when a member changes its meaning or is removed */

static json_t *packages_json(const guest_facts *facts)
{
    json_t *list = json_array();
    for (guint i = 0; i < facts->packages->len; i++) {
        const struct guest_package *p = g_ptr_array_index(facts->packages, i);
        json_array_append_new(list, json_pack("{s:s, s:s*, s:s*}", "name", p->name, "version",
                                              p->version, "arch", p->arch));
    }
    return list;
}

static json_t *os_json(const guest_facts *f)
{
    json_t *o =
        json_pack("{s:s*, s:s*, s:s*, s:s*, s:i, s:i}", "type", f->type, "distro", f->distro,
                  "product", f->product, "arch", f->arch, "major", f->major, "minor", f->minor);
    json_object_set_new(o, "root",
                        json_pack("{s:s*, s:s*, s:I}", "device", f->root_device, "filesystem",
                                  f->root_filesystem, "used", (json_int_t)f->root_used));
    json_object_set_new(o, "packages", packages_json(f));
    json_t *operations = json_array();
    for (guint i = 0; i < f->operations->len; i++)
        json_array_append_new(operations, json_string(g_ptr_array_index(f->operations, i)));
    json_object_set_new(o, "sysprep", operations);
    return o;
}

static json_t *inputs_json(const GPtrArray *inputs)
{
    json_t *list = json_array();
    for (guint i = 0; i < inputs->len; i++) {
        const struct media_input *input = g_ptr_array_index(inputs, i);
        json_array_append_new(list, json_pack("{s:s, s:s*, s:s, s:I}", "name", input->name,
                                              "origin", input->origin, "sha256", input->sha256,
                                              "size", (json_int_t)input->size));
    }
    return list;
}

/* docs/manifest.md */
static const char *const stage_members[] = {"stage", "begin", "seconds", "reused", "why", NULL};
static const char *const phase_members[] = {"phase", "seconds", NULL};

static json_t *tools_json(void)
{
    json_t *o =
        json_pack("{s:s, s:s, s:s}", "ingot", INGOT_VERSION, "libarchive", archive_version_string(),
                  "libcurl", curl_version_info(CURLVERSION_NOW)->version);
    g_autofree char *qemu = vm_qemu_version();
    g_autofree char *guestfs = guest_library_version();
    json_object_set_new(o, "qemu", qemu ? json_string(qemu) : json_null());
    json_object_set_new(o, "libguestfs", json_string(guestfs));
    return o;
}

json_t *manifest_new(const build *b)
{
    const plan *p = b->plan;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *when = g_date_time_format_iso8601(now);
    json_t *o = json_pack("{s:i, s:s, s:s*, s:s}", "manifest", MANIFEST_VERSION, "name", p->name,
                          "description", p->description, "built", when);
    if (b->outputs->len > 0) {
        json_object_set_new(o, "image", output_image_json(g_ptr_array_index(b->outputs, 0)));
        json_object_set_new(o, "outputs", output_results_json(b->outputs));
    }
    if (b->facts)
        json_object_set_new(o, "os", os_json(b->facts));
    json_object_set_new(
        o, "recipe", json_pack("{s:s, s:s}", "path", p->recipe_path, "sha256", p->recipe_digest));
    json_object_set_new(o, "plan", plan_to_json(p));
    if (b->media)
        json_object_set_new(o, "inputs", inputs_json(b->media->inputs));
    json_object_set_new(o, "tools", tools_json());
    json_t *all = timeline_to_json(b->timeline);
    json_object_set_new(o, "stages", timeline_take(json_object_get(all, "stages"), stage_members));
    json_object_set_new(o, "phases",
                        timeline_take(json_object_get(all, "installed"), phase_members));
    json_decref(all);
    if (b->verified)
        json_object_set(o, "verify", b->verified);
    return o;
}
