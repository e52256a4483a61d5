/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The file of a running build's directory of sockets that says whose it is: {"name", "pid"}.
 * Private to the room. */
#define RUNNING_ABOUT "build.json"
