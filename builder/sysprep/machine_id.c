/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* An empty /etc/machine-id is filled at the next boot (machine-id(5), "Initialization").  The word
 * "uninitialized" does that too, but makes it a "first boot": systemd then enables every unit that
 * no preset disables (systemd.preset(5)), which undoes what the recipe has disabled and, on Debian
 * 13, starts systemd-networkd and its wait beside ifupdown; and systemd-firstboot(1) may ask
 * questions on the console. */
static gboolean empty_id(guest *g, GError **error)
{
    gboolean present;
    if (!guest_any(g, "/etc/machine-id", &present, error))
        return FALSE;
    /* Without the file systemd takes the boot for the first one, too. */
    return g->facts->systemd && !present ? guest_write_file(g, "/etc/machine-id", "", error)
                                         : guest_empty(g, "/etc/machine-id", error);
}

/* D-Bus has the same file under another name; dbus-uuidgen(1) makes it where systemd does not. */
static gboolean machine_id_operation(guest *g, GError **error)
{
    gboolean own, dbus;
    if (!empty_id(g, error) || !guest_remove(g, "/var/lib/dbus/machine-id", error) ||
        !guest_any(g, "/etc/machine-id", &own, error) ||
        !guest_any(g, "/var/lib/dbus/", &dbus, error))
        return FALSE;
    return !own || !dbus || guest_symlink(g, "/etc/machine-id", "/var/lib/dbus/machine-id", error);
}

const sysprep_operation operation_machine_id = {
    .name = "machine-id",
    .heading = "Empty the machine-id, so that every clone makes its own",
    .run = machine_id_operation,
};
