#!/usr/bin/env bash
# epoch.sh: print the time everything we build bears, in seconds since 1970: that of the commit, or
# what SOURCE_DATE_EPOCH says where there is no repository (reproducible-builds.org).
set -euo pipefail
[ -z "${SOURCE_DATE_EPOCH:-}" ] || { echo "$SOURCE_DATE_EPOCH"; exit; }
git -C "$(dirname "$0")" log -1 --format=%ct
