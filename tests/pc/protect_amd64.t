#!/bin/sh
# SPDX-License-Identifier: MIT
# Protections of the booted machine, 4 and 5 levels: see tests/pc/protect.sh.
. tests/pc/protect.sh
protect_on amd64 la57
