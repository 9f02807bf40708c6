/* SPDX-License-Identifier: Apache-2.0 */
/* What every back end must do. */
#ifndef MIEN_TESTS_BACKEND_CONTRACT_H
#define MIEN_TESTS_BACKEND_CONTRACT_H

#include "backend/backend.h"
#include "support/test.h"

/* Checks each back end on each device that it has; one without a device still has to say why.
 * Returns the exit code of the program. */
int contract_check(const MieniBackend *const *backends, size_t n, CMFixtureFunction teardown);

#endif
