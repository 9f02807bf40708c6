/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which a plan's operations are launched. Each comes as late as those that read what
 * it makes allow: branches of a network that end together, as those of attention do, then stand
 * beside each other, step by step, and can be one launch (groups.c).
 */
#include "backend/cuda/cuda.h"

static int32_t whole_of(const MieniPlan *plan, int32_t tensor)
{
    while (plan->tensors[tensor].parent >= 0)
        tensor = plan->tensors[tensor].parent;
    return tensor;
}

/* How many operations one behind the other stand between each and the end. `needed`: by tensor, the
 * rank of what makes it. */
static void find_ranks(const MieniPlan *plan, int32_t *ranks, int32_t *needed)
{
    memset(needed, 0, (size_t)plan->n_tensors * sizeof(*needed));
    for (int32_t i = plan->n_ops - 1; i >= 0; i--) {
        const MieniOp *op = &plan->ops[i];
        ranks[i] = op->output >= 0 ? needed[whole_of(plan, op->output)] : 0;
        for (int32_t k = 0; k <= op->n_inputs; k++) {
            int32_t tensor = k < op->n_inputs ? op->inputs[k] : op->residual;
            if (tensor < 0)
                continue;
            int32_t *rank = &needed[whole_of(plan, tensor)];
            *rank = MIENI_MAX(*rank, ranks[i] + 1);
        }
    }
}

/* By rank, those of one kind together, else as they were. */
static void sort(const MieniPlan *plan, const int32_t *ranks, int32_t *order)
{
    for (int32_t i = 0; i < plan->n_ops; i++) {
        int32_t k = i;
        for (; k > 0; k--) {
            int32_t before = order[k - 1];
            if (ranks[before] > ranks[i] ||
                (ranks[before] == ranks[i] && plan->ops[before].kind <= plan->ops[i].kind))
                break;
            order[k] = before;
        }
        order[k] = i;
    }
}

/* When each operation runs, as far as its memory is concerned: at one time with all before and
 * behind it that have company of their rank, as branches do not wait for each other. */
static void find_times(const int32_t *ranks, int32_t n, int32_t *times)
{
    bool had_company = false;
    for (int32_t i = 0; i < n; i++) {
        bool begins = i == 0 || ranks[i - 1] != ranks[i];
        bool has_company = !begins || (i + 1 < n && ranks[i + 1] == ranks[i]);
        times[i] = i == 0 ? 0 : times[i - 1] + !(has_company && had_company);
        had_company = has_company;
    }
}

MienStatus mieni_cuda_order(MieniDevicePlan *plan, const MieniPlan *from, MieniPlan *ordered,
                            MienError *error)
{
    size_t n = (size_t)from->n_ops, n_tensors = (size_t)from->n_tensors;
    int32_t *numbers = mieni_alloc(3 * n + n_tensors, sizeof(*numbers));
    int32_t *ranks = numbers, *order = numbers + n, *times = order + n, *needed = times + n;
    *ordered = *from;
    ordered->ops = mieni_arena_alloc(plan->arena, n, sizeof(*ordered->ops));
    ordered->tensors = mieni_arena_alloc(plan->arena, n_tensors, sizeof(*ordered->tensors));
    plan->ranks = mieni_arena_alloc(plan->arena, n, sizeof(*plan->ranks));
    if (!numbers || !ordered->ops || !ordered->tensors || !plan->ranks) {
        mieni_free(numbers);
        return mieni_fail_nomem(error);
    }
    find_ranks(from, ranks, needed);
    sort(from, ranks, order);
    for (size_t i = 0; i < n; i++) {
        ordered->ops[i] = from->ops[order[i]];
        plan->ranks[i] = ranks[order[i]];
    }
    memcpy(ordered->tensors, from->tensors, n_tensors * sizeof(*ordered->tensors));
    find_times(plan->ranks, from->n_ops, times);
    mieni_plan_find_lifetimes(ordered, times);
    mieni_free(numbers);
    return MIEN_OK;
}
