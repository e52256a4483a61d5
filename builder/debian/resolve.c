/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/source.h"
#include "debian/suite.h"

#include "base/error.h"

#include <string.h>

/* The packages of a whole system and of the environment in which they are set up, out of a suite
 * and its security updates. */

#define FORM "2" /* of the note of a choice, and of how it is made */

/* What is to be fetched. */
struct choice {
    GPtrArray *system; /* of deb_package * */
    GPtrArray *kernel; /* of deb_package *; the environment's */
    GPtrArray *shell;  /* of one deb_package *; the environment's */
};

static void choice_clear(struct choice *c)
{
    g_clear_pointer(&c->system, g_ptr_array_unref);
    g_clear_pointer(&c->kernel, g_ptr_array_unref);
    g_clear_pointer(&c->shell, g_ptr_array_unref);
}

/* The release, and what brings it up to date. */
#define SUITES 2u

struct archives {
    deb_suite suites[SUITES];
    guint n;
};

static void archives_clear(struct archives *a)
{
    for (guint i = 0; i < SUITES; i++)
        deb_suite_clear(&a->suites[i]);
}

static gboolean archives_open(struct archives *a, media_job *job, GError **error)
{
    const struct media_spec *spec = media_job_spec(job);
    g_autofree char *security = g_strdup_printf("%s-security", spec->suite);
    const char *const mirrors[SUITES] = {spec->mirror, spec->security_mirror};
    const char *const names[SUITES] = {spec->suite, security};
    for (a->n = 0; a->n < SUITES && (a->n == 0 || mirrors[a->n]); a->n++)
        if (!deb_suite_init(&a->suites[a->n], job, mirrors[a->n], names[a->n], error))
            return FALSE;
    return TRUE;
}

static gboolean archives_fetch(struct archives *a, media_job *job, GError **error)
{
    for (guint i = 0; i < a->n; i++)
        if (!deb_suite_fetch(&a->suites[i], job, error))
            return FALSE;
    return TRUE;
}

/* ---- the recipe's words ---- */

static gboolean check_packages(char *const *list, GError **error)
{
    for (; list && *list; list++)
        if (!deb_suite_package_name(*list, error))
            return FALSE;
    return TRUE;
}

static gboolean check_modules(char *const *list, GError **error)
{
    for (; list && *list; list++)
        if (!deb_suite_word("kernel module", *list, "-_", error))
            return FALSE;
    return TRUE;
}

static gboolean check_words(const struct media_spec *spec, GError **error)
{
    return check_packages(spec->plain, error) && check_packages(spec->packages, error) &&
           check_packages(spec->excluded, error) && check_modules(spec->env_modules, error) &&
           deb_suite_package_name(spec->env_kernel, error) &&
           deb_suite_package_name(spec->env_shell, error);
}

/* ---- a choice, in a note ---- */

static char *chosen_line(const deb_package *m)
{
    return g_strdup_printf("%s\t%s\t%s\t%s\t%s\t%" G_GUINT64_FORMAT "\t%u%s%s", m->name, m->version,
                           m->arch, m->filename, m->sha256, m->size, m->source, m->base ? "b" : "",
                           m->wanted ? "w" : "");
}

static deb_package *chosen_of_line(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, "\t", -1);
    if (g_strv_length(words) != 7 || !digest_is_hex(words[4]) || !deb_path_is_safe(words[3]) ||
        words[6][0] < '0' || words[6][0] >= '0' + (char)SUITES)
        return NULL;
    deb_package *m = g_new0(deb_package, 1);
    m->name = g_strdup(words[0]);
    m->version = g_strdup(words[1]);
    m->arch = g_strdup(words[2]);
    m->filename = g_strdup(words[3]);
    g_strlcpy(m->sha256, words[4], sizeof m->sha256);
    m->size = g_ascii_strtoull(words[5], NULL, 10);
    m->source = (guint8)(words[6][0] - '0');
    m->base = strchr(words[6], 'b') != NULL;
    m->wanted = strchr(words[6], 'w') != NULL;
    return m;
}

