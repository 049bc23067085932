#!/bin/sh
# SPDX-License-Identifier: MIT
# booted on IA-32 with PAE, 8 GiB, eight CPUs, four nodes: what runs on many CPUs
exec tests/pc/run-booted pae 8 8G --nodes 4 pc kernel introspect \
	page/api page/power page/stress page/watermark slab/api slab/stress slab/mempool
