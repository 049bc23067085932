#!/bin/sh
# SPDX-License-Identifier: MIT
# Functions stay short.
. tests/checks/checks.sh
check 'functions are short' \
	scripts/check-functions
