/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/arch.h"
#include "vm/qmp.h"
#include "vm/vm.h"

#include "base/error.h"

#include <string.h>

/* What an administrator does with virsh setvcpus, setmem, attach-disk and attach-interface. */

/* The first place for a CPU that is free: device_add takes its properties as they are reported. */
static json_t *free_cpu(json_t *places)
{
    size_t i;
    json_t *place;
    json_array_foreach(places, i, place)
    {
        const char *type = json_string_value(json_object_get(place, "type"));
        json_t *where = json_object_get(place, "props");
        if (!type || !json_is_object(where) || json_object_get(place, "qom-path"))
            continue;
        json_t *arguments = json_pack("{s:s, s:s}", "driver", type, "id", "cpu-added");
        json_object_update(arguments, where);
        return arguments;
    }
    return NULL;
}

gboolean vm_add_cpu(vm *machine, GError **error)
{
    json_t *places = NULL;
    if (!qmp_execute(vm_monitor(machine), "query-hotpluggable-cpus", NULL, &places, error))
        return FALSE;
    json_t *arguments = free_cpu(places);
    json_decref(places);
    if (arguments)
        return qmp_execute(vm_monitor(machine), "device_add", arguments, NULL, error);
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "the machine has no slot for another CPU");
    return FALSE;
}

gboolean vm_add_disk(vm *machine, const char *disk, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(disk, NULL);
    json_t *node = json_pack("{s:s, s:s, s:{s:s, s:s}}", "driver", VM_DISK_FORMAT, "node-name",
                             "added0", "file", "driver", "file", "filename", path);
    json_t *device = json_pack("{s:s, s:s, s:s, s:s}", "driver", "virtio-blk-pci", "id", "added0",
                               "drive", "added0", "bus", VM_PORT_DISK);
    gboolean good = qmp_execute(vm_monitor(machine), "blockdev-add", node, NULL, error);
    if (good)
        return qmp_execute(vm_monitor(machine), "device_add", device, NULL, error);
    json_decref(device);
    return FALSE;
}

gboolean vm_add_nic(vm *machine, const char *mac, GError **error)
{
    json_t *network =
        json_pack("{s:s, s:s, s:b, s:b}", "type", "user", "id", "net1", "restrict", 1, "ipv6", 0);
    json_t *device =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "driver", "virtio-net-pci", "id", "net1",
                  "netdev", "net1", "mac", mac, "bus", VM_PORT_NIC, "romfile", "");
    gboolean good = qmp_execute(vm_monitor(machine), "netdev_add", network, NULL, error);
    if (good)
        return qmp_execute(vm_monitor(machine), "device_add", device, NULL, error);
    json_decref(device);
    return FALSE;
}

gboolean vm_balloon(vm *machine, guint64 bytes, GError **error)
{
    return qmp_execute(vm_monitor(machine), "balloon",
                       json_pack("{s:I}", "value", (json_int_t)bytes), NULL, error);
}

gboolean vm_balloon_now(vm *machine, guint64 *bytes, GError **error)
{
    json_t *answer = NULL;
    if (!qmp_execute(vm_monitor(machine), "query-balloon", NULL, &answer, error))
        return FALSE;
    *bytes = (guint64)MAX(json_integer_value(json_object_get(answer, "actual")), 0);
    json_decref(answer);
    return TRUE;
}
