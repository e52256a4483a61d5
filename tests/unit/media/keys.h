/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "support.h"

/* Throw-away keys "good" and "other" for all tests of one program, since they take a while to make:
 * make_keys in its group set-up, drop_keys as its tear-down.  The keyring has the good one only;
 * without gpg there is no signer. */
static struct {
    char *dir, *keyring;
    signer *signer;
} shared;

static inline int make_keys(void **state)
{
    (void)state;
    shared.dir = files_temp_dir(g_get_tmp_dir(), "ingot-keys", NULL);
    shared.signer = signer_new(shared.dir);
    if (!shared.signer)
        return 0;
    shared.keyring = signer_key(shared.signer, "good", FALSE);
    g_free(signer_key(shared.signer, "other", FALSE));
    return 0;
}

static inline int drop_keys(void **state)
{
    (void)state;
    signer_free(shared.signer);
    files_remove_tree(shared.dir);
    g_free(shared.dir);
    g_free(shared.keyring);
    return 0;
}
