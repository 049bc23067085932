#!/bin/sh
# SPDX-License-Identifier: MIT
# the same, second half
exec tests/pc/run-booted amd64 1 8G page slab pc '!slab/stress'
