/* SPDX-License-Identifier: MIT */
/* tap_pc.h - the table of the tests in an image, which the build writes; see tap_pc.c. */
#ifndef KMM_TESTS_TAP_PC_H
#define KMM_TESTS_TAP_PC_H

struct pc_test {
	const char *name;	/* "page/api"; NULL: the end */
	int (*main)(int argc, char **argv);
};
extern const struct pc_test pc_tests[];

int test_main(int argc, char **argv);

#endif
