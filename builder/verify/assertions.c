/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/evidence.h"

#include "base/text.h"

#include <string.h>

/* What two machines made from one golden image must be. */

#define CLOCK_SECONDS 60

typedef enum verify_outcome outcome;

static outcome when(gboolean good)
{
    return good ? VERIFY_PASSED : VERIFY_FAILED;
}

static const answer *facts(const struct evidence *e, guint i)
{
    return e->clones[i].facts;
}

/* The values of a key in one text: order is the guest's, and stays. */
static char *assertions_joined(const answer *a, const char *key)
{
    g_autoptr(GPtrArray) values = answer_all(a, key);
    return g_strjoinv(", ", (char **)values->pdata);
}

/* ---- the boot ---- */

static outcome multi_user(const struct evidence *e, GString *says)
{
    gboolean good = TRUE;
    for (guint i = 0; i < CLONES; i++) {
        const struct clone_evidence *c = &e->clones[i];
        g_autofree char *jobs = assertions_joined(c->booted, "job");
        gboolean reached = strcmp(answer_get(c->booted, "multi-user"), "active") == 0;
        good &= reached && !*jobs;
        if (c->trouble)
            g_string_append_printf(says, "clone %s: %s. ", c->name, c->trouble);
        if (c->trouble && !c->booted && e->probe == VERIFY_PROBE_SMBIOS)
            g_string_append_printf(says, "(Its probe came by SMBIOS, for systemd %u.) ",
                                   e->spec->systemd);
        if (!c->trouble && (!reached || *jobs))
            g_string_append_printf(says, "clone %s: multi-user.target is %s, and waits for %s. ",
                                   c->name, answer_get(c->booted, "multi-user"),
                                   *jobs ? jobs : "nothing");
    }
    return when(good);
}

static outcome failed_units(const struct evidence *e, GString *says)
{
    gboolean good = TRUE;
    const answer *const boots[] = {e->clones[0].booted, e->clones[1].booted,
                                   e->clones[1].restarted};
    static const char *const which[] = {"clone a", "clone b", "clone b, restarted"};
    for (gsize i = 0; i < G_N_ELEMENTS(boots); i++) {
        g_autofree char *units = assertions_joined(boots[i], "failed");
        good &= !*units;
        if (*units)
            g_string_append_printf(says, "%s%s: %s", says->len ? "; " : "", which[i], units);
    }
    return when(good);
}

static outcome clock_right(const struct evidence *e, GString *says)
{
    gboolean good = TRUE;
    for (guint i = 0; i < CLONES; i++) {
        gint64 ahead = e->clones[i].clock;
        gboolean right = ABS(ahead) <= CLOCK_SECONDS;
        good &= right;
        if (!right)
            g_string_append_printf(
                says, "the clock of clone %s is %" G_GINT64_FORMAT " s off the host's. ",
                e->clones[i].name, ahead);
    }
    return when(good);
}

/* ---- two machines, not one ---- */

/* Both have the fact, and not the same. */
static outcome differ(const struct evidence *e, const char *key, const char *what, GString *says)
{
    const char *a = answer_get(facts(e, 0), key), *b = answer_get(facts(e, 1), key);
    gboolean both = *a && *b, same = strcmp(a, b) == 0;
    if (!both)
        g_string_append_printf(says, "clone %s has no %s", *a ? "b" : "a", what);
    else if (same)
        g_string_append_printf(says, "both clones have the same %s, %s", what, a);
    return when(both && !same);
}

static outcome machine_id(const struct evidence *e, GString *says)
{
    return differ(e, "machine-id", "machine-id", says);
}

static outcome boot_id(const struct evidence *e, GString *says)
{
    return differ(e, "boot-id", "boot id", says);
}

static outcome random_seed(const struct evidence *e, GString *says)
{
    if (*answer_get(facts(e, 0), "seed") || *answer_get(facts(e, 1), "seed"))
        return differ(e, "seed", "random seed with the digest", says);
    g_string_append(says, "the system keeps no random seed");
    return VERIFY_SKIPPED;
}

