/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A .tflite file: read, planned, and if it is small prepared for the CPU, run, and compared with
 * its operations one by one. Memory stays in proportion to the file.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "support/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MieniGraph *graph = NULL;
    MieniPlan *plan = NULL;
    uint64_t before = mieni_alloc_bytes();
    if (mieni_graph_read(data, size, &graph, NULL) == MIEN_OK)
        mieni_plan_create(graph, &plan, NULL);
    uint64_t asked = mieni_alloc_bytes() - before;
    mieni_plan_destroy(plan);
    mieni_graph_destroy(graph);
    if (asked > 64 * (uint64_t)size + (1 << 20))
        fuzz_fail("%llu bytes of memory for %zu bytes of file", (unsigned long long)asked, size);

    NetworkCheck check = network_check(data, size, 1e6, 1 << 18);
    if (*check.wrong)
        fuzz_fail("%s", check.wrong);
    /* Of the operations that the interpreter does not know it says nothing. */
    if (check.problem && !strstr(check.problem, "not known") && !strstr(check.problem, "too much"))
        fuzz_fail("accepted, but it has %s", check.problem);
    if (check.status != MIEN_OK && check.status != MIEN_E_FORMAT &&
        check.status != MIEN_E_UNSUPPORTED)
        fuzz_fail("%s %s", mien_status_name(check.status), check.error.text);
    return 0;
}
