/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A .tflite file: read, planned, and if it is small prepared for the CPU, run, and compared with
 * its operations one by one; and written as ONNX. Memory stays in proportion to the file.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "model/onnx.h"
#include "support/network.h"
#include "support/onnx.h"

/* As ONNX: refused by name, or a file that hangs together. */
static void export_network(const uint8_t *data, size_t size)
{
    const MieniOnnxSource source = {.name = "fuzz"};
    MieniGraph *graph = NULL;
    MieniProtobuf out = {0};
    MienError error = {0};
    uint64_t before = mieni_alloc_bytes();
    MienStatus status = mieni_graph_read(data, size, &graph, NULL);
    if (status == MIEN_OK)
        status = mieni_onnx_write(graph, &source, &out, &error);
    if (mieni_alloc_bytes() - before > 64 * (uint64_t)size + (5 << 20))
        fuzz_fail("ONNX takes too much memory for %zu bytes of file", size);
    if (status == MIEN_OK) {
        OnnxFile file;
        const char *wrong = onnx_read(&file, out.data, out.size);
        if (wrong)
            fuzz_fail("ONNX: %s", wrong);
        onnx_finish(&file);
    } else if (graph && (status != MIEN_E_UNSUPPORTED || !*error.text)) {
        fuzz_fail("ONNX: %s %s", mien_status_name(status), error.text);
    }
    mieni_protobuf_finish(&out);
    mieni_graph_destroy(graph);
}

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

    export_network(data, size);
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
