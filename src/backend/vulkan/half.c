/* SPDX-License-Identifier: Apache-2.0 */
/* Half precision: what of a plan is kept in it. */
#include "backend/vulkan/vulkan.h"

/* Operations whose shaders read and write halves. */
static bool takes_halves(MieniOpKind kind)
{
    switch (kind) {
    case MIENI_OP_CONV:
    case MIENI_OP_POINTWISE:
    case MIENI_OP_DEPTHWISE:
    case MIENI_OP_DEPTHWISE_POINTWISE:
    case MIENI_OP_FULLY_CONNECTED:
    case MIENI_OP_RESIZE_ADD:
    case MIENI_OP_DEPTH_TO_SPACE:
    case MIENI_OP_SAMPLE_BILINEAR:
        return true;
    default:
        return false;
    }
}

/* Parts of a tensor are what networks put their results together from; their wholes as well. */
static void exclude(const MieniPlan *plan, int32_t tensor, bool *is_half)
{
    for (; tensor >= 0; tensor = plan->tensors[tensor].parent)
        is_half[tensor] = false;
}

void mieni_vulkan_choose_halves(const MieniPlan *plan, bool *is_half)
{
    for (int32_t i = 0; i < plan->n_tensors; i++)
        is_half[i] = true;
    exclude(plan, plan->input, is_half);
    for (int32_t i = 0; i < plan->n_outputs; i++)
        exclude(plan, plan->outputs[i], is_half);
    for (int32_t i = 0; i < plan->n_tensors; i++)
        if (plan->tensors[i].parent >= 0)
            exclude(plan, i, is_half);
    for (int32_t i = 0; i < plan->n_ops; i++) {
        const MieniOp *op = &plan->ops[i];
        bool takes = takes_halves(op->kind);
        for (int32_t k = 0; k < op->n_inputs; k++)
            if (!takes || (k > 0 && op->kind == MIENI_OP_SAMPLE_BILINEAR))
                exclude(plan, op->inputs[k], is_half);
        if (!takes)
            exclude(plan, op->residual, is_half);
        if (!takes || op->kind == MIENI_OP_FULLY_CONNECTED)
            exclude(plan, op->output, is_half);
    }
}

bool mieni_vulkan_is_head(const MieniPlan *plan, const MieniOp *op)
{
    if (op->kind == MIENI_OP_FULLY_CONNECTED || plan->tensors[op->output].parent >= 0)
        return true;
    for (int32_t i = 0; i < plan->n_outputs; i++)
        if (plan->outputs[i] == op->output)
            return true;
    for (int32_t i = 0; i < plan->n_ops; i++)
        for (int32_t k = 0; k < plan->ops[i].n_inputs; k++)
            if (plan->ops[i].inputs[k] == op->output &&
                (plan->ops[i].kind == MIENI_OP_DECODE_BOXES ||
                 plan->ops[i].kind == MIENI_OP_DECODE_LANDMARKS))
                return true;
    return false;
}
