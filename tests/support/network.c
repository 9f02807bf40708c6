/* SPDX-License-Identifier: Apache-2.0 */
#include "support/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/backend.h"
#include "base/rng.h"
#include "support/interpreter.h"

static size_t tensor_floats(const MieniTensor *tensor)
{
    return (size_t)tensor->height * (size_t)tensor->width * (size_t)tensor->channels;
}

/* What all tensors would take apart, with borders and lanes; at most SIZE_MAX. */
static double padded_floats(const MieniPlan *plan)
{
    double sum = 0;
    for (int32_t i = 0; i < plan->n_tensors; i++) {
        const MieniTensor *tensor = &plan->tensors[i];
        sum += ((double)tensor->height + 2 * tensor->border) *
               ((double)tensor->width + 2 * tensor->border) * (tensor->channels + 7.0);
    }
    return sum;
}

static float *make_input(const MieniPlan *plan)
{
    size_t n = tensor_floats(&plan->tensors[plan->input]);
    float *input = malloc(n * sizeof(*input));
    uint64_t seed = 11;
    for (size_t i = 0; input && i < n; i++)
        input[i] = mieni_rng_float(&seed, -1, 1);
    return input;
}

/* Runs the plan twice, on NaN and on `input`; outputs are allocated by the caller. */
static MienStatus run(const MieniPlan *plan, uint64_t cpu_mask, int32_t threads, const float *input,
                      float *const *outputs, MienError *error)
{
    const MieniLog silent = {0};
    const MieniDeviceOptions options = {.threads = threads, .cpu_mask = cpu_mask, .log = &silent};
    MieniDevice *device;
    MieniDevicePlan *device_plan = NULL;
    MienStatus status = mieni_backend_cpu.open(0, &options, &device, error);
    if (status != MIEN_OK)
        return status;
    status = mieni_backend_cpu.plan_create(device, plan, &device_plan, error);
    size_t n = tensor_floats(&plan->tensors[plan->input]);
    float *nans = malloc(n * sizeof(*nans));
    for (size_t i = 0; nans && i < n; i++)
        nans[i] = NAN;
    for (int pass = 0; pass < 2 && status == MIEN_OK && nans && input; pass++) {
        MieniJob job = {.input = pass == 0 ? nans : input};
        for (int32_t i = 0; i < plan->n_outputs; i++)
            job.outputs[i] = outputs[i];
        status = mieni_backend_cpu.plan_run(device_plan, 1, &job, error);
    }
    free(nans);
    mieni_backend_cpu.plan_destroy(device_plan);
    mieni_backend_cpu.close(device);
    return status;
}

static void compare(NetworkCheck *check, const MieniPlan *plan, const Interpreter *interpreter,
                    float *const *outputs, const char *kernels)
{
    for (int32_t i = 0; i < plan->n_outputs && !*check->wrong; i++) {
        double off = interpreter_compare(interpreter, i, outputs[i]);
        /* NaN: the network's own numbers overflow, or ours alone do; the former is for the
         * interpreter to say. */
        bool finite = true;
        size_t n = tensor_floats(&plan->tensors[plan->outputs[i]]);
        const InterpreterValue *want = interpreter->tensors[interpreter->graph->outputs[i]];
        for (size_t k = 0; k < n; k++)
            finite &= want[k].magnitude < 1e30;
        check->compared |= finite;
        if (finite && !(off <= 1))
            snprintf(check->wrong, sizeof(check->wrong),
                     "output %d of the plan with %s kernels is %g times what may differ", (int)i,
                     kernels, off);
    }
}

/* What is left of a plan computes the same bits as the whole. */
static void compare_bits(NetworkCheck *check, const MieniPlan *plan, float *const *outputs,
                         float *const *all)
{
    for (int32_t i = 0; i < plan->n_outputs && !*check->wrong; i++) {
        size_t n = tensor_floats(&plan->tensors[plan->outputs[i]]), k = 0;
        while (k < n && (memcmp(&outputs[i][k], &all[i][k], sizeof(float)) == 0 ||
                         (isnan(outputs[i][k]) && isnan(all[i][k]))))
            k++;
        if (k < n)
            snprintf(check->wrong, sizeof(check->wrong),
                     "number %zu of output %d is %.9g, and %.9g of the whole plan", k, (int)i,
                     (double)outputs[i][k], (double)all[i][k]);
    }
}

static bool make_outputs(const MieniPlan *plan, float **outputs)
{
    bool memory = true;
    for (int32_t i = 0; i < plan->n_outputs; i++) {
        outputs[i] = malloc(tensor_floats(&plan->tensors[plan->outputs[i]]) * sizeof(float));
        memory &= outputs[i] != NULL;
    }
    return memory;
}

static void run_and_compare(NetworkCheck *check, const MieniGraph *graph, const MieniPlan *plan,
                            const MieniPlan *whole)
{
    float *outputs[MIENI_OP_MAX_INPUTS] = {0}, *all[MIENI_OP_MAX_INPUTS] = {0};
    float *input = make_input(plan);
    bool memory = make_outputs(plan, outputs);
    memory &= make_outputs(plan, all) && input;
    Interpreter interpreter;
    bool known = memory && interpreter_run(&interpreter, graph, input, 2 * whole->macs + 1e7);
    check->problem = memory ? interpreter.problem : NULL;
    static const struct {
        const char *kernels;
        uint64_t cpu_mask;
        int32_t threads;
    } ways[] = {{"plain", 0, 1}, {"vector", UINT64_MAX, 1}};
    for (size_t i = 0; i < MIENI_COUNT_OF(ways) && memory; i++) {
        check->status = run(plan, ways[i].cpu_mask, ways[i].threads, input, outputs, &check->error);
        if (check->status != MIEN_OK)
            break;
        check->ran = true;
        if (known)
            compare(check, plan, &interpreter, outputs, ways[i].kernels);
        if (check->narrowed &&
            run(whole, ways[i].cpu_mask, ways[i].threads, input, all, &check->error) == MIEN_OK)
            compare_bits(check, plan, outputs, all);
    }
    if (memory)
        interpreter_finish(&interpreter);
    free(input);
    for (int32_t i = 0; i < plan->n_outputs; i++) {
        free(outputs[i]);
        free(all[i]);
    }
}

/* Whether any tensor of the whole plan, the first ones of both, is smaller in what is left. */
static bool is_narrowed(const MieniPlan *plan, const MieniPlan *whole)
{
    bool smaller = false;
    for (int32_t i = 0; i < whole->n_tensors; i++)
        smaller |= tensor_floats(&plan->tensors[i]) < tensor_floats(&whole->tensors[i]);
    return smaller;
}

NetworkCheck network_check(const void *data, size_t size, double max_macs, size_t max_floats)
{
    NetworkCheck check = {0};
    MieniGraph *graph = NULL;
    MieniPlan *plan = NULL, *whole = NULL;
    check.status = mieni_graph_read(data, size, &graph, &check.error);
    if (check.status == MIEN_OK)
        check.status = mieni_plan_create(graph, &plan, &check.error);
    if (check.status == MIEN_OK)
        check.status = mieni_plan_create_whole(graph, &whole, &check.error);
    if (check.status == MIEN_OK && whole->macs <= max_macs &&
        padded_floats(whole) <= (double)max_floats) {
        check.narrowed = is_narrowed(plan, whole);
        run_and_compare(&check, graph, plan, whole);
    }
    mieni_plan_destroy(plan);
    mieni_plan_destroy(whole);
    mieni_graph_destroy(graph);
    return check;
}
