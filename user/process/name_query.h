/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name that a thread of another process asks a name server for, while it waits for the answer:
 * the query that its C library has sent still lies on its stack.
 */
#ifndef LP_PROCESS_NAME_QUERY_H
#define LP_PROCESS_NAME_QUERY_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads the name. False: it is not known, as the C library does not wait for one answer, or as more
 * than one name may be the one. The caller checks that the thread waits for a UDP socket, and that
 * it was in this wait all the time. This reads /proc/PID/maps, which may hang.
 */
bool name_query_read(pid_t pid, pid_t tid, char name[LP_DNS_NAME_BYTES]);

/*
 * Finds the query in the bytes of a stack from an address on. The first of them are the variables
 * of the function that waits for the answer, which point to it: a query that is left of an earlier
 * call has no such pointer. False: there is none, or there are several with different names.
 */
bool name_query_find(const uint8_t *stack, size_t bytes, uint64_t address, size_t variables,
		     char name[LP_DNS_NAME_BYTES]);

#endif /* LP_PROCESS_NAME_QUERY_H */
