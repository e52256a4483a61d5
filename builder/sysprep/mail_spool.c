/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* The directories stay, with their owners. */
static const char files[] = "/var/{spool/mail/*,mail/*,spool/{postfix/"
                            "{active,bounce,corrupt,defer,deferred,flush,hold,incoming,maildrop,"
                            "saved,trace}/*,clientmqueue/*,mqueue/*,exim4/{input,msglog,db}/*}}";

const sysprep_operation operation_mail_spool = {
    .name = "mail-spool",
    .heading = "Remove mail",
    .remove = files,
};
