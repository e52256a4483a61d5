/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/shown.h"

#include "base/text.h"

json_t *shown_text(const char *text)
{
    g_autofree char *clean = text_printable(text ? text : "", -1);
    return json_string(clean);
}

json_t *shown_masked(const secrets *hidden, json_t *value)
{
    if (json_is_string(value)) {
        g_autofree char *safe = secrets_redact(hidden, json_string_value(value));
        return json_string(safe);
    }
    if (json_is_array(value)) {
        json_t *list = json_array();
        for (size_t i = 0; i < json_array_size(value); i++)
            json_array_append_new(list, shown_masked(hidden, json_array_get(value, i)));
        return list;
    }
    if (!json_is_object(value))
        return json_incref(value);
    json_t *o = json_object(), *member;
    const char *name;
    json_object_foreach(value, name, member)
        json_object_set_new(o, name, shown_masked(hidden, member));
    return o;
}
