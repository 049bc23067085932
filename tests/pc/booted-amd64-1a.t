#!/bin/sh
# SPDX-License-Identifier: MIT
# the tests of the hosted machine, booted: AMD64, one CPU; first half
exec tests/pc/run-booted amd64 1 8G arch boot lib introspect kernel
