/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "verify/evidence.h"

#include <string.h>

/* Every assertion on two clones that are as they must be, and on clones with one thing wrong. */

static answer *told(const char *text)
{
    answer *a = answer_new();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        assert_false(answer_line(a, *line));
    return a;
}

#define BOOTED "state=running\nmulti-user=active"
#define COMMON                                                                                     \
    "\nsshd=yes\nmount=/dev/vda1 / ext4\nmount=/dev/vda2 /boot/efi vfat\n"                         \
    "root=2000000 4096\nhostname=golden\nnic=eth0 52:54:00:69:6e:6"
#define FACTS_A "machine-id=aa\nboot-id=1\nseed=s1\nhost-key=SHA256:a (RSA)" COMMON "1"
#define FACTS_B "machine-id=bb\nboot-id=2\nseed=s2\nhost-key=SHA256:b (RSA)" COMMON "2"
#define AGAIN_B "machine-id=bb\nboot-id=3\nseed=s3\nhost-key=SHA256:b (RSA)" COMMON "2"
#define BEFORE  "online=1\ncpu=cpu0 1\nmemory=1000\nnic=eth0 52:54:00:69:6e:61"
#define AFTER                                                                                      \
    "online=2\ncpu=cpu0 1\ncpu=cpu1 1\nmemory=1000\nnic=eth0 52:54:00:69:6e:61\n"                  \
    "nic=eth1 52:54:00:69:6e:6e\ndisk=vdb 131072"

static const char *const packages[] = {"vim", "tree", NULL};
static const struct vm_accel accel = {.kvm = TRUE};
static const struct verify_spec spec = {.accel = &accel,
                                        .arch = "x86_64",
                                        .packages = packages,
                                        .build_host = "builder",
                                        .disk_size = 8ull << 30};

static void fill(struct evidence *e)
{
    *e = (struct evidence){
        .spec = &spec,
        .clones = {{.name = "a",
                    .disk = "web.qcow2",
                    .mac = "52:54:00:69:6e:61",
                    .booted = told(BOOTED),
                    .facts = told(FACTS_A),
                    .searched = told("x=1"),
                    .packages = told("package=vim runs\npackage=tree has no programs"),
                    .powered_off = TRUE,
                    .dhcp = {.messages = 2, .identity = g_strdup("01:a")}},
                   {.name = "b",
                    .disk = "web.raw",
                    .mac = "52:54:00:69:6e:62",
                    .booted = told(BOOTED),
                    .facts = told(FACTS_B),
                    .searched = told("x=1"),
                    .restarted = told(BOOTED),
                    .again = told(AGAIN_B),
                    .powered_off = TRUE,
                    .dhcp = {.messages = 2, .identity = g_strdup("01:b")}}},
        .hotplug = {.tried = TRUE,
                    .nic_mac = g_strdup("52:54:00:69:6e:6e"),
                    .disk_bytes = 64 << 20,
                    .before = told(BEFORE),
                    .after = told(AFTER),
                    .small = told("memory=700"),
                    .memory = 1000 << 20,
                    .asked = 750 << 20,
                    .shrunk = 750 << 20,
                    .grown = 1000 << 20},
        .disks = {{g_strdup("d"), g_strdup("d")}, {g_strdup("r"), g_strdup("r")}}};
}

static void replace(answer **a, const char *text)
{
    answer_free(*a);
    *a = text ? told(text) : NULL;
}

static void retell(char **to, const char *text)
{
    g_free(*to);
    *to = g_strdup(text);
}

static struct verify_finding *find(GPtrArray *findings, const char *name)
{
    for (guint i = 0; i < findings->len; i++) {
        struct verify_finding *f = g_ptr_array_index(findings, i);
        if (strcmp(f->name, name) == 0)
            return f;
    }
    fail_msg("no assertion %s", name);
    return NULL;
}

static void all_pass(void **state)
{
    (void)state;
    struct evidence e;
    fill(&e);
    g_autoptr(GPtrArray) findings = evidence_judge(&e);
    for (guint i = 0; i < findings->len; i++) {
        const struct verify_finding *f = g_ptr_array_index(findings, i);
        if (f->outcome != VERIFY_PASSED)
            fail_msg("%s: %s", f->name, f->says);
    }
    assert_true(findings->len >= 20);
    evidence_clear(&e);
}

/* ---- one thing wrong ---- */

