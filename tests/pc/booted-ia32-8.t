#!/bin/sh
# SPDX-License-Identifier: MIT
# booted on IA-32, two levels, eight CPUs: what runs on many CPUs
exec tests/pc/run-booted ia32 8 3G pc kernel '!kernel/attr' '!kernel/layout' \
	page/api page/power page/stress page/watermark slab/api slab/stress slab/mempool
