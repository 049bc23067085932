#!/bin/sh
# SPDX-License-Identifier: MIT
# Protections of the booted machine, PAE and two levels: see tests/pc/protect.sh.
# TIMEOUT: 900
. tests/pc/protect.sh
protect_on pae ia32
