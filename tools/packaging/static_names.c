// SPDX-License-Identifier: BSD-2-Clause
/*
 * Linked into the static program only.  glibc looks up users and groups through modules that it
 * loads at run time.  The host's modules belong to another glibc, or it has none (musl).  The
 * module for files is part of libc.a since glibc 2.34.
 */
#include <nss.h>

__attribute__((constructor)) static void names_from_files(void)
{
	__nss_configure_lookup("passwd", "files");
	__nss_configure_lookup("group", "files");
	__nss_configure_lookup("initgroups", "files");
}
