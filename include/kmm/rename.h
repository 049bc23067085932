/* SPDX-License-Identifier: MIT */
/*
 * kmm/rename.h - give kmm's symbols other names.
 *
 * An embedder who has an alloc_pages of his own compiles kmm, and what uses
 * it, with -DKMM_PREFIX=my_ : every global function and variable of the core
 * is then my_alloc_pages, and so on. The list below is complete; a script
 * checks it against the library's symbol table on every build.
 */
#ifndef KMM_RENAME_H
#define KMM_RENAME_H
#ifdef KMM_PREFIX
#define KMM_PASTE_(a, b) a##b
#define KMM_PASTE(a, b) KMM_PASTE_(a, b)
#define KMM_NAME(sym) KMM_PASTE(KMM_PREFIX, sym)
#include <kmm/rename_list.h>
#endif
#endif
