/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of the guest as facts.  They are untrusted.  A malformed line of an account file is
 * never quoted: cut in the wrong place, it could show a password hash. */
#include "inspect/snapshot.h"

#include <string.h>

#define NOT_AN_ENTRY "a line that is no entry"

/* What matches, with the replacement in its place; owned by the caller. */
static char *replace(const char *pattern, const char *text, const char *replacement)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_RAW | G_REGEX_OPTIMIZE, 0, &local);
    if (!regex)
        g_error("the pattern %s does not compile: %s", pattern, local->message);
    char *out = g_regex_replace(regex, text, -1, 0, replacement, 0, NULL);
    if (!out)
        return g_strdup(text);
    return out;
}

char *snapshot_without_uuids(const char *text)
{
    /* Short ones are of FAT, NTFS and MBR partitions. */
    g_autofree char *named =
        replace("((?i:uuid)=|by-(?:part)?uuid/)([\"']?)[0-9A-Fa-f-]+", text, "\\1\\2UUID");
    return replace("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", named, "UUID");
}

/* The words of a line with one space between them; owned by the caller. */
static char *one_spaced(const char *line)
{
    GString *out = g_string_new(NULL);
    for (const char *c = line; *c; c++) {
        gboolean blank = strchr(" \t\r", *c) != NULL;
        if (!blank)
            g_string_append_c(out, *c);
        else if (out->len && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    }
    return g_strchomp(g_string_free(out, FALSE));
}

/* ---- accounts ---- */

/* crypt(5), shadow(5): no hash begins with these, so nobody can log in by password. */
static const char *password_state(const char *field)
{
    return !*field ? "empty" : *field == '!' || *field == '*' ? "locked" : "has password";
}

/* passwd(5), group(5): "x" means that shadow or gshadow has it. */
static char *with_state(const char *value, const char *field)
{
    return strcmp(field, "x") == 0
               ? g_strdup(value)
               : g_strdup_printf("%s, password here: %s", value, password_state(field));
}

typedef void (*entry_fn)(snapshot *s, char **fields);

/* A name with a "$" inside would be a hash on the wrong side of a colon. */
static gboolean snapshot_is_name(const char *text)
{
    return *text && strlen(text) < 256 && !strchr(text, '$');
}

static void each_entry(snapshot *s, const char *text, guint fields_wanted, entry_fn entry)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!**line)
            continue;
        g_auto(GStrv) fields = g_strsplit(*line, ":", -1);
        if (g_strv_length(fields) == fields_wanted && snapshot_is_name(fields[0]))
            entry(s, fields);
        else
            snapshot_add(s, SNAPSHOT_ACCOUNTS, NOT_AN_ENTRY, NULL, NULL);
    }
}

static void passwd_entry(snapshot *s, char **f)
{
    g_autofree char *key = g_strconcat("user ", f[0], NULL);
    g_autofree char *plain =
        g_strdup_printf("%s:%s, '%s', %s, %s", f[2], f[3], f[4], f[5], *f[6] ? f[6] : "no shell");
    g_autofree char *value = with_state(plain, f[1]);
    snapshot_add(s, SNAPSHOT_ACCOUNTS, key, value, NULL);
}

void snapshot_add_passwd(snapshot *s, const char *text)
{
    each_entry(s, text, 7, passwd_entry);
}

static gint snapshot_by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order of members means nothing. */
static void group_entry(snapshot *s, char **f)
{
    g_autofree char *key = g_strconcat("group ", f[0], NULL);
    g_auto(GStrv) members = g_strsplit(f[3], ",", -1);
    qsort(members, g_strv_length(members), sizeof *members, snapshot_by_text);
    g_autofree char *list = g_strjoinv(",", members);
    g_autofree char *plain = g_strconcat(f[2], *list ? ", members " : "", list, NULL);
    g_autofree char *value = with_state(plain, f[1]);
    snapshot_add(s, SNAPSHOT_ACCOUNTS, key, value, NULL);
}

void snapshot_add_group(snapshot *s, const char *text)
{
    each_entry(s, text, 4, group_entry);
}

static void shadow_entry(snapshot *s, char **f)
{
    g_autofree char *key = g_strconcat("password of ", f[0], NULL);
    snapshot_add(s, SNAPSHOT_ACCOUNTS, key, password_state(f[1]), NULL);
}

void snapshot_add_shadow(snapshot *s, const char *text)
{
    each_entry(s, text, 9, shadow_entry);
}

/* ---- fstab ---- */

void snapshot_add_fstab(snapshot *s, const char *text)
{
    g_autofree char *plain = snapshot_without_uuids(text);
    /* Those of network shares. */
    g_autofree char *open = replace("\\b(pass(?:word|wd)?)=[^, \t\n]*", plain, "\\1=…");
    g_auto(GStrv) lines = g_strsplit(open, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *spaced = one_spaced(*line);
        if (!*spaced || *spaced == '#')
            continue;
        g_auto(GStrv) fields = g_strsplit(spaced, " ", 3);
        if (g_strv_length(fields) < 3) {
            snapshot_add(s, SNAPSHOT_FSTAB, NOT_AN_ENTRY, spaced, NULL);
            continue;
        }
        /* Swap has no mount point; its line is known by its device. */
        gboolean placed = *fields[1] == '/';
        g_autofree char *value = g_strconcat(fields[placed ? 0 : 1], " ", fields[2], NULL);
        snapshot_add(s, SNAPSHOT_FSTAB, fields[placed ? 1 : 0], value, NULL);
    }
}

