#!/bin/sh
# SPDX-License-Identifier: MIT
# booted on AMD64 with two CPUs
exec tests/pc/run-booted amd64 2 8G kernel introspect page slab pc \
	'!page/exhaustive' '!page/model' '!slab/exhaustive' '!slab/model' '!slab/fault'
