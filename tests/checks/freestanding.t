#!/bin/sh
# SPDX-License-Identifier: MIT
# The core needs its platform and nothing else.
. tests/checks/checks.sh
check 'nothing but the contract and seven string functions is missing' \
	scripts/check-freestanding "$B/freestanding/libkmm.a" "$B/freestanding32/libkmm.a"
