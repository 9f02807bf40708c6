/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between the engine and a back end: a mistake of ours is an error, not a crash on a
 * device. */
#ifndef MIENI_BACKEND_VALIDATE_H
#define MIENI_BACKEND_VALIDATE_H

#include "backend/backend.h"

/* Returns MIEN_E_INTERNAL for a plan that no back end could run: tensors or operations out of range
 * or out of order. */
MienStatus mieni_validate_plan_create(const MieniBackend *backend, MieniDevice *device,
                                      const MieniPlan *plan, MieniDevicePlan **out,
                                      MienError *error);

#endif