/* No key of one is a key of the other. */
static outcome host_keys(const struct evidence *e, GString *says)
{
    g_autoptr(GPtrArray) a = answer_all(facts(e, 0), "host-key");
    g_autoptr(GPtrArray) b = answer_all(facts(e, 1), "host-key");
    gboolean server = *answer_get(facts(e, 0), "sshd") != '\0', common = FALSE;
    for (guint i = 0; i + 1 < a->len; i++) {
        const char *key = g_ptr_array_index(a, i);
        if (!g_strv_contains((const char *const *)b->pdata, key))
            continue;
        g_string_append_printf(says, "%s%s", common ? ", " : "both clones have the key ", key);
        common = TRUE;
    }
    if (!server && a->len == 1 && b->len == 1) {
        g_string_append(says, "there is no SSH server");
        return VERIFY_SKIPPED;
    }
    if (server && (a->len == 1 || b->len == 1)) {
        g_string_append(says, "the SSH server of a clone has no keys");
        return VERIFY_FAILED;
    }
    return when(!common);
}

static outcome dhcp_identity(const struct evidence *e, GString *says)
{
    const struct dhcp_seen *a = &e->clones[0].dhcp, *b = &e->clones[1].dhcp;
    if (!a->messages && !b->messages) {
        g_string_append(says, "no clone asked for an address");
        return VERIFY_SKIPPED;
    }
    if (!a->messages || !b->messages) {
        g_string_append(says, "only one clone asked for an address");
        return VERIFY_FAILED;
    }
    gboolean same = strcmp(a->identity, b->identity) == 0;
    if (same)
        g_string_append_printf(says, "both clones are %s to a DHCP server", a->identity);
    return when(!same);
}

/* A first message that asks for an address is one that remembers a lease. */
static outcome leases(const struct evidence *e, GString *says)
{
    for (guint i = 0; i < CLONES; i++)
        if (e->clones[i].dhcp.first_wish)
            g_string_append_printf(says, "clone %s first asked for %s, which it cannot know. ",
                                   e->clones[i].name, e->clones[i].dhcp.first_wish);
    return when(!says->len);
}

static outcome foreign_addresses(const struct evidence *e, GString *says)
{
    for (guint i = 0; i < CLONES; i++) {
        g_autofree char *files = assertions_joined(e->clones[i].searched, "found");
        if (!e->clones[i].searched)
            g_string_append_printf(says, "clone %s could not be searched. ", e->clones[i].name);
        if (*files)
            g_string_append_printf(
                says, "clone %s has the address of another machine's network card in %s. ",
                e->clones[i].name, files);
    }
    return when(!says->len);
}

static outcome host_name(const struct evidence *e, GString *says)
{
    for (guint i = 0; e->spec->build_host && i < CLONES; i++)
        if (g_ascii_strcasecmp(answer_get(facts(e, i), "hostname"), e->spec->build_host) == 0)
            g_string_append_printf(says, "clone %s has the name of this host, %s. ",
                                   e->clones[i].name, e->spec->build_host);
    return when(!says->len);
}

static void same_after(const struct evidence *e, const char *key, const char *what, GString *says)
{
    g_autofree char *first = assertions_joined(e->clones[1].facts, key);
    g_autofree char *second = assertions_joined(e->clones[1].again, key);
    if (strcmp(first, second) != 0)
        g_string_append_printf(says, "the %s was %s and is now %s. ", what, first, second);
}

static outcome identity_kept(const struct evidence *e, GString *says)
{
    const struct clone_evidence *b = &e->clones[1];
    same_after(e, "machine-id", "machine-id", says);
    same_after(e, "host-key", "host keys", says);
    same_after(e, "hostname", "host name", says);
    same_after(e, "nic", "network card", says);
    if (b->dhcp.changed)
        g_string_append(says, "its DHCP identity has changed. ");
    if (strcmp(answer_get(b->facts, "boot-id"), answer_get(b->again, "boot-id")) == 0)
        g_string_append(says, "it did not restart: the boot id is the same. ");
    return when(!says->len);
}

/* ---- disk ---- */

static gboolean is_firmware_folder(const char *folder)
{
    return strcmp(folder, "/boot/efi") == 0 || strcmp(folder, "/efi") == 0 ||
           strcmp(folder, "/boot/firmware") == 0;
}

static outcome assertions_one_root(const struct evidence *e, GString *says)
{
    gboolean root = FALSE, more = FALSE;
    g_autoptr(GPtrArray) mounts = answer_all(facts(e, 0), "mount");
    for (guint i = 0; i + 1 < mounts->len; i++) {
        g_auto(GStrv) words = g_strsplit(g_ptr_array_index(mounts, i), " ", 3);
        if (g_strv_length(words) < 2)
            continue;
        gboolean is_root = strcmp(words[1], "/") == 0;
        root |= is_root;
        if (is_root || is_firmware_folder(words[1]))
            continue;
        g_string_append_printf(says, "%s is mounted on %s. ", words[0], words[1]);
        more = TRUE;
    }
    if (!root)
        g_string_append(says, "no disk is mounted as root. ");
    return when(root && !more);
}

