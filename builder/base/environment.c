/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/environment.h"

#include <string.h>

/* A name that ends with '*' matches every name with that prefix. */
static const char *const for_children[] = {
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TMPDIR", /* mke2fs, qemu-img, gpgv */
    "XDG_RUNTIME_DIR",
    "XDG_CACHE_HOME",
    "SOURCE_DATE_EPOCH", /* mke2fs */
    "APT_CONFIG",        /* apt-config */
    "LD_LIBRARY_PATH",
    "LD_PRELOAD", /* ld.so(8): programs in a place of their own */
    NULL};

/* What libraries in the process read.  libguestfs gives them to its own QEMU. */
static const char *const for_libraries[] = {"TERM",
                                            "INGOT_CACHE",
                                            "INGOT_DATA",
                                            "XDG_CONFIG_HOME",
                                            "G_MESSAGES_DEBUG",
                                            "LIBGUESTFS_*",
                                            "SUPERMIN_*", /* guestfs(3), supermin(1) */
                                            "http_proxy",
                                            "https_proxy",
                                            "ftp_proxy",
                                            "all_proxy",
                                            "no_proxy", /* libcurl-env(3) */
                                            "HTTPS_PROXY",
                                            "FTP_PROXY",
                                            "ALL_PROXY",
                                            "NO_PROXY",
                                            "SSL_CERT_FILE",
                                            "SSL_CERT_DIR", /* OpenSSL */
                                            NULL};

static gboolean is_listed(const char *const *list, const char *name)
{
    for (; *list; list++) {
        gsize n = strcspn(*list, "*");
        if (strncmp(name, *list, n) == 0 && ((*list)[n] == '*' || name[n] == '\0'))
            return TRUE;
    }
    return FALSE;
}

char **environment_take(void)
{
    char **all = g_get_environ();
    for (char **e = all; *e; e++) {
        g_autofree char *name = g_strndup(*e, strcspn(*e, "="));
        if (!is_listed(for_children, name) && !is_listed(for_libraries, name))
            g_unsetenv(name);
    }
    return all;
}

void environment_free(char **environment)
{
    for (char **e = environment; e && *e; e++)
        explicit_bzero(*e, strlen(*e));
    g_strfreev(environment);
}

char **environment_of_child(void)
{
    g_auto(GStrv) all = g_get_environ();
    GStrvBuilder *kept = g_strv_builder_new();
    for (char **e = all; *e; e++) {
        g_autofree char *name = g_strndup(*e, strcspn(*e, "="));
        if (is_listed(for_children, name))
            g_strv_builder_add(kept, *e);
    }
    char **result = g_strv_builder_end(kept);
    g_strv_builder_unref(kept);
    return result;
}
