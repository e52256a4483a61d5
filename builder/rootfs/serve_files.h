/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/message.h"

/* What the server does with single files, in its root directory. */

/* What an operation found; all are owned by it. */
struct served {
    char *text;
    char **names;
    GArray *stats; /* of struct tree_stat */
    guint64 number;
    GBytes *data;
};
void served_clear(struct served *s);

gboolean serve_stat(const struct message_request *q, struct served *r,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean serve_stat_list(const struct message_request *q, struct served *r,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean serve_list(const struct message_request *q, struct served *r,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean serve_glob(const struct message_request *q, struct served *r,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean serve_readlink(const struct message_request *q, struct served *r,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean serve_read(const struct message_request *q, struct served *r,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean serve_write(const struct message_request *q, struct served *r,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean serve_truncate(const struct message_request *q, struct served *r,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean serve_unlink(const struct message_request *q, struct served *r,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean serve_mkdirs(const struct message_request *q, struct served *r,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean serve_chmod(const struct message_request *q, struct served *r,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean serve_chown(const struct message_request *q, struct served *r,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean serve_symlink(const struct message_request *q, struct served *r,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
