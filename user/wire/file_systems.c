// SPDX-License-Identifier: BSD-2-Clause
#include "file_systems.h"

#include "base/macros.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const struct {
	const char *type; /* without what follows a dot */
	enum lp_file_system kind;
} types[] = {
	{ "nfs", LP_FILE_SYSTEM_NFS },	     { "nfs4", LP_FILE_SYSTEM_NFS },
	{ "fuse", LP_FILE_SYSTEM_FUSE },     { "fuseblk", LP_FILE_SYSTEM_FUSE },
	{ "cifs", LP_FILE_SYSTEM_CIFS },     { "smb3", LP_FILE_SYSTEM_CIFS },
	{ "9p", LP_FILE_SYSTEM_9P },	     { "virtiofs", LP_FILE_SYSTEM_VIRTIOFS },
	{ "ceph", LP_FILE_SYSTEM_CEPH },     { "lustre", LP_FILE_SYSTEM_LUSTRE },
	{ "autofs", LP_FILE_SYSTEM_AUTOFS }, { "afs", LP_FILE_SYSTEM_AFS },
};

uint32_t file_system_kind(const char *type)
{
	size_t length = strcspn(type, "."), i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (strlen(types[i].type) == length && !strncmp(types[i].type, type, length))
			return types[i].kind;
	return LP_FILE_SYSTEM_OTHER;
}

const char *file_system_name(uint32_t kind)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (kind && types[i].kind == kind)
			return types[i].type;
	return "";
}
