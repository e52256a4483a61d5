/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/hotplug.h"

#include <string.h>

#define DISK_BYTES (64ull << 20)
#define NIC_MAC    "52:54:00:69:6e:6e"
#define SECTOR     512u
#define PAUSE_MS   500u
#define BALLOON_MS 250u

static gboolean all_there(const struct hotplug_evidence *h)
{
    g_autofree char *sectors = g_strdup_printf("%" G_GUINT64_FORMAT, h->disk_bytes / SECTOR);
    return (h->cpu_error || h->no_cpu_slot ||
            answer_number(h->after, "online") > answer_number(h->before, "online")) &&
           (h->nic_error || answer_has(h->after, "nic", h->nic_mac)) &&
           (h->disk_error || answer_has(h->after, "disk", sectors));
}

static char *hotplug_error_text(gboolean good, GError **error)
{
    char *text = good ? NULL : g_strdup(*error ? (*error)->message : "no reason was given");
    g_clear_error(error);
    return text;
}

static void hotplug_add_all(struct clone *c, const struct verify_spec *spec,
                            struct hotplug_evidence *h)
{
    GError *error = NULL;
    vm *machine = clone_machine(c);
    g_autofree char *path = g_build_filename(spec->work_dir, "added." VM_DISK_FORMAT, NULL);
    gboolean disk =
        vm_disk_create(path, DISK_BYTES, NULL, NULL, &error) && vm_add_disk(machine, path, &error);
    h->disk_error = hotplug_error_text(disk, &error);
    h->nic_error = hotplug_error_text(vm_add_nic(machine, NIC_MAC, &error), &error);
    h->no_cpu_slot = strcmp(answer_get(h->before, "possible"), "0") == 0 && spec->cpus == 1;
    if (vm_can_add_cpu(spec->arch) && !h->no_cpu_slot)
        h->cpu_error = hotplug_error_text(vm_add_cpu(machine, &error), &error);
}

/* The guest needs a moment to make use of what it is given. */
static void hotplug_watch(struct clone *c, guint seconds, struct hotplug_evidence *h)
{
    gint64 end = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    do {
        answer *now = clone_ask(c, "devices", seconds);
        if (!now)
            return;
        g_clear_pointer(&h->after, answer_free);
        h->after = now;
        if (all_there(h))
            return;
        clone_let_run(c, PAUSE_MS);
    } while (g_get_monotonic_time() < end);
}

/* Asks for a size and waits until the balloon has it, within a sixteenth. */
static guint64 balloon_to(struct clone *c, guint64 bytes, guint seconds, struct hotplug_evidence *h)
{
    GError *error = NULL;
    guint64 now = 0;
    gint64 end = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    vm *machine = clone_machine(c);
    gboolean good = machine && vm_balloon(machine, bytes, &error);
    while (good && (machine = clone_machine(c)) && g_get_monotonic_time() < end) {
        good = vm_balloon_now(machine, &now, &error);
        if (now + bytes / 16 >= bytes && now <= bytes + bytes / 16)
            break;
        clone_let_run(c, BALLOON_MS);
    }
    if (!good && !h->memory_error)
        h->memory_error = hotplug_error_text(FALSE, &error);
    g_clear_error(&error);
    return now;
}

static void breathe(struct clone *c, guint64 memory, guint seconds, struct hotplug_evidence *h)
{
    h->memory = memory;
    h->asked = memory / 4 * 3;
    h->shrunk = balloon_to(c, h->asked, seconds, h);
    h->small = clone_ask(c, "devices", seconds);
    h->grown = balloon_to(c, memory, seconds, h);
}

void hotplug_try(struct clone *c, const struct verify_spec *spec, guint seconds,
                 struct hotplug_evidence *h)
{
    h->before = clone_ask(c, "devices", seconds);
    if (!h->before || !clone_machine(c))
        return;
    h->tried = TRUE;
    h->nic_mac = g_strdup(NIC_MAC);
    h->disk_bytes = DISK_BYTES;
    hotplug_add_all(c, spec, h);
    hotplug_watch(c, seconds, h);
    breathe(c, spec->memory, seconds, h);
}
