#!/bin/sh
# SPDX-License-Identifier: MIT
# Licence lines, columns, blanks, names.
. tests/checks/checks.sh
check 'every file has its form' \
	scripts/check-style
