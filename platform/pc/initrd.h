/* SPDX-License-Identifier: MIT */
/*
 * initrd.h - the files this PC was given: the initrd, a cpio archive.
 *
 * Nothing is unpacked; a file is where it lies in the archive. Names are those of the archive,
 * compared as they are. What is no archive is one file, "/initrd".
 */
#ifndef KMM_PC_INITRD_H
#define KMM_PC_INITRD_H

#include <stddef.h>

#include <kmm/types.h>

/*
 * initrd_set - the archive: size bytes that stay. NULL, or what is wrong with it in a few words:
 * the files before that place are there.
 */
const char *initrd_set(const void *data, size_t size);

/* pc_file - a file's content; false: there is none of this name. pc_is_directory - is there a file
 * whose name is name, "/" and more? */
bool pc_file(const char *name, const void **data, size_t *size);
bool pc_is_directory(const char *name);

#endif