static void stuck(struct evidence *e)
{
    replace(&e->clones[0].booted, "state=starting\nmulti-user=inactive\njob=slow.service (start)");
}
static void unit(struct evidence *e)
{
    replace(&e->clones[1].booted, BOOTED "\nfailed=bad.service");
}
static void unit_later(struct evidence *e)
{
    replace(&e->clones[1].restarted, BOOTED "\nfailed=worse.service");
}
static void slow_clock(struct evidence *e)
{
    e->clones[1].clock = -3600;
}
static void one_id(struct evidence *e)
{
    replace(&e->clones[1].facts, "machine-id=aa\nboot-id=2" COMMON "2");
}
static void no_id(struct evidence *e)
{
    replace(&e->clones[1].facts, "machine-id=\nboot-id=2" COMMON "2");
}
static void one_boot(struct evidence *e)
{
    replace(&e->clones[1].facts, "machine-id=bb\nboot-id=1" COMMON "2");
}
static void one_seed(struct evidence *e)
{
    replace(&e->clones[1].facts, "machine-id=bb\nseed=s1" COMMON "2");
}
static void one_key(struct evidence *e)
{
    replace(&e->clones[1].facts, "host-key=SHA256:new (X)\nhost-key=SHA256:a (RSA)" COMMON "2");
}
static void no_key(struct evidence *e)
{
    replace(&e->clones[1].facts, "machine-id=bb" COMMON "2");
}
static void one_client(struct evidence *e)
{
    retell(&e->clones[1].dhcp.identity, "01:a");
}
static void silent_client(struct evidence *e)
{
    e->clones[1].dhcp.messages = 0;
}
static void old_lease(struct evidence *e)
{
    retell(&e->clones[0].dhcp.first_wish, "10.1.2.3");
}
static void address(struct evidence *e)
{
    replace(&e->clones[0].searched, "found=/etc/network/interfaces");
}
static void not_searched(struct evidence *e)
{
    replace(&e->clones[0].searched, NULL);
}
static void same_name(struct evidence *e)
{
    replace(&e->clones[0].facts, "hostname=BUILDER\nmount=/dev/vda1 / ext4");
}
static void swapping(struct evidence *e)
{
    replace(&e->clones[0].facts, FACTS_A "\nswap=/swapfile");
}
static void second_disk(struct evidence *e)
{
    replace(&e->clones[0].facts, FACTS_A "\nmount=/dev/vda3 /home ext4");
}
static void no_root(struct evidence *e)
{
    replace(&e->clones[0].facts, "machine-id=aa");
}
static void small_root(struct evidence *e)
{
    replace(&e->clones[0].facts, "root=500000 4096\nmount=/dev/vda1 / ext4");
}
static void broken_program(struct evidence *e)
{
    replace(&e->clones[0].packages, "package=vim /usr/bin/vim ends with 127\npackage=tree runs");
}
static void untried_program(struct evidence *e)
{
    replace(&e->clones[0].packages, "package=vim runs");
}
static void offline_cpu(struct evidence *e)
{
    replace(&e->hotplug.after, "online=1\ncpu=cpu0 1\ncpu=cpu1 0");
}
static void no_room(struct evidence *e)
{
    e->hotplug.no_cpu_slot = TRUE;
}
static void refused_cpu(struct evidence *e)
{
    retell(&e->hotplug.cpu_error, "no such CPU");
}
static void stiff_memory(struct evidence *e)
{
    e->hotplug.shrunk = e->hotplug.memory;
}
static void lost_memory(struct evidence *e)
{
    e->hotplug.grown = e->hotplug.asked;
}
static void unseen_hardware(struct evidence *e)
{
    replace(&e->hotplug.after, BEFORE);
}
static void another_id(struct evidence *e)
{
    replace(&e->clones[1].again, "machine-id=cc\nboot-id=3\nhost-key=SHA256:b (RSA)" COMMON "2");
}
static void another_client(struct evidence *e)
{
    e->clones[1].dhcp.changed = TRUE;
}
static void not_restarted(struct evidence *e)
{
    replace(&e->clones[1].again, FACTS_B);
}
static void deaf_button(struct evidence *e)
{
    e->clones[0].powered_off = FALSE;
}
static void written_template(struct evidence *e)
{
    retell(&e->disks[1].after, "e");
}

static const struct {
    void (*harm)(struct evidence *e);
    const char *name, *says;
} faults[] = {
    {stuck, "multi-user", "slow.service"},
    {unit, "failed-units", "clone b: bad.service"},
    {unit_later, "failed-units", "restarted: worse.service"},
    {slow_clock, "clock", "clone b is -3600 s"},
    {one_id, "machine-id", "both clones have the same machine-id, aa"},
    {no_id, "machine-id", "clone b has no machine-id"},
    {one_boot, "boot-id", "both"},
    {one_seed, "random-seed", "both"},
    {one_key, "ssh-host-keys", "both clones have the key SHA256:a"},
    {no_key, "ssh-host-keys", "no keys"},
    {one_client, "dhcp-identity", "both clones are 01:a"},
    {silent_client, "dhcp-identity", "only one"},
    {old_lease, "leases", "clone a first asked for 10.1.2.3"},
    {address, "nic-address", "/etc/network/interfaces"},
    {not_searched, "nic-address", "could not be searched"},
    {same_name, "host-name", "builder"},
    {swapping, "no-swap", "/swapfile"},
    {second_disk, "one-root", "/dev/vda3 is mounted on /home"},
    {no_root, "one-root", "no disk"},
    {small_root, "root-grown", "1.9 GiB on a disk of 8 GiB"},
    {broken_program, "packages-run", "/usr/bin/vim ends with 127"},
    {untried_program, "packages-run", "1 of 2"},
    {offline_cpu, "hotplug-cpu", "cpu1 0 is present but stays offline"},
    {no_room, "hotplug-cpu", "no slot"},
    {refused_cpu, "hotplug-cpu", "no such CPU"},
    {unseen_hardware, "hotplug-cpu", "does not see"},
    {stiff_memory, "hotplug-memory", "should have reduced"},
    {lost_memory, "hotplug-memory", "again"},
    {unseen_hardware, "hotplug-nic", "52:54:00:69:6e:6e"},
    {unseen_hardware, "hotplug-disk", "131072"},
    {another_id, "identity-kept", "machine-id was bb and is now cc"},
    {another_client, "identity-kept", "DHCP"},
    {not_restarted, "identity-kept", "did not restart"},
    {deaf_button, "power-button", "clone a"},
    {written_template, "template-unchanged", "the digest of web.raw was r and is now e"},
};

