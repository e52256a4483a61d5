/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe/internal.h"

#include "base/text.h"

#include <string.h>

/* The forms of texts.  Their patterns are for PCRE and for the schema (ECMA-262) alike. */

#define PATH_BYTES 4095u /* PATH_MAX of Linux without its NUL */

/* ---- advice, where a message alone would leave somebody puzzled ---- */

/* What Go, OCI registries and Debian call machines. */
static const struct {
    const char *other, *here;
} machines[] = {{"amd64", "x86_64"}, {"arm64", "aarch64"}};

static char *advise_choice(const struct field *field, const char *text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(machines); i++)
        if (strcmp(machines[i].other, text) == 0 &&
            g_strv_contains(field->choices, machines[i].here))
            return g_strdup_printf("%s is called %s here", text, machines[i].here);
    const char *near = text_nearest(text, field->choices);
    return near ? g_strdup_printf("did you mean \"%s\"?", near) : NULL;
}

static char *advise_package(const struct field *field, const char *text)
{
    (void)field;
    if (strpbrk(text, "=/"))
        return g_strdup("give only the name; the version comes from the archive");
    return strchr(text, ' ') ? g_strdup("write each package as an item of its own: [vim, tmux]")
                             : NULL;
}

static char *advise_hostname(const struct field *field, const char *text)
{
    (void)field;
    return strchr(text, '.') ? g_strdup("what follows the first dot belongs in \"domain\"") : NULL;
}

static char *advise_locale(const struct field *field, const char *text)
{
    (void)field;
    return strchr(text, '-') && !strchr(text, '_')
               ? g_strdup("language and country are joined by \"_\"")
               : NULL;
}

static char *advise_kernel_arg(const struct field *field, const char *text)
{
    (void)field;
    return strchr(text, ' ')
               ? g_strdup("write each argument as an item of its own: [quiet, net.ifnames=0]")
               : NULL;
}

static char *advise_digest(const struct field *field, const char *text)
{
    (void)field;
    switch (strlen(text)) {
    case 32:
        return g_strdup("this has the length of an MD5 digest");
    case 40:
        return g_strdup("this has the length of a SHA-1 digest");
    case 128:
        return g_strdup("this has the length of a SHA-512 digest");
    default:
        return g_strdup("\"sha256sum FILE\" prints it");
    }
}

static char *advise_path(const struct field *field, const char *text)
{
    (void)field;
    if (*text == '~')
        return g_strdup("only shells expand \"~\"; write the whole path");
    return strstr(text, "://") ? g_strdup("a URL belongs in \"url\"") : NULL;
}

static char *advise_inner_path(const struct field *field, const char *text)
{
    (void)field;
    return *text == '/' ? g_strdup("leave out the \"/\" at the beginning") : NULL;
}

static char *advise_url(const struct field *field, const char *text)
{
    g_autofree char *schemes = g_strjoinv(", ", (char **)field->choices);
    if (strchr(text, '@'))
        return g_strdup("a name or password in a URL would end up in logs and in the image");
    return g_strdup_printf("a whole URL; the schemes are: %s", schemes);
}

static char *advise_password(const struct field *field, const char *text)
{
    (void)field;
    if (g_str_has_prefix(text, "$6$") || g_str_has_prefix(text, "$y$"))
        return g_strdup("a hash belongs in \"password_hash\"");
    return NULL;
}

static char *advise_hash(const struct field *field, const char *text)
{
    (void)field;
    return *text != '$' ? g_strdup("a plain-text password belongs in \"password\"; \"openssl "
                                   "passwd -6\" makes a hash")
                        : NULL;
}

static char *advise_ssh_key(const struct field *field, const char *text)
{
    (void)field;
    if (strstr(text, "PRIVATE KEY"))
        return g_strdup("this is a private key; the public one is in the file with .pub");
    if (*text == '/' || *text == '~' || g_str_has_suffix(text, ".pub"))
        return g_strdup("write the line from this file");
    if (g_str_has_prefix(text, "ssh-dss"))
        return g_strdup("OpenSSH does not accept DSA keys");
    return NULL;
}

/* ---- what patterns cannot say ---- */

static gboolean check_choice(const struct field *field, const char *text)
{
    return g_strv_contains(field->choices, text);
}

/* RFC 3986; a file URL is of this host and absolute (RFC 8089). */
static gboolean check_url(const struct field *field, const char *text)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_ENCODED, NULL);
    if (!uri || !g_strv_contains(field->choices, g_uri_get_scheme(uri)))
        return FALSE;
    if (g_uri_get_userinfo(uri) || g_uri_get_fragment(uri))
        return FALSE;
    const char *host = g_uri_get_host(uri);
    if (strcmp(g_uri_get_scheme(uri), "file") == 0)
        return (!host || !*host) && *g_uri_get_path(uri) == '/';
    return host && *host;
}

