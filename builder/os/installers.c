/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/os.h"

#include <string.h>

#define RECORD(name) extern const os_installer installer_##name;
#include "os/os_installers.inc"
#undef RECORD

const os_installer *const *os_installers(void)
{
    static const os_installer *const table[] = {
#define RECORD(name) &installer_##name,
#include "os/os_installers.inc"
#undef RECORD
        NULL};
    return table;
}

const os_installer *os_installer_find(const char *name)
{
    for (const os_installer *const *i = os_installers(); *i; i++)
        if (strcmp((*i)->name, name) == 0)
            return *i;
    return NULL;
}

const os_installer *os_installer_for_family(const char *family)
{
    for (const os_installer *const *i = os_installers(); *i; i++)
        if (g_strv_contains((*i)->families, family))
            return *i;
    return NULL;
}

const os_installer *os_installer_choose(const char *name, const char *family)
{
    return name ? os_installer_find(name) : family ? os_installer_for_family(family) : NULL;
}

char *os_hint_with_media(const char *family, gboolean seeded)
{
    for (const os_installer *const *i = os_installers(); family && *i; i++)
        if (g_strv_contains((*i)->families, family) && !(*i)->packages && (!seeded || (*i)->seeded))
            return g_strdup_printf("leave it out, or write 'installer: %s'", (*i)->name);
    return g_strdup("leave it out");
}
