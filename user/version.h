/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LP_VERSION_H
#define LP_VERSION_H

#define LP_VERSION "0.1.0"

#endif /* LP_VERSION_H */
