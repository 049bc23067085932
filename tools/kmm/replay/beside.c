// SPDX-License-Identifier: MIT
/*
 * beside.c - files that were recorded together with a trace.
 *
 *	DIR/trace.kmt.zst
 *	DIR/before/{zoneinfo,buddyinfo,pagetypeinfo,iomem}	/proc at the start
 *	DIR/after/{the same}					/proc at the end
 *	DIR/free.before.xz, free.after.xz			which frames were free
 *	DIR/kpageflags.before.rle.xz				what the frames held
 *
 * All are optional. A compressed file is found under its name with and without
 * its ending.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"

static void directory_of(const char *file, char *dir, size_t size)
{
	const char *slash = strrchr(file, '/');
	int len = slash ? (int)(slash - file) : 1;

	snprintf(dir, size, "%.*s", len ? len : 1, slash ? (len ? file : "/") : ".");
}

bool beside_find(const struct replay_config *c, const char *const *names, char *path, size_t size)
{
	static const char *const endings[] = { "", ".xz", ".gz", ".zst" };
	char dir[3072];

	if (c->no_snapshots || (!c->snapshots && !strcmp(c->trace, "-")))
		return false;
	if (c->snapshots)
		snprintf(dir, sizeof(dir), "%s", c->snapshots);
	else
		directory_of(c->trace, dir, sizeof(dir));
	for (; *names; names++)
		for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
			int n = snprintf(path, size, "%s/%s%s", dir, *names, endings[i]);

			if (n > 0 && (size_t)n < size && !access(path, R_OK))
				return true;
		}
	path[0] = '\0';
	return false;
}
