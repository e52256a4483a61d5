/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/handle.h"

#include "base/text.h"

static void package_free(gpointer data)
{
    struct guest_package *package = data;
    g_free(package->name);
    g_free(package->version);
    g_free(package->arch);
    g_free(package);
}

GPtrArray *guest_packages_new(void)
{
    return g_ptr_array_new_with_free_func(package_free);
}

void guest_package_add(GPtrArray *packages, const char *name, const char *version, const char *arch)
{
    struct guest_package *package = g_new0(struct guest_package, 1);
    package->name = text_printable(name, -1);
    package->version = text_printable(version, -1);
    package->arch = text_printable(arch, -1);
    g_ptr_array_add(packages, package);
}
