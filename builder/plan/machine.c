/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/plan.h"

void plan_firmware_clear(struct plan_firmware *firmware)
{
    vm_firmware_unref(firmware->template);
    vm_firmware_unref(firmware->kernel);
    g_clear_error(&firmware->missing);
    g_strfreev(firmware->problems);
    *firmware = (struct plan_firmware){0};
}

gboolean plan_check_firmware(const plan *p, gboolean clones, GError **error)
{
    if (!p->firmware.missing || (!p->boot_command && !clones))
        return TRUE;
    g_propagate_error(error, g_error_copy(p->firmware.missing));
    return FALSE;
}

struct vm_spec plan_machine(const plan *p, const struct plan_machine_files *files)
{
    struct vm_spec machine = p->vm;
    gboolean direct = !p->boot_command;
    machine.firmware = direct ? p->firmware.kernel : p->firmware.template;
    machine.disk = (char *)files->disk;
    machine.kernel = direct ? (char *)files->kernel : NULL;
    machine.initrd = direct ? (char *)files->initrd : NULL;
    machine.cdrom = direct ? NULL : (char *)files->medium;
    return machine;
}

char *plan_disk_name(const plan *p)
{
    return g_strconcat(p->name, "." VM_DISK_FORMAT, NULL);
}

char *plan_script(const plan *p, const char *kernel, const char *initrd, const char *medium)
{
    g_autofree char *disk = plan_disk_name(p);
    const struct plan_machine_files files = {disk, kernel, initrd, medium};
    const struct vm_spec machine = plan_machine(p, &files);
    return vm_script(&machine);
}
