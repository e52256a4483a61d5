/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../test.h"

#include <jansson.h>

/* Records of builds, written with ' for ". */
static inline json_t *record_from(const char *text)
{
    json_error_t error;
    g_autofree char *quoted = g_strdelimit(g_strdup(text), "'", '"');
    json_t *record = json_loads(quoted, 0, &error);
    if (!record)
        fail_msg("%s at %d", error.text, error.position);
    return record;
}

static const char good_record[] =
    "{'name': 'web', 'result': 'good', 'seconds': 100, 'built': '2026-01-01T00:00:00Z',"
    " 'image': {'file': 'web.qcow2', 'size': 1048576},"
    " 'os': {'packages': [{'name': 'vim', 'version': '9.1'}], 'sysprep': ['logs']},"
    " 'stages': ["
    "  {'stage': 'media', 'heading': 'fetch', 'outcome': 'done', 'begin': 0, 'seconds': 20,"
    "   'why': 'its result is not kept'},"
    "  {'stage': 'install', 'heading': 'run', 'outcome': 'reused', 'begin': 20, 'seconds': 0.2,"
    "   'reused': true, 'why': 'the same inputs', 'expected': 500, 'earlier': 3},"
    "  {'stage': 'seal', 'heading': 'seal', 'outcome': 'done', 'begin': 25, 'seconds': 50,"
    "   'expected': 25, 'earlier': 3},"
    "  {'stage': 'verify', 'heading': 'boot', 'outcome': 'left out', 'why': 'not requested'}],"
    " 'phases': [{'stage': 'seal', 'phase': 'policy', 'begin': 30, 'seconds': 12.5}]}";

static const char bad_record[] =
    "{'name': 'web', 'result': 'failed', 'seconds': 60,"
    " 'failure': {'stage': 'install', 'phase': 'boot', 'cause': 'no room <left>', 'exit': 6,"
    "  'remedy': 'make disk.size larger', 'evidence': ['  | a & b'], 'bundle': '/out/web.failed'},"
    " 'stages': ["
    "  {'stage': 'media', 'outcome': 'done', 'begin': 0, 'seconds': 20},"
    "  {'stage': 'install', 'outcome': 'failed', 'begin': 20, 'seconds': 40, 'why': 'inputs "
    "changed'},"
    "  {'stage': 'seal', 'outcome': 'not reached', 'why': 'the build ended before it'}],"
    " 'phases': [{'stage': 'install', 'phase': 'boot', 'begin': 20, 'seconds': 40}]}";
