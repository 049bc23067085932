// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/* tap_test.c - the scaffold itself: checks count, pass and return what they should. */
#include "tests/tap.h"

int main(void)
{
	plan(6);
	ok(1 == 1, "a truth");
	ok(is_int(1 << 20, 0x100000, "an integer"), "is_int says it passed");
	is_str("a", "a", "a string");
	is_str(NULL, NULL, "no string");
	skip(1, "shown as skipped");
	return done_testing();
}