static outcome no_swap(const struct evidence *e, GString *says)
{
    for (guint i = 0; i < CLONES; i++) {
        g_autofree char *swap = assertions_joined(facts(e, i), "swap");
        if (*swap)
            g_string_append_printf(says, "clone %s swaps to %s. ", e->clones[i].name, swap);
    }
    return when(!says->len);
}

/* All but a sixteenth, and what a boot partition and an ESP may take: file systems need some. */
static outcome root_grown(const struct evidence *e, GString *says)
{
    guint64 blocks = 0, size = 0, wanted = e->spec->disk_size;
    if (!wanted) {
        g_string_append(says, "the image is not asked to");
        return VERIFY_SKIPPED;
    }
    g_auto(GStrv) words = g_strsplit(answer_get(facts(e, 0), "root"), " ", 2);
    if (words[0] && words[1] &&
        g_ascii_string_to_unsigned(words[0], 10, 0, G_MAXUINT32, &blocks, NULL))
        size = blocks * g_ascii_strtoull(words[1], NULL, 10);
    g_autofree char *have = text_size(size), *want = text_size(wanted);
    gboolean good = size >= wanted - wanted / 16 - (512ull << 20);
    g_string_append_printf(says, "the root file system has %s on a disk of %s", have, want);
    return when(good);
}

static outcome packages_run(const struct evidence *e, GString *says)
{
    if (!e->spec->packages || !*e->spec->packages) {
        g_string_append(says, "no package was named");
        return VERIFY_SKIPPED;
    }
    g_autoptr(GPtrArray) packages = answer_all(e->clones[0].packages, "package");
    guint bad = 0, wanted = g_strv_length((char **)e->spec->packages);
    for (guint i = 0; i + 1 < packages->len; i++) {
        const char *line = g_ptr_array_index(packages, i);
        if (g_str_has_suffix(line, " runs") || g_str_has_suffix(line, " has no programs"))
            continue;
        g_string_append_printf(says, "%s%s", bad++ ? "; " : "", line);
    }
    if (packages->len - 1 < wanted)
        g_string_append_printf(says, "%s%u of %u packages were not tried", bad ? "; " : "",
                               wanted - (packages->len - 1), wanted);
    return when(!says->len);
}

/* ---- hot-plug ---- */

static outcome hotplug_cpu(const struct evidence *e, GString *says)
{
    const struct hotplug_evidence *h = &e->hotplug;
    guint64 before = answer_number(h->before, "online"), after = answer_number(h->after, "online");
    g_autoptr(GPtrArray) cpus = answer_all(h->after, "cpu");
    if (!vm_can_add_cpu(e->spec->arch)) {
        g_string_append_printf(says, "%s machines have no CPU hot-plug", e->spec->arch);
        return VERIFY_SKIPPED;
    }
    /* Linux, arch/x86/kernel/acpi/boot.c, acpi_is_processor_usable, since the end of 2025: a CPU
     * that may come is counted only where the kernel knows its hypervisor, which TCG is not. */
    if (h->no_cpu_slot && !e->spec->accel->kvm) {
        g_string_append(says, "this Linux accepts a CPU only under a hypervisor that it knows, and "
                              "the clones are emulated");
        return VERIFY_SKIPPED;
    }
    if (h->no_cpu_slot)
        g_string_append(says, "the kernel has no slot for a CPU besides those present at boot");
    else if (h->cpu_error)
        g_string_append_printf(says, "QEMU: %s", h->cpu_error);
    else if (after <= before && cpus->len - 1 > before)
        g_string_append_printf(says,
                               "%s is present but stays offline: nothing in the guest (a udev "
                               "rule, an agent) brings it online",
                               (const char *)g_ptr_array_index(cpus, cpus->len - 2));
    else if (after <= before)
        g_string_append(says, "the guest does not see the CPU that was added");
    return when(!says->len);
}

