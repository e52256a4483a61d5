#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
set -e
debconf-set-selections <<'END'
locales locales/locales_to_be_generated multiselect @LOCALE@ UTF-8
locales locales/default_environment_locale select @LOCALE@
END
