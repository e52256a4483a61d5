/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/seed.h"

#include "base/files.h"

/* From the last key of the boot command to the request for the answer file: an installer loads its
 * kernel and sets up the network meanwhile.  Under TCG debian-installer took a minute and a half,
 * and 3 min 20 s on a busy host. */
#define ANSWER_LIMIT     120u
#define ANSWER_LIMIT_TCG 420u

static void on_request(const struct seed_request *request, gpointer user)
{
    const build *b = user;
    progress_detail(b->progress, "seed: %u %s %s (%s)", request->status, request->method,
                    request->path, request->agent);
}

static gboolean serve(build *b, struct build_seed *seed, const struct media_file *files, gsize n,
                      GError **error)
{
    seed->server = seed_server_new(files, n, on_request, b, error);
    if (!seed->server)
        return FALSE;
    g_autofree char *url = vm_guest_url(seed_server_url(seed->server));
    seed->command = plan_boot_command(b->plan, url, error);
    seed->boot_command.seed = seed->server;
    seed->boot_command.answer = n ? files[0].path : NULL;
    seed->boot_command.answer_limit = b->plan->vm.accel.kvm ? ANSWER_LIMIT : ANSWER_LIMIT_TCG;
    return seed->command != NULL;
}

gboolean seed_begin(build *b, struct build_seed *seed, GError **error)
{
    gsize n = 0;
    g_autofree struct media_file *files = plan_media_files(b->plan, FALSE, &n);
    gboolean good = serve(b, seed, files, n, error);
    seed->boot_command.command = seed->command;
    return good;
}

static void write_log(const build *b, const seed_server *server)
{
    const GPtrArray *all = seed_server_requests(server);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(b->log_dir, SEED_LOG, NULL);
    for (guint i = 0; i < all->len; i++) {
        const struct seed_request *r = g_ptr_array_index(all, i);
        g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(r->time / G_USEC_PER_SEC);
        g_autofree char *shown = g_date_time_format_iso8601(when);
        g_string_append_printf(text, "%s %u %s %s (%s)\n", shown, r->status, r->method,
                               *r->path ? r->path : "-", r->agent);
    }
    if (!files_write_atomic(path, text->str, -1, 0644, &error))
        progress_warning(b->progress, "%s", error->message);
}

void seed_end(const build *b, struct build_seed *seed)
{
    if (seed->server)
        write_log(b, seed->server);
    seed_server_free(seed->server);
    g_free(seed->command);
    *seed = (struct build_seed){0};
}

void seed_add_inputs(const plan *p, digest *d)
{
    if (!p->boot_command)
        return;
    g_autofree char *firmware = firmware_kind_key(p->firmware.asked);
    digest_field(d, "boot command", p->boot_command);
    digest_field(d, "firmware", firmware);
}
