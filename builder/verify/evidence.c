/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/evidence.h"

static void clear_clone(struct clone_evidence *c)
{
    g_free(c->trouble);
    answer_free(c->booted);
    answer_free(c->facts);
    answer_free(c->searched);
    answer_free(c->packages);
    answer_free(c->restarted);
    answer_free(c->again);
    dhcp_seen_clear(&c->dhcp);
}

void evidence_clear(struct evidence *e)
{
    struct hotplug_evidence *h = &e->hotplug;
    for (guint i = 0; i < CLONES; i++)
        clear_clone(&e->clones[i]);
    g_free(h->cpu_error);
    g_free(h->nic_error);
    g_free(h->disk_error);
    g_free(h->memory_error);
    g_free(h->nic_mac);
    answer_free(h->before);
    answer_free(h->after);
    answer_free(h->small);
    for (guint i = 0; i < CLONES; i++) {
        g_free(e->disks[i].before);
        g_free(e->disks[i].after);
    }
}

static void evidence_put(json_t *object, const char *key, const answer *a)
{
    if (a)
        json_object_set_new(object, key, answer_to_json(a));
}

static json_t *clone_to_json(const struct clone_evidence *c)
{
    json_t *o =
        json_pack("{s:s*, s:s, s:s*}", "disk", c->disk, "mac", c->mac, "trouble", c->trouble);
    evidence_put(o, "boot", c->booted);
    evidence_put(o, "facts", c->facts);
    evidence_put(o, "packages", c->packages);
    evidence_put(o, "restart", c->restarted);
    evidence_put(o, "facts-after-restart", c->again);
    json_object_set_new(o, "dhcp",
                        json_pack("{s:i, s:s*, s:s*, s:s*}", "messages", (int)c->dhcp.messages,
                                  "identity", c->dhcp.identity, "asked-for", c->dhcp.first_wish,
                                  "host-name", c->dhcp.hostname));
    return o;
}

json_t *evidence_to_json(const struct evidence *e)
{
    json_t *all = json_object();
    for (guint i = 0; i < CLONES; i++)
        json_object_set_new(all, e->clones[i].name, clone_to_json(&e->clones[i]));
    evidence_put(json_object_get(all, e->clones[0].name), "hot-plug", e->hotplug.after);
    return all;
}

/* ---- judging ---- */

static const char *evidence_missing(const struct evidence *e, enum verify_needs needs)
{
    const struct clone_evidence *c = e->clones;
    if (needs >= NEEDS_BOOT && (!c[0].facts || !c[1].facts))
        return "a clone did not boot";
    if (needs == NEEDS_RESTART && !c[1].again)
        return "the second clone did not restart";
    if (needs == NEEDS_HOTPLUG && !e->hotplug.tried)
        return "nothing could be added to the first clone";
    return NULL;
}

static void evidence_finding_free(gpointer data)
{
    struct verify_finding *f = data;
    g_free(f->says);
    g_free(f);
}

static struct verify_finding *verify_evidence_judge(const struct evidence *e,
                                                    const verify_assertion *a)
{
    struct verify_finding *f = g_new0(struct verify_finding, 1);
    GString *says = g_string_new(NULL);
    const char *lacks = evidence_missing(e, a->needs);
    f->name = a->name;
    f->heading = a->heading;
    f->outcome = VERIFY_SKIPPED;
    if (lacks)
        g_string_append(says, lacks);
    else
        f->outcome = a->judge(e, says);
    f->says = g_string_free(says, FALSE);
    return f;
}

GPtrArray *evidence_judge(const struct evidence *e)
{
    GPtrArray *findings = g_ptr_array_new_with_free_func(evidence_finding_free);
    for (const verify_assertion *a = verify_assertions(); a->name; a++)
        g_ptr_array_add(findings, verify_evidence_judge(e, a));
    return findings;
}

void verify_result_free(verify_result *r)
{
    if (!r)
        return;
    g_ptr_array_unref(r->findings);
    json_decref(r->clones);
    g_free(r);
}
