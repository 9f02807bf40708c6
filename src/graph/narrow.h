/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves out of a plan what nobody reads. */
#ifndef MIENI_GRAPH_NARROW_H
#define MIENI_GRAPH_NARROW_H

#include "graph/plan.h"

/*
 * Makes the plan's operations compute only those pixels and channels that reach an output. Every
 * value that is left has the same bits. Lifetimes have to be found again; plan->tensors needs room
 * for two more a plan's operation. Fails for lack of memory only.
 */
MienStatus mieni_plan_narrow(MieniPlan *plan, MienError *error);

#endif
