/* SPDX-License-Identifier: BSD-2-Clause */
/* The mounts of a process, by the text of /proc/PID/mountinfo; no file system is asked. */
#ifndef LP_PROCESS_MOUNTS_H
#define LP_PROCESS_MOUNTS_H

#include <stddef.h>

/*
 * Writes the type of the file system that an absolute path of the process is on, "ext4" or
 * "fuse.sshfs"; "" if it is not known.
 */
void mounts_type_of(const char *mountinfo, const char *path, char *type, size_t size);

#endif /* LP_PROCESS_MOUNTS_H */
