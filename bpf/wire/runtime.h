/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The data that the programs of one runtime need, in maps that are for every runtime. Only these
 * programs and the runtime's adapter in user space know the content: others copy it as it is. A
 * runtime has a number, and one member in each union, all of which are 0 at first.
 */
#ifndef LP_BPF_WIRE_RUNTIME_H
#define LP_BPF_WIRE_RUNTIME_H

#include "python.h"

/* The runtimes, among whose functions ../runtime.bpf.h chooses. */
enum lp_runtime_kind {
	LP_RUNTIME_PYTHON,
	LP_RUNTIMES,
};

/* The layout of the objects of a process, and addresses that never change in it. */
struct lp_layout {
	union {
		struct lp_python python;
	};
	__u32 runtime; /* enum lp_runtime_kind: whose member of this union and those below is set */
	__u32 reserved;
};

/* Facts of a process that its adapter and programs determine while it runs. */
union lp_process_facts {
	struct lp_python_process python;
};

/* Facts of one loop of a process. */
union lp_loop_facts {
	struct lp_python_loop python;
};

/* Types of callables that programs have recognised in a loop; read at every callback. */
union lp_callable_types {
	struct lp_python_types python;
};

/* Tasks that are written in the language of the runtime, whose steps are calls of their methods. */
union lp_written {
	struct lp_written_tasks python;
};

/* --inner: what the task that a loop steps awaits. */
union lp_awaiting {
	struct lp_coroutine_chain python;
};

#endif /* LP_BPF_WIRE_RUNTIME_H */
