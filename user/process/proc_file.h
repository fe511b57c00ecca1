/* SPDX-License-Identifier: BSD-2-Clause */
/* Short files of /proc/PID. */
#ifndef LP_PROCESS_PROC_FILE_H
#define LP_PROCESS_PROC_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LP_PROC_STAT_BYTES 1024

/*
 * Reads a file of a process, such as "stat" or "task/7/stat", up to the size of the text less a
 * final NUL. Returns its length, or -errno if it cannot be opened, which leaves the text as it is.
 */
ssize_t proc_read(pid_t pid, const char *name, char *text, size_t size);
/* Reads a file of the host, such as "meminfo", in the same way. */
ssize_t proc_read_host(const char *name, char *text, size_t size);

/* Reads the kernel's name of a thread; "" if it cannot be read. */
void proc_thread_name(pid_t pid, pid_t tid, char *name, size_t size);

/*
 * Reads such a stat file. Returns its fields from the third one on, the state, which is never the
 * empty text; NULL if it cannot be read.
 */
const char *proc_stat(pid_t pid, const char *name, char text[LP_PROC_STAT_BYTES]);

/* Returns a field of these by its number in proc(5), from 4 on; 0 if the line is shorter. */
uint64_t proc_stat_number(const char *fields, unsigned int number);

#endif /* LP_PROCESS_PROC_FILE_H */
