/* SPDX-License-Identifier: BSD-2-Clause */
/* The owner of the files that this program creates. */
#ifndef LP_FILES_OWNER_H
#define LP_FILES_OWNER_H

/*
 * Gives a file that was just created to the user who called sudo (SUDO_UID, SUDO_GID), if there is
 * one.  A failure leaves it with root, which is no error.
 */
void owner_give_to_caller(int descriptor);

#endif /* LP_FILES_OWNER_H */
