/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file memory.c  How the process keeps its memory
 *
 * SIP transactions live for 32 s between objects that live for days. The C
 * library's allocator lays both side by side, so that a rush of sign-ons
 * leaves a heap full of holes which never goes back; jemalloc keeps sizes
 * apart and returns pages by itself.
 */

/* Read by jemalloc before main(). One arena for signalling, one for all
 *  others: workers allocate nothing while they run. */
extern const char *malloc_conf;
const char *malloc_conf = "narenas:2,dirty_decay_ms:2000,muzzy_decay_ms:0";