static void note_list(GKeyFile *note, const char *name, const GPtrArray *list)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < list->len; i++)
        g_ptr_array_add(lines, chosen_line(g_ptr_array_index(list, i)));
    g_key_file_set_string_list(note, MEDIA_NOTE, name, (const char *const *)lines->pdata,
                               lines->len);
}

static GPtrArray *list_of_note(GKeyFile *note, const char *name)
{
    g_auto(GStrv) lines = g_key_file_get_string_list(note, MEDIA_NOTE, name, NULL, NULL);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)deb_package_free);
    for (char **line = lines; line && *line; line++) {
        deb_package *m = chosen_of_line(*line);
        if (!m)
            return NULL;
        g_ptr_array_add(list, m);
    }
    return list->len ? g_steal_pointer(&list) : NULL;
}

static void add_values(GPtrArray *values, const char *what, char *const *list)
{
    g_ptr_array_add(values, (gpointer)what);
    for (; list && *list; list++)
        g_ptr_array_add(values, *list);
}

/* Over what it is chosen from, and all that is asked for. */
static void choice_key(const struct media_spec *spec, const GPtrArray *indexes,
                       char key[DIGEST_HEX_LEN + 1])
{
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    g_ptr_array_add(values, (gpointer)FORM);
    g_ptr_array_add(values, spec->arch);
    for (guint i = 0; i < indexes->len; i++)
        g_ptr_array_add(values, ((struct deb_index *)g_ptr_array_index(indexes, i))->sha256);
    add_values(values, "+plain", spec->plain); /* '+' begins no name */
    add_values(values, "+packages", spec->packages);
    add_values(values, "+excluded", spec->excluded);
    add_values(values, "+kernel", (char *const[]){spec->env_kernel, NULL});
    add_values(values, "+shell", (char *const[]){spec->env_shell, NULL});
    g_ptr_array_add(values, NULL);
    media_key_of(key, "closure", (const char *const *)values->pdata);
}

static gboolean resolve_recall(const media_job *job, const char *key, struct choice *choice)
{
    g_autoptr(GKeyFile) note = media_job_note(job, key);
    if (!note)
        return FALSE;
    choice->system = list_of_note(note, "system");
    choice->kernel = list_of_note(note, "kernel");
    choice->shell = list_of_note(note, "shell");
    if (choice->system && choice->kernel && choice->shell)
        return TRUE;
    choice_clear(choice);
    return FALSE;
}

static gboolean resolve_remember(const media_job *job, const char *key, const struct choice *choice,
                                 GError **error)
{
    g_autoptr(GKeyFile) note = g_key_file_new();
    note_list(note, "system", choice->system);
    note_list(note, "kernel", choice->kernel);
    note_list(note, "shell", choice->shell);
    return media_job_save_note(job, key, note, error);
}

/* ---- choosing ---- */

static void listing_clear(gpointer data)
{
    g_free(((struct deb_listing *)data)->file);
}

/* Adds the Packages files of a component to listings, and what is known of them to indexes (of
 * struct deb_index *). */
static gboolean obtain_component(media_job *job, const struct archives *a, guint source,
                                 const char *component, GArray *listings, GPtrArray *indexes,
                                 GError **error)
{
    const deb_suite *suite = &a->suites[source];
    const guint before = listings->len;
    const char *const arches[] = {suite->arch, suite->release->all_apart ? "all" : NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(arches) && arches[i]; i++) {
        const struct deb_index *index = NULL;
        g_autoptr(GError) local = NULL;
        char *file = deb_suite_index(suite, job, component, arches[i], &index, &local);
        if (local) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        if (file) {
            const struct deb_listing listing = {file, (guint8)source};
            g_array_append_val(listings, listing);
            g_ptr_array_add(indexes, (gpointer)index);
        }
    }
    if (listings->len > before)
        return TRUE;
    g_autofree char *mirror = media_url_shown(suite->mirror);
    ingot_set_error(error, INGOT_EXIT_MEDIA, "check the suite, the component and the architecture",
                    "suite %s, component %s of %s has no packages for %s", suite->name, component,
                    mirror, suite->arch);
    return FALSE;
}

