/* SPDX-License-Identifier: BSD-2-Clause */
/* Python's library, packages and calls by the names of their files and functions. */
#ifndef LP_RUNTIME_CPYTHON_CODE_NAMES_H
#define LP_RUNTIME_CPYTHON_CODE_NAMES_H

#include "model/code_names.h"

extern const struct lp_code_names cpython_code_names;

#endif /* LP_RUNTIME_CPYTHON_CODE_NAMES_H */
