// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* lp_python_walk() for the object of ../wakeups.bpf.c, which needs nothing else of this folder. */
#include "loop/common.bpf.h"
#include "object.bpf.h"
#include "walk.bpf.h"