static void each_fails(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        struct evidence e;
        fill(&e);
        faults[i].harm(&e);
        g_autoptr(GPtrArray) findings = evidence_judge(&e);
        const struct verify_finding *f = find(findings, faults[i].name);
        if (f->outcome != VERIFY_FAILED || !strstr(f->says, faults[i].says))
            fail_msg("%zu %s: %s: %s", i, f->name, verify_outcome_name(f->outcome), f->says);
        evidence_clear(&e);
    }
}

/* A clone that never came fails the first assertion; the others say that they were not made. */
static void no_boot(void **state)
{
    (void)state;
    struct evidence e;
    fill(&e);
    replace(&e.clones[1].booted, NULL);
    replace(&e.clones[1].facts, NULL);
    e.clones[1].trouble = g_strdup("the probe did not report: not after 5 min");
    g_autoptr(GPtrArray) findings = evidence_judge(&e);
    const struct verify_finding *f = find(findings, "multi-user");
    assert_int_equal(f->outcome, VERIFY_FAILED);
    assert_non_null(strstr(f->says, "clone b: the probe did not report"));
    assert_null(strstr(f->says, "SMBIOS"));
    assert_int_equal(find(findings, "machine-id")->outcome, VERIFY_SKIPPED);
    assert_string_equal(find(findings, "machine-id")->says, "a clone did not boot");
    evidence_clear(&e);
}

/* The finding says how the probe came if it may be because of that that nobody answers. */
static void no_probe(void **state)
{
    (void)state;
    static const struct verify_spec by_smbios = {.accel = &accel, .arch = "x86_64", .systemd = 257};
    struct evidence e;
    fill(&e);
    e.spec = &by_smbios;
    e.probe = VERIFY_PROBE_SMBIOS;
    retell(&e.clones[0].trouble, "the probe did not answer: not after 30 s");
    g_autoptr(GPtrArray) answered = evidence_judge(&e);
    assert_null(strstr(find(answered, "multi-user")->says, "SMBIOS"));
    replace(&e.clones[0].booted, NULL);
    g_autoptr(GPtrArray) findings = evidence_judge(&e);
    const struct verify_finding *f = find(findings, "multi-user");
    assert_int_equal(f->outcome, VERIFY_FAILED);
    assert_non_null(strstr(f->says, "30 s. (Its probe came by SMBIOS, for systemd 257.)"));
    evidence_clear(&e);
}

static void reports(void **state)
{
    (void)state;
    struct evidence e;
    fill(&e);
    stuck(&e);
    retell(&e.clones[0].trouble, "a <tag> & \"quotes\"");
    verify_result r = {.findings = evidence_judge(&e), .clones = evidence_to_json(&e), .failed = 1};
    g_autofree char *xml = verify_to_junit(&r, "out/golden.qcow2");
    g_autofree char *counts =
        g_strdup_printf("tests=\"%u\" failures=\"1\" skipped=\"0\"", r.findings->len);
    assert_non_null(strstr(xml, counts));
    assert_non_null(strstr(xml, "classname=\"out/golden.qcow2\" name=\"machine-id\"/>"));
    assert_non_null(strstr(xml, "a &lt;tag&gt; &amp; &quot;quotes&quot;"));
    json_t *o = verify_to_json(&r);
    assert_int_equal(json_array_size(json_object_get(o, "assertions")), r.findings->len);
    assert_string_equal(json_string_value(json_object_get(o, "probe")), "disk");
    json_t *a = json_object_get(json_object_get(o, "clones"), "a");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(a, "facts"), "machine-id")), "aa");
    json_decref(o);
    json_decref(r.clones);
    g_ptr_array_unref(r.findings);
    evidence_clear(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_pass), cmocka_unit_test(each_fails),
                                       cmocka_unit_test(no_boot), cmocka_unit_test(no_probe),
                                       cmocka_unit_test(reports)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