static outcome hotplug_memory(const struct evidence *e, GString *says)
{
    const struct hotplug_evidence *h = &e->hotplug;
    guint64 before = answer_number(h->before, "memory"), small = answer_number(h->small, "memory");
    g_autofree char *all = text_size(h->memory), *asked = text_size(h->asked),
                    *shrunk = text_size(h->shrunk), *grown = text_size(h->grown);
    if (h->memory_error)
        g_string_append_printf(says, "QEMU: %s", h->memory_error);
    else if (h->shrunk > h->asked + h->asked / 16 || small >= before)
        g_string_append_printf(says, "it should have reduced %s to %s, but still has %s", all,
                               asked, shrunk);
    else if (h->grown + h->memory / 16 < h->memory)
        g_string_append_printf(says, "it should have %s again, but has %s", all, grown);
    return when(!says->len);
}

static outcome hotplug_nic(const struct evidence *e, GString *says)
{
    const struct hotplug_evidence *h = &e->hotplug;
    if (h->nic_error)
        g_string_append_printf(says, "QEMU: %s", h->nic_error);
    else if (!answer_has(h->after, "nic", h->nic_mac))
        g_string_append_printf(says, "the guest has no network card %s", h->nic_mac);
    return when(!says->len);
}

static outcome hotplug_disk(const struct evidence *e, GString *says)
{
    const struct hotplug_evidence *h = &e->hotplug;
    g_autofree char *sectors = g_strdup_printf("%" G_GUINT64_FORMAT, h->disk_bytes / 512);
    if (h->disk_error)
        g_string_append_printf(says, "QEMU: %s", h->disk_error);
    else if (!answer_has(h->after, "disk", sectors))
        g_string_append_printf(says, "the guest has no disk of %s sectors", sectors);
    return when(!says->len);
}

/* ---- the end ---- */

static outcome power_button(const struct evidence *e, GString *says)
{
    for (guint i = 0; i < CLONES; i++)
        if (!e->clones[i].powered_off)
            g_string_append_printf(says, "clone %s did not power off. ", e->clones[i].name);
    return when(!says->len);
}

static outcome template_unchanged(const struct evidence *e, GString *says)
{
    for (guint i = 0; i < CLONES; i++)
        if (g_strcmp0(e->disks[i].before, e->disks[i].after) != 0)
            g_string_append_printf(says, "the digest of %s was %s and is now %s. ",
                                   e->clones[i].disk, e->disks[i].before, e->disks[i].after);
    return when(!says->len);
}

const verify_assertion *verify_assertions(void)
{
    static const verify_assertion all[] = {
        {"multi-user", "Both clones reach multi-user", multi_user, NEEDS_NOTHING},
        {"failed-units", "No unit fails", failed_units, NEEDS_BOOT},
        {"clock", "The clock is right", clock_right, NEEDS_BOOT},
        {"machine-id", "Each clone has a machine-id of its own", machine_id, NEEDS_BOOT},
        {"ssh-host-keys", "Each clone has SSH host keys of its own", host_keys, NEEDS_BOOT},
        {"dhcp-identity", "A DHCP server sees two different clients", dhcp_identity, NEEDS_BOOT},
        {"boot-id", "Each clone has a boot id of its own", boot_id, NEEDS_BOOT},
        {"random-seed", "Each clone has a random seed of its own", random_seed, NEEDS_BOOT},
        {"nic-address", "No clone knows another machine's network card", foreign_addresses,
         NEEDS_BOOT},
        {"host-name", "No clone has the name of the host that made it", host_name, NEEDS_BOOT},
        {"leases", "No clone remembers a lease", leases, NEEDS_BOOT},
        {"one-root", "One file system of the disk is mounted, as root", assertions_one_root,
         NEEDS_BOOT},
        {"no-swap", "No swap is in use", no_swap, NEEDS_BOOT},
        {"root-grown", "The root file system fills a larger disk", root_grown, NEEDS_BOOT},
        {"packages-run", "The programs of the packages start", packages_run, NEEDS_BOOT},
        {"hotplug-cpu", "An added CPU comes online", hotplug_cpu, NEEDS_HOTPLUG},
        {"hotplug-memory", "The memory balloon shrinks and grows", hotplug_memory, NEEDS_HOTPLUG},
        {"hotplug-nic", "An added network card appears", hotplug_nic, NEEDS_HOTPLUG},
        {"hotplug-disk", "An added disk appears", hotplug_disk, NEEDS_HOTPLUG},
        {"identity-kept", "A restarted clone keeps its identity", identity_kept, NEEDS_RESTART},
        {"power-button", "The power button turns both off", power_button, NEEDS_BOOT},
        {"template-unchanged", "The image has the same digest as before", template_unchanged,
         NEEDS_NOTHING},
        {NULL, NULL, NULL, NEEDS_NOTHING}};
    return all;
}
