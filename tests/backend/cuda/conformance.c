/* SPDX-License-Identifier: Apache-2.0 */
/* What every back end must do, on a device of every feature level and on one that shares the host's
 * memory. */
#include <stdlib.h>

#include "backend/contract.h"
#include "backend/cuda/sim.h"

static void a_device_is_there(void **state)
{
    (void)state;
    sim_need_cuda();
}

int main(void)
{
    static const MieniBackend *const cuda[] = {&mieni_backend_cuda};
    static const struct CMUnitTest tests[] = {cmocka_unit_test(a_device_is_there)};
    static const struct {
        const char *capability, *integrated;
    } devices[] = {{"8.6", "0"}, {"5.3", "1"}, {"7.5", "0"}, {"9.0", "0"}};
    int code = test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
    /* A real one is what it is. */
    for (size_t i = 0; i < (sim_counters() ? MIENI_COUNT_OF(devices) : 1) && code == 0; i++) {
        setenv("MIEN_SIM_CC", devices[i].capability, 1);
        setenv("MIEN_SIM_INTEGRATED", devices[i].integrated, 1);
        code = contract_check(cuda, MIENI_COUNT_OF(cuda), NULL);
    }
    return code;
}
