/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The object that a blocking system call waits for. Captures carry it: append only. */
#ifndef LP_BPF_WIRE_RESOURCE_H
#define LP_BPF_WIRE_RESOURCE_H

#include "types.h"

#define LP_GIL_BYTES 208 /* struct _gil_runtime_state: mutexes and conditions within */
#define LP_SYSCALLS 512
#define LP_STACK_FRAMES 128
#define LP_BLOCKS 8
#define LP_RESOURCE_BYTES 232

/*
 * The argument of a system call that identifies the object it operates on; user space sets one
 * byte a call.
 */
enum lp_argument {
	LP_ARGUMENT_NONE = 0,
	LP_ARGUMENT_DESCRIPTOR = 1, /* the first */
	LP_ARGUMENT_PATH = 2, /* the first */
	LP_ARGUMENT_PATH_AT = 3, /* the second, relative to the first */
	LP_ARGUMENT_FUTEX = 4, /* the first */
	LP_ARGUMENT_CHILD = 5, /* the first: a PID, or -1 */
	LP_ARGUMENT_CHILD_ID = 6, /* waitid: the second; the first is its kind */
	LP_ARGUMENT_POLL = 7, /* struct pollfd at the first, their number the second */
	/* sets from the second argument on; the first is their number of bits */
	LP_ARGUMENT_SELECT = 8,
	LP_ARGUMENT_SLEEP = 9, /* struct timespec at the first */
	LP_ARGUMENT_SLEEP_CLOCK = 10, /* the same at the third; flags are the second */
	LP_ARGUMENT_KINDS,
};

/* Numbers for waits that are in no system call. */
#define LP_SYSCALL_PAGE_FAULT (-1)
#define LP_SYSCALL_STOPPED (-2) /* by a signal or a debugger */
#define LP_SYSCALL_FROZEN (-3) /* by the freezer of a cgroup, or of the host before it sleeps */

enum lp_resource_kind {
	LP_RESOURCE_NONE = 0,
	LP_RESOURCE_FILE = 1, /* names from the file up to the root, each terminated */
	LP_RESOURCE_PATH = 2, /* a path as the caller gave it */
	LP_RESOURCE_TCP = 3, /* struct lp_addresses */
	LP_RESOURCE_UDP = 4, /* the same */
	LP_RESOURCE_UNIX = 5, /* a path; abstract ones begin with a zero */
	LP_RESOURCE_SOCKET = 6, /* of another family: number */
	LP_RESOURCE_PIPE = 7, /* number: its inode */
	LP_RESOURCE_ANONYMOUS = 8, /* a name, as of an eventfd */
	LP_RESOURCE_CHILD = 9, /* number: its PID, 0 if any; its comm */
	LP_RESOURCE_LOCK = 10, /* number: its address */
	LP_RESOURCE_DESCRIPTOR = 11, /* number: a descriptor that could not be resolved */
	/* number: its time in ns, as the caller gave it; the path of the file that it waits for */
	LP_RESOURCE_SLEEP = 12,
	LP_RESOURCE_KINDS,
};

enum lp_file_system {
	LP_FILE_SYSTEM_OTHER = 0, /* a local one, or it is not known */
	LP_FILE_SYSTEM_NFS = 1,
	LP_FILE_SYSTEM_FUSE = 2,
	LP_FILE_SYSTEM_CIFS = 3,
	LP_FILE_SYSTEM_9P = 4,
	LP_FILE_SYSTEM_VIRTIOFS = 5,
	LP_FILE_SYSTEM_CEPH = 6,
	LP_FILE_SYSTEM_LUSTRE = 7,
	LP_FILE_SYSTEM_AUTOFS = 8,
	LP_FILE_SYSTEM_AFS = 9,
};

#define LP_RESOURCE_CUT 1 /* the path goes on towards the root, the name to its end */
#define LP_RESOURCE_LISTENS 2 /* a socket that accepts */
#define LP_RESOURCE_SEVERAL 4 /* one of several that a poll waits for */
#define LP_RESOURCE_NAME_CUT 8 /* a name of the path goes on */
#define LP_RESOURCE_UNTIL 16 /* the time of a sleep is an instant, not a duration */

/* The object of a system call, as the kernel knew it at that moment. */
struct lp_resource {
	__u8 kind;
	__u8 flags;
	__u16 bytes; /* bytes of data in use */
	__u32 file_system; /* enum lp_file_system, of a file; user space sets it */
	__u64 number;
	__u8 data[LP_RESOURCE_BYTES];
};

struct lp_addresses {
	__u16 family; /* AF_INET, AF_INET6 */
	__u16 local_port; /* host order */
	__u16 remote_port; /* 0: not connected */
	__u16 reserved;
	__u8 local[16]; /* network order, 4 bytes of it for AF_INET */
	__u8 remote[16];
};

_Static_assert(sizeof(struct lp_resource) == 248, "wire");

_Static_assert(sizeof(struct lp_addresses) <= LP_RESOURCE_BYTES, "wire");

#endif /* LP_BPF_WIRE_RESOURCE_H */
