/* SPDX-License-Identifier: BSD-2-Clause */
/* The owner of the files that this program creates. */
#ifndef LP_FILES_OWNER_H
#define LP_FILES_OWNER_H

/*
 * Gives a new file to the user who called sudo (SUDO_UID, SUDO_GID), if there is one.  If
 * that fails, the file remains root's, which is not an error.
 */
void owner_give_to_caller(int descriptor);

#endif /* LP_FILES_OWNER_H */