static gboolean obtain_indexes(media_job *job, const struct archives *a, GArray *listings,
                               GPtrArray *indexes, GError **error)
{
    for (guint i = 0; i < a->n; i++)
        for (char **component = a->suites[i].components; *component; component++)
            if (!obtain_component(job, a, i, *component, listings, indexes, error))
                return FALSE;
    return TRUE;
}

static gboolean choose_from(const deb_catalog *catalog, const struct media_spec *spec,
                            struct choice *choice, GError **error)
{
    struct deb_need need = {.base = TRUE,
                            .plain = (const char *const *)spec->plain,
                            .packages = (const char *const *)spec->packages,
                            .excluded = (const char *const *)spec->excluded};
    choice->system = deb_closure(catalog, &need, error);
    choice->kernel = choice->system ? deb_choose_kernel(catalog, spec->env_kernel, error) : NULL;
    deb_package *shell = choice->kernel ? deb_choose(catalog, spec->env_shell, error) : NULL;
    if (!shell)
        return FALSE;
    choice->shell = g_ptr_array_new_with_free_func((GDestroyNotify)deb_package_free);
    g_ptr_array_add(choice->shell, shell);
    return TRUE;
}

static gboolean packages_choose(media_job *job, const struct archives *a, const GArray *listings,
                                struct choice *choice, GError **error)
{
    const struct media_spec *spec = media_job_spec(job);
    progress_detail(media_job_context(job)->progress, "resolving the packages of the system");
    g_autoptr(deb_catalog) catalog =
        deb_catalog_read((const struct deb_listing *)(gconstpointer)listings->data, listings->len,
                         spec->arch, NULL, media_job_context(job)->cancel, error);
    if (catalog && choose_from(catalog, spec, choice, error))
        return TRUE;
    g_autofree char *mirror = media_url_shown(a->suites[0].mirror);
    g_prefix_error(error, "suite %s of %s: ", a->suites[0].name, mirror);
    return FALSE;
}

static gboolean find_choice(media_job *job, const struct archives *a, struct choice *choice,
                            GError **error)
{
    char key[DIGEST_HEX_LEN + 1];
    g_autoptr(GArray) listings = g_array_new(FALSE, FALSE, sizeof(struct deb_listing));
    g_autoptr(GPtrArray) indexes = g_ptr_array_new();
    g_array_set_clear_func(listings, listing_clear);
    if (!obtain_indexes(job, a, listings, indexes, error))
        return FALSE;
    choice_key(media_job_spec(job), indexes, key);
    return resolve_recall(job, key, choice) || (packages_choose(job, a, listings, choice, error) &&
                                                resolve_remember(job, key, choice, error));
}

/* ---- as the room media knows them ---- */

static GPtrArray *packages_of(const struct archives *a, const GPtrArray *list)
{
    GPtrArray *packages = g_ptr_array_new_with_free_func((GDestroyNotify)media_package_free);
    for (guint i = 0; i < list->len; i++) {
        const deb_package *p = g_ptr_array_index(list, i);
        g_ptr_array_add(packages, deb_suite_package(&a->suites[MIN(p->source, a->n - 1)], p));
    }
    return packages;
}

gboolean deb_source_choose(media_job *job, struct media_choice *to, GError **error)
{
    struct choice choice = {0};
    struct archives archives = {0};
    gboolean good =
        archives_open(&archives, job, error) && check_words(media_job_spec(job), error) &&
        archives_fetch(&archives, job, error) && find_choice(job, &archives, &choice, error);
    if (good)
        *to = (struct media_choice){.system = packages_of(&archives, choice.system),
                                    .kernel = packages_of(&archives, choice.kernel),
                                    .shell = packages_of(&archives, choice.shell)};
    archives_clear(&archives);
    choice_clear(&choice);
    return good;
}
