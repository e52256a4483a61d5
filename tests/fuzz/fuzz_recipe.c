/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe/internal.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a recipe without problems promises to the rooms above. */
static void check_user(const struct recipe_user *user)
{
    g_assert(user->name && *user->name && strlen(user->name) <= 32);
    g_assert(!strpbrk(user->name, ":/'\n $"));
    g_assert(!user->fullname || !strpbrk(user->fullname, ":,\n"));
    g_assert(!user->password || !user->password_hash);
    g_assert(user->groups && user->ssh_keys);
}

static void check_good(const struct recipe *r)
{
    g_assert(r->name && r->family && r->release && r->arch);
    g_assert(!strchr(r->name, '/') && *r->name != '.' && strlen(r->name) <= 64);
    g_assert(!strpbrk(r->hostname, "\n'\" $.") && !strpbrk(r->domain, "\n'\" $"));
    g_assert(r->disk_size >= 2ull << 30 && r->disk_size <= 64ull << 40);
    g_assert(r->cpus <= 256);
    g_assert(r->limit_inactivity <= r->limit_total);
    g_assert(r->media.kind != RECIPE_MEDIA_URL || r->media.sha256 || r->media.signature);
    g_assert(!r->media.signature || r->media.keyring);
    for (char **p = r->packages; *p; p++)
        g_assert(**p != '-' && !strpbrk(*p, " \n'\"$;="));
    for (char **a = r->kernel_args; *a; a++)
        g_assert(!strpbrk(*a, " \n'\"$;`\\"));
    check_user(&r->root);
    for (guint i = 0; i < r->users->len; i++)
        check_user(g_ptr_array_index(r->users, i));
}

/* Any bytes as a recipe: it is good and keeps its promises, or it is refused with reasons that can
 * be shown. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(secrets) hidden = secrets_new();
    g_autoptr(GError) error = NULL;
    /* files_read, too, puts a NUL behind what it has read. */
    g_autofree char *text = g_malloc0(size + 1);
    if (size)
        memcpy(text, data, size);
    g_autoptr(recipe) r = recipe_parse("fuzz.yaml", text, size, FALSE, hidden, problems, &error);
    g_assert(r || error);
    if (r && recipe_problems_report(problems, &error)) {
        check_good(r);
        return 0;
    }
    g_assert(recipe_problems_count(problems) > 0);
    g_assert(g_utf8_validate(error->message, -1, NULL) && !strchr(error->message, '\033'));
    g_assert(g_str_has_prefix(error->message, "fuzz.yaml:"));
    return 0;
}
