#!/bin/sh
# SPDX-License-Identifier: MIT
# booted on AMD64 with two CPUs
exec tests/pc/run-booted amd64 2 8G kernel pc page slab '!kernel/attr' '!kernel/layout' \
	'!page/exhaustive' '!page/model' '!page/dirty' '!slab/exhaustive' '!slab/model' '!slab/fault' \
	'!slab/debug' '!slab/slob' '!slab/order'
