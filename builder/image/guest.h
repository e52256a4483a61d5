/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The room's second public header: for rooms that work on the contents of an image.  The first
 * one, image.h, is for those that only name images. */
#include "image/accounts.h"
#include "image/disk.h"
#include "image/files.h"
#include "image/handle.h"
#include "image/program.h"
#include "image/stream.h"
#include "image/walk.h"
