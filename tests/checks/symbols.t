#!/bin/sh
# SPDX-License-Identifier: MIT
# KMM_PREFIX renames everything.
. tests/checks/checks.sh
check 'every global symbol can be renamed' \
	scripts/check-symbols "$B/freestanding/libkmm.a" "$B/renamed/libkmm.a"
