/* SPDX-License-Identifier: BSD-2-Clause */
/* Kinds of file systems that answer over a network, or through another process. */
#ifndef LP_WIRE_FILE_SYSTEMS_H
#define LP_WIRE_FILE_SYSTEMS_H

#include "wire.h"

#include <stdint.h>

/* Returns the kind of a type as mountinfo has it, "nfs4" or "fuse.sshfs"; 0 for all others. */
uint32_t file_system_kind(const char *type);

/* Returns the name of a kind, "nfs"; "" for 0 and for numbers of later versions. */
const char *file_system_name(uint32_t kind);

#endif /* LP_WIRE_FILE_SYSTEMS_H */
