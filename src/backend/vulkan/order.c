/* SPDX-License-Identifier: Apache-2.0 */
/* Which operations may run side by side, so that a barrier stands only where something would be
 * read before it is written, or overwritten before it is read. */
#include "backend/vulkan/vulkan.h"

static int32_t whole_of(const MieniPlan *plan, int32_t tensor)
{
    while (tensor >= 0 && plan->tensors[tensor].parent >= 0)
        tensor = plan->tensors[tensor].parent;
    return tensor;
}

static bool reads(const MieniPlan *plan, const MieniOp *op, int32_t whole)
{
    for (int32_t i = 0; i < op->n_inputs; i++)
        if (whole_of(plan, op->inputs[i]) == whole)
            return true;
    return op->residual >= 0 && whole_of(plan, op->residual) == whole;
}

void mieni_vulkan_group_ends(const MieniPlan *plan, int32_t *ends)
{
    for (int32_t first = 0; first < plan->n_ops;) {
        int32_t end = first + 1;
        for (bool free = true; free && end < plan->n_ops; end += free)
            for (int32_t i = first; i < end && free; i++)
                free = plan->ops[i].output < 0 ||
                       !reads(plan, &plan->ops[end], whole_of(plan, plan->ops[i].output));
        for (; first < end; first++)
            ends[first] = end - 1;
    }
}

static bool overlap(VulkanSpan a, VulkanSpan b)
{
    return a.begin < b.end && b.begin < a.end;
}

/* Something of `after` is written or read by `before`, other than by both only read. */
static bool depends(const VulkanStep *after, const VulkanStep *before)
{
    bool found = overlap(after->written, before->written);
    for (int32_t i = 0; i < after->n_reads; i++)
        found = found || overlap(after->reads[i], before->written);
    for (int32_t i = 0; i < before->n_reads; i++)
        found = found || overlap(before->reads[i], after->written);
    return found;
}

bool mieni_vulkan_must_wait(const MieniDevicePlan *plan, const VulkanStep *step)
{
    for (int32_t i = plan->n_steps - 1; i >= 0; i--) {
        if (depends(step, &plan->steps[i]))
            return true;
        if (plan->steps[i].waits)
            break;
    }
    return false;
}
