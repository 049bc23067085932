#!/bin/sh
# SPDX-License-Identifier: MIT
# booted on AMD64 with five levels, two CPUs: all that looks at addresses
exec tests/pc/run-booted la57 2 8G arch boot introspect kernel pc \
	page/api page/power page/debug page/deferred slab/api slab/slab slab/boot slab/attack
