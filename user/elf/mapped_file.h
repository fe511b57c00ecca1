/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that a process has mapped, held by a descriptor, and how far a probe in it may
 * reach.  The mapping may be exchanged for another one at any moment: data read from a
 * file are valid only if the file that is opened again has the same facts.
 */
#ifndef LP_ELF_MAPPED_FILE_H
#define LP_ELF_MAPPED_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The processes that a probe in a file may be attached for. */
enum lp_file_reach {
	LP_FILE_REFUSED, /* none: reading its pages may wait for another user's program */
	LP_FILE_OF_PROCESS, /* the process that has mapped the file; others may run other bytes */
	LP_FILE_OF_HOST, /* all that run it: it is root's, and only root can write it */
};

/* The facts that distinguish a state of a file from all others; times in ns since 1970. */
struct lp_file_facts {
	uint64_t device, inode, size, mount;
	int64_t modified_ns, changed_ns;
	uint32_t owner, mode;
	enum lp_file_reach reach;
};

struct lp_mapped_file {
	int descriptor; /* with O_PATH: the file system is not asked for anything */
	char path[32]; /* opens this very file, as long as the descriptor is open */
	struct lp_file_facts facts;
};

/*
 * Opens a regular file by its path in /proc/PID/map_files.  known: what it was at an
 * earlier time, or NULL.  Returns 0, -ENOEXEC if it is no regular file, -ESTALE if it does
 * not match known, or -errno; to be closed with mapped_file_close.
 */
int mapped_file_open(pid_t pid, const char *path, const struct lp_file_facts *known,
		     struct lp_mapped_file *file);
void mapped_file_close(struct lp_mapped_file *file);

/* Returns whether the file is unchanged since it was opened. */
bool mapped_file_unchanged(const struct lp_mapped_file *file);

/* Paths of lists of mounts, in the format of /proc/PID/mountinfo. */
struct lp_mount_lists {
	const char *of_host[3]; /* NULL after the last one */
	const char *of_process;
	bool in_user_namespace; /* the process may have mounted there without being root */
};

/* How far a probe may reach in a file with these facts, by the mounts of process and host. */
enum lp_file_reach mapped_file_reach(const struct lp_file_facts *facts,
				     const struct lp_mount_lists *lists);

#endif /* LP_ELF_MAPPED_FILE_H */
