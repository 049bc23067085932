#!/bin/sh
# SPDX-License-Identifier: MIT
# booted on AMD64 with eight CPUs and four nodes: what runs on many CPUs
exec tests/pc/run-booted amd64 8 8G --nodes 4 pc kernel introspect \
	page/api page/power page/stress page/deferred page/watermark slab/api slab/stress slab/mempool
