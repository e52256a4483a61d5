/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Types of GPT partitions: UEFI specification 2.10, table 5.7, and the Discoverable Partitions
 * Specification; all of them are in `sfdisk --label gpt --list-types` too. */
#define GPT_BIOS_BOOT     "21686148-6449-6E6F-744E-656564454649"
#define GPT_ESP           "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
#define GPT_EXTENDED_BOOT "BC13C2FF-59E6-4262-A352-B275FD6F7172"
#define GPT_SWAP          "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"
#define GPT_LINUX_DATA    "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
#define GPT_ROOT_X86_64   "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
#define GPT_ROOT_ARM64    "B921B045-1DF0-41C3-AF44-4C6F280D3FAE"
#define GPT_LVM           "E6D6D379-F507-44C2-A23C-238F2A3DF928"
