/* SPDX-License-Identifier: Apache-2.0 */
/* Running a plan: parameters and what is new of pictures go into mapped memory, one submission,
 * results come out of mapped memory. */
#include "backend/vulkan/vulkan.h"

static uint32_t bits(float value)
{
    uint32_t word;
    memcpy(&word, &value, sizeof(word));
    return word;
}

static void write_terms(const int64_t terms[MIENI_CROP_TERMS], uint32_t *to)
{
    for (int i = 0; i < MIENI_CROP_TERMS; i++) {
        to[2 * i] = (uint32_t)((uint64_t)terms[i] & UINT32_MAX);
        to[2 * i + 1] = (uint32_t)((uint64_t)terms[i] >> 32);
    }
}

static void write_crop(const MieniCrop *crop, uint32_t *to)
{
    write_terms(crop->x, &to[VULKAN_PARAMETER_MAP]);
    write_terms(crop->y, &to[VULKAN_PARAMETER_MAP + 2 * MIENI_CROP_TERMS]);
    to[VULKAN_PARAMETER_SHIFT] = (uint32_t)crop->shift;
    memcpy(&to[VULKAN_PARAMETER_COLUMN_TIES], crop->column_ties, sizeof(crop->column_ties));
    memcpy(&to[VULKAN_PARAMETER_ROW_TIES], crop->row_ties, sizeof(crop->row_ties));
    to[VULKAN_PARAMETER_BORDER] = crop->border == MIENI_BORDER_ZERO;
    to[VULKAN_PARAMETER_SCALE] = bits(crop->scale);
    to[VULKAN_PARAMETER_SCALE_REST] = bits(crop->scale_rest);
    to[VULKAN_PARAMETER_OFFSET] = bits(crop->offset);
}

static void write_projection(const MieniProjection *projection, uint32_t *to)
{
    const MieniProjection *p = projection;
    const float values[10] = {p->origin,   p->x[0],     p->x[1],      p->y[0],      p->y[1],
                              p->scale[0], p->scale[1], p->offset[0], p->offset[1], p->depth};
    memcpy(&to[VULKAN_PARAMETER_PROJECTION], values, sizeof(values));
}

static uint32_t *host_words(const MieniDevicePlan *plan)
{
    return plan->device->is_direct ? plan->io.mapped : plan->staging.mapped;
}

/* Writes what n jobs bring along; sets *n to how many of them can go now. */
static MienStatus write_jobs(MieniDevicePlan *plan, size_t *n, const MieniJob *jobs,
                             MienError *error)
{
    uint32_t *words = host_words(plan);
    for (size_t i = 0; i < *n; i++) {
        uint32_t *parameters = words + i * VULKAN_PARAMETER_WORDS;
        if (plan->has_crop)
            write_crop(&jobs[i].crop, parameters);
        else if (jobs[i].input)
            memcpy(words + plan->input_word + i * plan->input_floats, jobs[i].input,
                   plan->input_floats * sizeof(float));
        write_projection(&jobs[i].projection, parameters);
    }
    if (!plan->has_crop)
        return MIEN_OK;
    return mieni_vulkan_pictures_send(plan->device, *n, jobs, words, n, error);
}

static void read_boxes(const MieniDevicePlan *plan, const uint32_t *from, MieniJob *job)
{
    uint32_t most =
        (uint32_t)((plan->result_words - 1) * sizeof(uint32_t) / sizeof(MieniDetection));
    uint32_t n = MIENI_MIN(from[0], most);
    memcpy(job->detections, from + 1, n * sizeof(*job->detections));
    job->n_detections = (int32_t)n;
}

static void read_job(const MieniDevicePlan *plan, const uint32_t *from, MieniJob *job)
{
    if (plan->last == MIENI_OP_DECODE_BOXES) {
        read_boxes(plan, from, job);
        return;
    }
    if (plan->last == MIENI_OP_DECODE_LANDMARKS) {
        memcpy(&job->presence, from, sizeof(job->presence));
        memcpy(job->landmarks, from + 1, (size_t)plan->n_landmarks * sizeof(*job->landmarks));
        return;
    }
    for (int32_t i = 0; i < plan->n_outputs; i++) {
        if (job->outputs[i])
            memcpy(job->outputs[i], from, plan->outputs[i].n_floats * sizeof(float));
        from += plan->outputs[i].n_floats;
    }
}

/* The copies of new pictures, then the plan. */
static MienStatus submit(MieniDevicePlan *plan, size_t n, MienError *error)
{
    MieniDevice *device = plan->device;
    VulkanPictures *pictures = &device->pictures;
    VkCommandBuffer commands[VULKAN_MAX_PICTURES + 3];
    uint32_t n_commands = 0, n_pictures;
    for (int32_t i = 0; i < pictures->n_slots && plan->has_crop; i++) {
        if (pictures->slots[i].is_new && pictures->slots[i].copy)
            commands[n_commands++] = pictures->slots[i].copy;
        pictures->slots[i].is_new = false;
    }
    n_pictures = n_commands;
    if (device->is_timed)
        commands[n_commands++] = device->stamps[0];
    commands[n_commands++] = plan->commands[n];
    if (device->is_timed)
        commands[n_commands++] = device->stamps[1];
    MienStatus status = mieni_vulkan_submit(device, n_commands, commands, error);
    if (status == MIEN_OK)
        mieni_vulkan_note_run(plan, n, n_pictures);
    return status;
}

/* Makes room for n jobs, or for fewer if the device has not enough memory: then it is never asked
 * for more again. */
static MienStatus make_room(MieniDevicePlan *plan, size_t *n, MienError *error)
{
    MienError local;
    MienStatus status = mieni_vulkan_plan_reserve(plan, *n, &local);
    while (status == MIEN_E_DEVICE && *n > 1 && strcmp(local.reason, "out-of-memory") == 0) {
        *n /= 2;
        plan->max_batch = (int32_t)*n;
        status = mieni_vulkan_plan_reserve(plan, *n, &local);
    }
    if (status != MIEN_OK && error)
        *error = local;
    return status;
}

/* Runs the first jobs, as many as go at once; sets *n to their number. */
static MienStatus run_some(MieniDevicePlan *plan, size_t *n, MieniJob *jobs, MienError *error)
{
    *n = MIENI_MIN(*n, (size_t)plan->max_batch);
    MienStatus status = make_room(plan, n, error);
    if (status == MIEN_OK)
        status = write_jobs(plan, n, jobs, error);
    /* Once more: the pictures' buffer may have grown. */
    if (status == MIEN_OK)
        status = mieni_vulkan_plan_reserve(plan, *n, error);
    if (status == MIEN_OK && !plan->commands[*n])
        status = mieni_vulkan_record(plan, *n, error);
    if (status == MIEN_OK)
        status = submit(plan, *n, error);
    const uint32_t *results = host_words(plan) + plan->results_word;
    for (size_t i = 0; i < *n && status == MIEN_OK; i++)
        read_job(plan, results + i * plan->result_words, &jobs[i]);
    return status;
}

MienStatus mieni_vulkan_plan_run(MieniDevicePlan *plan, size_t n, MieniJob *jobs, MienError *error)
{
    if (plan->device->is_lost)
        return mieni_fail(error, MIEN_E_DEVICE, "gpu-lost",
                          "the Vulkan device was lost earlier; open it again");
    MienStatus status = MIEN_OK;
    for (size_t done = 0; done < n && status == MIEN_OK;) {
        size_t some = n - done;
        status = run_some(plan, &some, jobs + done, error);
        done += some;
    }
    return status;
}