/* ---- boot ---- */

static char *quoted_title(const char *line)
{
    const char *first = strpbrk(line, "'\"");
    const char *end = first ? strchr(first + 1, *first) : NULL;
    return end ? g_strndup(first + 1, (gsize)(end - first - 1)) : g_strdup("no title");
}

void snapshot_add_grub_cfg(snapshot *s, const char *path, const char *text)
{
    g_autofree char *plain = snapshot_without_uuids(text);
    g_auto(GStrv) lines = g_strsplit(plain, "\n", -1);
    g_autofree char *title = g_strdup("no entry");
    for (char **line = lines; *line; line++) {
        g_autofree char *spaced = one_spaced(*line);
        if (g_str_has_prefix(spaced, "menuentry ")) {
            g_free(title);
            title = quoted_title(spaced);
        } else if (g_str_has_prefix(spaced, "linux ") || g_str_has_prefix(spaced, "linux16 ") ||
                   g_str_has_prefix(spaced, "linuxefi ")) {
            g_autofree char *key = g_strdup_printf("%s: %s", path, title);
            snapshot_add(s, SNAPSHOT_BOOT, key, strchr(spaced, ' ') + 1, NULL);
        }
    }
}

void snapshot_add_boot_settings(snapshot *s, const char *path, const char *text, char separator)
{
    g_autofree char *plain = snapshot_without_uuids(text);
    g_auto(GStrv) lines = g_strsplit(plain, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *spaced = one_spaced(*line);
        if (!*spaced || *spaced == '#')
            continue;
        char *value = separator ? strchr(spaced, separator) : NULL;
        if (value)
            *value++ = '\0';
        g_autofree char *key = g_strdup_printf("%s: %s", path, spaced);
        snapshot_add(s, SNAPSHOT_BOOT, separator ? key : path, separator ? value : spaced, NULL);
    }
}

/* ---- apt ---- */

/* The rest of the line when it is this field, or NULL. */
static const char *snapshot_field_of(char *line, const char *name)
{
    return g_str_has_prefix(line, name) ? g_strstrip(line + strlen(name)) : NULL;
}

static void end_mark(snapshot *s, const char **name, const char **arch, gboolean *automatic)
{
    g_autofree char *key = g_strconcat(*name ? *name : "", *arch ? ":" : NULL, *arch, NULL);
    if (*name && *automatic)
        snapshot_add(s, SNAPSHOT_MARKS, key, NULL, NULL);
    *name = *arch = NULL;
    *automatic = FALSE;
}

void snapshot_add_auto_marks(snapshot *s, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *name = NULL, *arch = NULL, *value;
    gboolean automatic = FALSE;
    for (char **line = lines; *line; line++) {
        if (!**line)
            end_mark(s, &name, &arch, &automatic);
        else if ((value = snapshot_field_of(*line, "Package:")))
            name = value;
        else if ((value = snapshot_field_of(*line, "Architecture:")))
            arch = value;
        else if ((value = snapshot_field_of(*line, "Auto-Installed:")))
            automatic = strcmp(value, "1") == 0;
    }
    end_mark(s, &name, &arch, &automatic);
}

/* ---- systemd ---- */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

void snapshot_add_default_target(snapshot *s, const char *target)
{
    snapshot_add(s, SNAPSHOT_UNITS, SNAPSHOT_DEFAULT_TARGET, base_of(target), NULL);
}

/* systemctl(1), "mask"; an empty file does the same (systemd.unit(5)). */
static gboolean is_mask(const char *target)
{
    return !target || strcmp(target, "/dev/null") == 0;
}

/* A link that pulls a unit in.  Whether it points to /lib or /usr/lib means nothing. */
static void add_wanted(snapshot *s, const char *path, const char *target)
{
    const char *name = base_of(target);
    g_autofree char *other = g_strconcat("enabled as ", name, NULL);
    snapshot_add(s, SNAPSHOT_UNITS, path,
                 is_mask(target)                    ? "masked"
                 : strcmp(name, base_of(path)) == 0 ? "enabled"
                                                    : other,
                 NULL);
}

void snapshot_add_unit(snapshot *s, const char *path, const char *target)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", 4);
    guint n = g_strv_length(parts);
    if (n < 2 || n > 3 || (strcmp(parts[0], "system") != 0 && strcmp(parts[0], "user") != 0))
        return;
    if (n == 3) {
        if (target &&
            (g_str_has_suffix(parts[1], ".wants") || g_str_has_suffix(parts[1], ".requires") ||
             g_str_has_suffix(parts[1], ".upholds")))
            add_wanted(s, path, target);
        return;
    }
    g_autofree char *alias = g_strconcat("is ", target ? base_of(target) : "", NULL);
    if (!is_mask(target) && strcmp(path, "system/default.target") == 0)
        snapshot_add_default_target(s, target);
    else
        snapshot_add(s, SNAPSHOT_UNITS, path, is_mask(target) ? "masked" : alias, NULL);
}
