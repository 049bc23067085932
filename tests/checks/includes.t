#!/bin/sh
# SPDX-License-Identifier: MIT
# The rooms: who may include whom.
. tests/checks/checks.sh
check 'no file includes upwards' \
	scripts/check-includes
