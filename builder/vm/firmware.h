/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "vm/vm.h"

/* Firmware descriptors of folders of the caller's choice.  Private to the room. */

/* folders: from the most general to the most specific, NULL-terminated. */
vm_firmware_list *firmware_read(const char *const *folders);

/* machine: a concrete machine type of QEMU. */
vm_firmware *firmware_choose(const vm_firmware_list *all, const char *arch, const char *machine,
                             const struct firmware_kind *kind,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