static gboolean forms_check_path(const struct field *field, const char *text)
{
    (void)field;
    return !strstr(text, "://");
}

static gboolean check_reference(const struct field *field, const char *text)
{
    return !strstr(text, "://") || check_url(field, text);
}

static gboolean check_inner_path(const struct field *field, const char *text)
{
    (void)field;
    g_auto(GStrv) parts = g_strsplit(text, "/", -1);
    for (char **p = parts; *p; p++)
        if (!**p || strcmp(*p, "..") == 0 || strcmp(*p, ".") == 0)
            return FALSE;
    return TRUE;
}

/* An OpenSSH public key: the blob begins with the same type as a string (RFC 4253, 6.6). */
static gboolean check_ssh_key(const struct field *field, const char *text)
{
    (void)field;
    g_auto(GStrv) parts = g_strsplit(text, " ", 3);
    gsize size = 0, length = strlen(parts[0]);
    if (!parts[1] || strlen(parts[1]) % 4 != 0)
        return FALSE;
    g_autofree guchar *blob = g_base64_decode(parts[1], &size);
    if (size <= length + 4)
        return FALSE;
    guint32 named =
        (guint32)blob[0] << 24 | (guint32)blob[1] << 16 | (guint32)blob[2] << 8 | blob[3];
    return named == length && memcmp(blob + 4, parts[0], length) == 0;
}

/* ---- the forms ---- */

const struct form form_name = {
    .what = "a file name (a-z, 0-9, '.', '_' and '-', at most 64)",
    .example = "debian-13-web",
    .pattern = "^[a-z0-9][a-z0-9._-]*$",
    .longest = 64,
};

const struct form form_description = {
    .what = "a text",
    .example = "Base image of the web servers",
    .longest = 4096,
    .lines = TRUE,
};

const struct form form_word = {
    .what = "a name (a-z, 0-9 and '-')",
    .example = "debian",
    .pattern = "^[a-z][a-z0-9-]*$",
    .longest = 32,
};

const struct form form_release = {
    .what = "a release (a-z, 0-9, '.' and '-')",
    .example = "trixie",
    .pattern = "^[a-z0-9][a-z0-9.-]*$",
    .longest = 32,
};

const struct form form_choice = {
    .longest = 32,
    .check = check_choice,
    .advise = advise_choice,
};

const struct form form_suite = {
    .what = "a suite (a-z, 0-9, '.', '+', '-' and one '/')",
    .example = "trixie-updates",
    .pattern = "^[a-z0-9][a-z0-9.+-]*(?:/[a-z0-9][a-z0-9.+-]*)?$",
    .longest = 64,
};

/* The plan asks the family's record whether it can have such a name. */
const struct form form_package = {
    .what = "a package name (letters, digits, '+', '-', '.' and '_')",
    .example = "openssh-server",
    .pattern = "^" TEXT_PACKAGE_NAME "$",
    .longest = 128,
    .advise = advise_package,
};

const struct form form_url = {
    .what = "a URL",
    .example = "https://archive.example.org/debian",
    .pattern = "^[a-z]+://[A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=%-]+$",
    .longest = 2048,
    .check = check_url,
    .advise = advise_url,
};

const struct form form_path = {
    .what = "a path",
    .example = "media/installer.iso",
    .pattern = "^[^~]",
    .longest = PATH_BYTES,
    .check = forms_check_path,
    .advise = advise_path,
};

const struct form form_inner_path = {
    .what = "a path inside the media, from its top",
    .example = "install.amd/vmlinuz",
    .pattern = "^[^/]",
    .longest = PATH_BYTES,
    .check = check_inner_path,
    .advise = advise_inner_path,
};

const struct form form_reference = {
    .what = "a URL or a path",
    .example = "installer.iso.sig",
    .pattern = "^[^~]",
    .longest = PATH_BYTES,
    .check = check_reference,
};

const struct form form_sha256 = {
    .what = "a SHA-256 digest (64 hexadecimal digits)",
    .pattern = "^[0-9A-Fa-f]{64}$",
    .longest = 64,
    .advise = advise_digest,
};

/* RFC 1123, 2.1: one label. */
const struct form form_hostname = {
    .what = "a host name (letters, digits and inner '-', at most 63)",
    .example = "web-1",
    .pattern = "^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$",
    .longest = 63,
    .advise = advise_hostname,
};

