#!/bin/sh
# SPDX-License-Identifier: MIT
# booted on IA-32 with PAE and 8 GiB, high memory being real; two CPUs; first half
exec tests/pc/run-booted pae 2 8G lib boot introspect kernel pc
