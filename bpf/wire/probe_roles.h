/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The purposes of probes, by the names in probe_roles.inc. Private to one build. */
#ifndef LP_BPF_WIRE_PROBE_ROLES_H
#define LP_BPF_WIRE_PROBE_ROLES_H

enum lp_probe_role {
#define LP_ROLE(name, ...) LP_PROBE_##name,
#include "probe_roles.inc"
	LP_PROBE_ROLES,
};

_Static_assert(LP_PROBE_ROLES <= 32, "sets of roles are 32 bits");

#endif /* LP_BPF_WIRE_PROBE_ROLES_H */