/* With a host name of 63 a name has at most 253 characters (RFC 1035, 2.3.4). */
const struct form form_domain = {
    .what = "a domain name",
    .example = "example.org",
    .pattern = "^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
               "(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*)?$",
    .longest = 189,
};

/* locale(7): language[_territory][.codeset][@modifier]. */
const struct form form_locale = {
    .what = "a locale (language_COUNTRY.charset)",
    .example = "de_DE.UTF-8",
    .pattern = "^(?:C|POSIX|[a-z]{2,3}(?:_[A-Z]{2})?)(?:\\.[A-Za-z0-9-]+)?(?:@[a-z0-9]+)?$",
    .longest = 64,
    .advise = advise_locale,
};

const struct form form_timezone = {
    .what = "a time zone (Area/City)",
    .example = "Europe/Berlin",
    .pattern = "^[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}$",
    .longest = 64,
};

const struct form form_keyboard = {
    .what = "a keyboard layout",
    .example = "de",
    .pattern = "^[a-z]{2,12}(?:\\([A-Za-z0-9_-]+\\))?$",
    .longest = 64,
};

/* Arguments pass through shell syntax (/etc/default/grub) and the boot loader's own: only
 * characters that neither of them reads. */
const struct form form_kernel_arg = {
    .what = "a kernel argument without blanks and quotes",
    .example = "console=ttyS0,115200",
    .pattern = "^[A-Za-z0-9_][A-Za-z0-9_.,:=/+@%~-]*$",
    .longest = 256,
    .repeats = TRUE,
    .advise = advise_kernel_arg,
};

/* The plan checks its language: only the plan knows the values of the placeholders. */
const struct form form_boot_command = {
    .what = "the text of a boot command, or a list of such texts",
    .example = "'auto url=${seed.url}/preseed.cfg ${installer.args}<enter>'",
    .longest = 16384,
    .lines = TRUE,
    .joins = TRUE,
};

/* ECMA-119, 7.4.1: d-characters; 16 of them fit the label of the Joliet volume, too. */
/* adduser.conf(5), NAME_REGEX; useradd(8), CAVEATS. */
const struct form form_account = {
    .what = "an account name (a-z, 0-9, '_' and '-', at most 32)",
    .example = "alice",
    .pattern = "^[a-z][a-z0-9_-]*$",
    .longest = 32,
};

const struct form form_group = {
    .what = "a group name (a-z, 0-9, '_' and '-', at most 32)",
    .example = "sudo",
    .pattern = "^[a-z_][a-z0-9_-]*$",
    .longest = 32,
};

/* passwd(5): ':' ends the field, ',' a part of it. */
const struct form form_fullname = {
    .what = "a name without ':' or ',' and without surrounding blanks",
    .example = "Alice Example",
    .pattern = "^[^:, ](?:[^:,]*[^:, ])?$",
    .longest = 128,
};

/* Below four bytes a secret cannot be hidden in logs (base/secret.h). */
const struct form form_password = {
    .what = "a password of 4 to 256 characters on one line",
    .example = "${env:ROOT_PASSWORD}",
    .pattern = "^(?!\\$(?:6|y)\\$).{4,}$",
    .longest = 256,
    .advise = advise_password,
};

/* crypt(5): yescrypt, gost-yescrypt, scrypt, bcrypt, SHA-512, SHA-256. */
const struct form form_hash = {
    .what = "a crypt(5) hash ($y$, $gy$, $7$, $2b$, $6$ or $5$)",
    .example = "${env:ROOT_PASSWORD_HASH}",
    .pattern = "^\\$(?:y|gy|7|2[aby]|6|5)\\$[A-Za-z0-9./=,$-]{8,}$",
    .longest = 512,
    .advise = advise_hash,
};

/* sshd(8), AUTHORIZED_KEYS FILE FORMAT, without options. */
const struct form form_ssh_key = {
    .what = "an OpenSSH public key (type, base64, comment)",
    .example = "ssh-ed25519 AAAAC3Nz... alice",
    .pattern = "^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh.com|"
               "sk-ecdsa-sha2-nistp256@openssh.com) [A-Za-z0-9+/]+={0,2}(?: .*)?$",
    .longest = 16384,
    .check = check_ssh_key,
    .advise = advise_ssh_key,
};

const struct form form_script = {
    .what = "a text without control characters, at most 64 KiB",
    .example = "systemctl enable serial-getty@ttyS1",
    .longest = RECIPE_MAX_TEXT,
    .lines = TRUE,
};
