/* SPDX-License-Identifier: Apache-2.0 */
/* Every back end does what all must do. */
#include "backend/contract.h"
#include "backend/registry.h"

int main(void)
{
    static const MieniBackend *const all[] = {&mieni_backend_null, &mieni_backend_cpu,
                                              &mieni_backend_cuda, &mieni_backend_vulkan};
    return contract_check(all, MIENI_COUNT_OF(all), NULL);
}
