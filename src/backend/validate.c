/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/validate.h"

static MienStatus broken(MienError *error, int32_t op, const char *what)
{
    return mieni_fail(error, MIEN_E_INTERNAL, "internal", "plan operation %d: %s", (int)op, what);
}

static bool is_tensor(const MieniPlan *plan, int32_t tensor)
{
    return tensor >= 0 && tensor < plan->n_tensors;
}

static MienStatus check_op(const MieniPlan *plan, int32_t index, MienError *error)
{
    const MieniOp *op = &plan->ops[index];
    bool crop = op->kind == MIENI_OP_CROP;
    bool decoder = op->kind == MIENI_OP_DECODE_BOXES || op->kind == MIENI_OP_DECODE_LANDMARKS;
    bool alone = crop || op->kind == MIENI_OP_CONSTANT;
    if (op->n_inputs < !alone || op->n_inputs > MIENI_OP_MAX_INPUTS)
        return broken(error, index, "has no input, or too many");
    for (int32_t i = 0; i < op->n_inputs; i++)
        if (!is_tensor(plan, op->inputs[i]))
            return broken(error, index, "reads a tensor that does not exist");
    if (op->residual >= 0 && !is_tensor(plan, op->residual))
        return broken(error, index, "adds a tensor that does not exist");
    if (decoder ? op->output >= 0 : !is_tensor(plan, op->output))
        return broken(error, index, "has an output that does not go with its kind");
    if (crop && (index != 0 || op->output != plan->input))
        return broken(error, index, "is a crop that does not stand in front");
    if (decoder && index != plan->n_ops - 1)
        return broken(error, index, "is a decoder that does not stand last");
    return MIEN_OK;
}

MienStatus mieni_validate_plan_create(const MieniBackend *backend, MieniDevice *device,
                                      const MieniPlan *plan, MieniDevicePlan **out,
                                      MienError *error)
{
    *out = NULL;
    if (!device || !plan || plan->n_ops < 1 || !is_tensor(plan, plan->input))
        return mieni_fail(error, MIEN_E_INTERNAL, "internal",
                          "there is no device, or no plan to run on it");
    for (int32_t i = 0; i < plan->n_ops; i++) {
        MienStatus status = check_op(plan, i, error);
        if (status != MIEN_OK)
            return status;
    }
    for (int32_t i = 0; i < plan->n_outputs; i++)
        if (!is_tensor(plan, plan->outputs[i]))
            return mieni_fail(error, MIEN_E_INTERNAL, "internal", "plan output %d does not exist",
                              (int)i);
    return backend->plan_create(device, plan, out, error);
}
