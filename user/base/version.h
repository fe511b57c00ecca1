/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LP_BASE_VERSION_H
#define LP_BASE_VERSION_H

#define LP_VERSION "0.1.0"

#endif /* LP_BASE_VERSION_H */
