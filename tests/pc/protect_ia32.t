#!/bin/sh
# SPDX-License-Identifier: MIT
# Protections of the booted machine, PAE and two levels: see tests/pc/protect.sh.
. tests/pc/protect.sh
protect_on pae ia32
