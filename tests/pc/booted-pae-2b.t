#!/bin/sh
# SPDX-License-Identifier: MIT
# the same, second half
exec tests/pc/run-booted pae 2 8G page slab '!page/exhaustive' \
	'!slab/exhaustive' '!slab/fault' '!slab/stress'
