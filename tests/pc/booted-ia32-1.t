#!/bin/sh
# SPDX-License-Identifier: MIT
# booted on IA-32, two levels, one CPU
exec tests/pc/run-booted ia32 1 3G arch boot introspect kernel page slab pc '!page/model' \
	'!page/exhaustive' '!slab/exhaustive' '!slab/fault' '!slab/stress' '!slab/model' '!slab/slob'
