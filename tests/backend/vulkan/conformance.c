/* SPDX-License-Identifier: Apache-2.0 */
/* What every back end must do, under the validation layers. */
#include "backend/contract.h"
#include "backend/vulkan/bed.h"

static void the_layers_watch(void **state)
{
    (void)state;
    bed_open();
}

int main(int argc, char **argv)
{
    static const MieniBackend *const vulkan[] = {&mieni_backend_vulkan};
    static const struct CMUnitTest tests[] = {cmocka_unit_test(the_layers_watch)};
    bed_arguments(argc, argv);
    int code = test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
    return code ? code : contract_check(vulkan, MIENI_COUNT_OF(vulkan), bed_close);
}
