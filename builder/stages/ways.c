/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/installation.h"

const struct install_way *installation_way(const plan *p)
{
    return p->isolation == PLAN_NAMESPACE ? &install_in_namespace : &install_in_machine;
}
