#!/bin/sh
# SPDX-License-Identifier: MIT
# The core's mutable state has one home.
. tests/checks/checks.sh
check 'no writable data outside kmm_state' \
	scripts/check-state "$B/release/libkmm.a" "$B/freestanding/libkmm.a"
