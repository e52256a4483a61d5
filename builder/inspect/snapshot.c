/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/snapshot.h"

#include "base/error.h"

#include <string.h>

#define FACTS_LIMIT (1u << 20) /* a Debian desktop has about ten thousand */

struct snapshot {
    GPtrArray *sections[SNAPSHOT_SECTIONS]; /* of struct snapshot_fact * */
    guint count;
};

static const struct {
    const char *name, *heading;
} sections[SNAPSHOT_SECTIONS] = {
    [SNAPSHOT_SYSTEM] = {"system", "System"},
    [SNAPSHOT_DISK] = {"disk", "Partitions and file systems"},
    [SNAPSHOT_PACKAGES] = {"packages", "Packages"},
    [SNAPSHOT_MARKS] = {"auto-installed", "Packages that apt considers automatically installed"},
    [SNAPSHOT_KERNELS] = {"kernels", "Kernels and initramfs"},
    [SNAPSHOT_BOOT] = {"boot", "Boot loader"},
    [SNAPSHOT_FSTAB] = {"fstab", "File systems to mount (fstab)"},
    [SNAPSHOT_ACCOUNTS] = {"accounts", "Users and groups"},
    [SNAPSHOT_UNITS] = {"units", "systemd units"},
    [SNAPSHOT_ETC] = {"etc", "Files in /etc"},
};

const char *snapshot_section_name(enum snapshot_section section)
{
    return sections[section].name;
}

const char *snapshot_section_heading(enum snapshot_section section)
{
    return sections[section].heading;
}

static void fact_free(gpointer data)
{
    struct snapshot_fact *fact = data;
    g_free(fact->key);
    g_free(fact->value);
    g_free(fact->digest);
    g_free(fact);
}

snapshot *snapshot_new(void)
{
    snapshot *s = g_new0(snapshot, 1);
    for (guint i = 0; i < SNAPSHOT_SECTIONS; i++)
        s->sections[i] = g_ptr_array_new_with_free_func(fact_free);
    return s;
}

void snapshot_free(snapshot *s)
{
    if (!s)
        return;
    for (guint i = 0; i < SNAPSHOT_SECTIONS; i++)
        g_ptr_array_unref(s->sections[i]);
    g_free(s);
}

void snapshot_add(snapshot *s, enum snapshot_section section, const char *key, const char *value,
                  const char *digest)
{
    if (++s->count > FACTS_LIMIT) {
        s->count = FACTS_LIMIT + 1;
        return;
    }
    struct snapshot_fact *fact = g_new0(struct snapshot_fact, 1);
    fact->key = g_strdup(key);
    fact->value = g_strdup(value ? value : "");
    fact->digest = g_strdup(digest ? digest : "");
    g_ptr_array_add(s->sections[section], fact);
}

gboolean snapshot_has(const snapshot *s, enum snapshot_section section, const char *key)
{
    for (guint i = 0; i < s->sections[section]->len; i++) {
        const struct snapshot_fact *fact = g_ptr_array_index(s->sections[section], i);
        if (strcmp(fact->key, key) == 0)
            return TRUE;
    }
    return FALSE;
}

static gint snapshot_by_all(gconstpointer a, gconstpointer b)
{
    const struct snapshot_fact *x = *(struct snapshot_fact *const *)a;
    const struct snapshot_fact *y = *(struct snapshot_fact *const *)b;
    int order = strcmp(x->key, y->key);
    order = order ? order : strcmp(x->value, y->value);
    return order ? order : strcmp(x->digest, y->digest);
}

gboolean snapshot_finish(snapshot *s, GError **error)
{
    if (s->count > FACTS_LIMIT) {
        ingot_set_error(error, INGOT_EXIT_SEAL, NULL,
                        "there is too much to compare in the image: more than %u things",
                        FACTS_LIMIT);
        return FALSE;
    }
    for (guint i = 0; i < SNAPSHOT_SECTIONS; i++)
        g_ptr_array_sort(s->sections[i], snapshot_by_all);
    return TRUE;
}

const GPtrArray *snapshot_facts(const snapshot *s, enum snapshot_section section)
{
    return s->sections[section];
}
