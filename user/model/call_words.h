/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words for a blocking call that say which function of a library the program called, where the
 * kernel knows a system call only.
 */
#ifndef LP_MODEL_CALL_WORDS_H
#define LP_MODEL_CALL_WORDS_H

#include "report.h"

/*
 * Writes words for a blocking call from its stack: "time.sleep", "import sqlalchemy.orm", "DNS
 * look-up of api.example.org"; "" if the stack and the call do not show more than the call itself.
 */
void call_words_of(const struct lp_blocked *blocked, char *words, size_t size);

/* The same for code on such a stack that is on the CPU. */
void call_words_of_stack(const struct lp_stack *stack, char *words, size_t size);

/* Returns words for a lock of a runtime's threads; "" if no runtime has any. */
const char *call_words_of_lock(void);

#endif /* LP_MODEL_CALL_WORDS_H */
