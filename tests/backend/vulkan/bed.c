/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/vulkan/bed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"

enum { MAX_JOBS = 1024 };

static const MieniLog silent;
static MieniDevice *cpu, *vulkan;

void bed_arguments(int argc, char **argv)
{
    mieni_vulkan_debug.validate = true;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--no-direct-memory") == 0)
            mieni_vulkan_debug.no_direct_memory = true;
        else if (strcmp(argv[i], "--no-subgroups") == 0)
            mieni_vulkan_debug.no_subgroups = true;
        else if (strcmp(argv[i], "--no-half") == 0)
            mieni_vulkan_debug.no_half = true;
        else if (strcmp(argv[i], "--no-timeline") == 0)
            mieni_vulkan_debug.no_timeline = true;
        else if (strcmp(argv[i], "--no-import") == 0)
            mieni_vulkan_debug.no_import = true;
        else
            fail_msg("%s: unknown argument %s", argv[0], argv[i]);
    }
}

int32_t bed_index(void)
{
    const char *number = getenv("MIEN_TEST_VULKAN");
    return number ? (int32_t)atoi(number) : 0;
}

const char *bed_name(void)
{
    static char name[32];
    snprintf(name, sizeof(name), "vulkan:%d", (int)bed_index());
    return name;
}

void bed_open(void)
{
    const MieniDeviceOptions options = {.threads = 1, .cpu_mask = 0, .log = &silent};
    const char *first;
    MienError error = {0};
    if (vulkan)
        return;
    if (mieni_backend_vulkan.count() <= bed_index())
        test_skip("no Vulkan device: mesa-vulkan-drivers has one for every CPU");
    MienDeviceInfo info = {0};
    mieni_backend_vulkan.describe(bed_index(), &info);
    if (strcmp(info.reason, "vulkan-feature-missing") == 0 && !getenv("MIEN_TEST_VULKAN"))
        test_skip(info.reason_text); /* an old driver */
    /* A GPU's machine need not have them. */
    if (mieni_vulkan_messages(&first) < 0 && !getenv("MIEN_TEST_VULKAN"))
        test_skip("no validation layers: vulkan-validationlayers has them");
    if (mieni_backend_cpu.open(0, &options, &cpu, &error) != MIEN_OK ||
        mieni_backend_vulkan.open(bed_index(), &options, &vulkan, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    assert_string_equal(mieni_backend_cpu.isa(cpu), "ref");
}

MieniDevice *bed_device(void)
{
    return vulkan;
}

Bed bed_put(const MieniPlan *plan)
{
    Bed bed = {.plan = plan};
    MienError error = {0};
    if (mieni_backend_cpu.plan_create(cpu, plan, &bed.cpu, &error) != MIEN_OK ||
        mieni_backend_vulkan.plan_create(vulkan, plan, &bed.vulkan, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    const MieniTensor *in = &plan->tensors[plan->input];
    bed.n_in = (size_t)in->height * (size_t)in->width * (size_t)in->channels;
    for (int32_t i = 0; i < plan->n_outputs; i++) {
        const MieniTensor *out = &plan->tensors[plan->outputs[i]];
        bed.n_out += (size_t)out->height * (size_t)out->width * (size_t)out->channels;
    }
    return bed;
}

void bed_drop(Bed *bed)
{
    mieni_backend_cpu.plan_destroy(bed->cpu);
    mieni_backend_vulkan.plan_destroy(bed->vulkan);
}

void bed_run(const Bed *bed, bool on_vulkan, size_t n, const float *inputs, float *outputs)
{
    static MieniJob jobs[MAX_JOBS];
    MienError error = {0};
    assert_true(n <= MAX_JOBS);
    memset(jobs, 0, sizeof(jobs));
    for (size_t k = 0; k < n; k++) {
        jobs[k].input = inputs + k * bed->n_in;
        float *to = outputs + k * bed->n_out;
        for (int32_t i = 0; i < bed->plan->n_outputs; i++) {
            const MieniTensor *out = &bed->plan->tensors[bed->plan->outputs[i]];
            jobs[k].outputs[i] = to;
            to += (size_t)out->height * (size_t)out->width * (size_t)out->channels;
        }
    }
    MienStatus status = on_vulkan ? mieni_backend_vulkan.plan_run(bed->vulkan, n, jobs, &error)
                                  : mieni_backend_cpu.plan_run(bed->cpu, n, jobs, &error);
    if (status != MIEN_OK)
        fail_msg("%s", error.text);
}

double bed_compare(const char *what, const Bed *bed, size_t n, float low, float high)
{
    float *inputs = calloc(n * bed->n_in, sizeof(float));
    float *want = calloc(n * bed->n_out, sizeof(float)),
          *got = calloc(n * bed->n_out, sizeof(float));
    assert_true(inputs && want && got);
    uint64_t state = 11;
    for (size_t i = 0; i < n * bed->n_in; i++)
        inputs[i] = mieni_rng_float(&state, low, high);
    bed_run(bed, false, n, inputs, want);
    bed_run(bed, true, n, inputs, got);
    test_compare_floats(what, got, want, n * bed->n_out, PARITY_ABSOLUTE, PARITY_RELATIVE);
    double largest = 0;
    for (size_t i = 0; i < n * bed->n_out; i++)
        largest = fmax(largest, fabs((double)got[i] - (double)want[i]));
    free(inputs);
    free(want);
    free(got);
    return largest;
}

BedWatch bed_watch = {.calls_until_failure = -1};

static bool fails_now(bool makes)
{
    bed_watch.n_made += makes;
    return bed_watch.calls_until_failure >= 0 && bed_watch.calls_until_failure-- == 0;
}

/* Functions that may fail: whether they make something, parameters, arguments. */
#define WATCHED_FUNCTIONS(X)                                                                       \
    X(AllocateMemory, true,                                                                        \
      (VkDevice device, const VkMemoryAllocateInfo *info, const VkAllocationCallbacks *allocator,  \
       VkDeviceMemory *memory),                                                                    \
      (device, info, allocator, memory))                                                           \
    X(BindBufferMemory, true,                                                                      \
      (VkDevice device, VkBuffer buffer, VkDeviceMemory memory, VkDeviceSize at),                  \
      (device, buffer, memory, at))                                                                \
    X(CreateBuffer, true,                                                                          \
      (VkDevice device, const VkBufferCreateInfo *info, const VkAllocationCallbacks *allocator,    \
       VkBuffer *buffer),                                                                          \
      (device, info, allocator, buffer))                                                           \
    X(MapMemory, true,                                                                             \
      (VkDevice device, VkDeviceMemory memory, VkDeviceSize at, VkDeviceSize size,                 \
       VkMemoryMapFlags flags, void **data),                                                       \
      (device, memory, at, size, flags, data))                                                     \
    X(GetMemoryHostPointerPropertiesEXT, true,                                                     \
      (VkDevice device, VkExternalMemoryHandleTypeFlagBits type, const void *memory,               \
       VkMemoryHostPointerPropertiesEXT *properties),                                              \
      (device, type, memory, properties))                                                          \
    X(CreateShaderModule, true,                                                                    \
      (VkDevice device, const VkShaderModuleCreateInfo *info,                                      \
       const VkAllocationCallbacks *allocator, VkShaderModule *module),                            \
      (device, info, allocator, module))                                                           \
    X(CreateComputePipelines, true,                                                                \
      (VkDevice device, VkPipelineCache cache, uint32_t n,                                         \
       const VkComputePipelineCreateInfo *infos, const VkAllocationCallbacks *allocator,           \
       VkPipeline *pipelines),                                                                     \
      (device, cache, n, infos, allocator, pipelines))                                             \
    X(CreateDescriptorPool, true,                                                                  \
      (VkDevice device, const VkDescriptorPoolCreateInfo *info,                                    \
       const VkAllocationCallbacks *allocator, VkDescriptorPool *pool),                            \
      (device, info, allocator, pool))                                                             \
    X(AllocateDescriptorSets, true,                                                                \
      (VkDevice device, const VkDescriptorSetAllocateInfo *info, VkDescriptorSet *sets),           \
      (device, info, sets))                                                                        \
    X(AllocateCommandBuffers, true,                                                                \
      (VkDevice device, const VkCommandBufferAllocateInfo *info, VkCommandBuffer *commands),       \
      (device, info, commands))                                                                    \
    X(BeginCommandBuffer, true, (VkCommandBuffer command, const VkCommandBufferBeginInfo *info),   \
      (command, info))                                                                             \
    X(EndCommandBuffer, true, (VkCommandBuffer command), (command))                                \
    X(QueueSubmit, false, (VkQueue queue, uint32_t n, const VkSubmitInfo *infos, VkFence fence),   \
      (queue, n, infos, fence))                                                                    \
    X(ResetFences, false, (VkDevice device, uint32_t n, const VkFence *fences),                    \
      (device, n, fences))                                                                         \
    X(WaitSemaphoresKHR, false,                                                                    \
      (VkDevice device, const VkSemaphoreWaitInfoKHR *info, uint64_t timeout),                     \
      (device, info, timeout))                                                                     \
    X(WaitForFences, false,                                                                        \
      (VkDevice device, uint32_t n, const VkFence *fences, VkBool32 all, uint64_t timeout),        \
      (device, n, fences, all, timeout))

#define DEFINE(name, makes, parameters, arguments)                                                 \
    static VKAPI_ATTR VkResult VKAPI_CALL watched_##name parameters                                \
    {                                                                                              \
        return fails_now(makes) ? bed_watch.failure : bed_watch.real.name arguments;               \
    }
WATCHED_FUNCTIONS(DEFINE)
#undef DEFINE

void bed_watch_begin(VulkanDeviceFunctions *vk)
{
    if (vk->CreateBuffer == watched_CreateBuffer) /* a test that failed has left it so */
        bed_watch_end(vk);
    bed_watch = (BedWatch){.real = *vk, .calls_until_failure = -1};
#define WATCH(name, makes, parameters, arguments) vk->name = watched_##name;
    WATCHED_FUNCTIONS(WATCH)
#undef WATCH
}

void bed_watch_end(VulkanDeviceFunctions *vk)
{
    *vk = bed_watch.real;
}

void bed_watch_fail(int call, VkResult failure)
{
    bed_watch.calls_until_failure = call;
    bed_watch.failure = failure;
}

int bed_close(void **state)
{
    (void)state;
    const char *first = "";
    mieni_backend_cpu.close(cpu);
    mieni_backend_vulkan.close(vulkan);
    cpu = vulkan = NULL;
    int32_t n = mieni_vulkan_messages(&first);
    if (n > 0) {
        printf("%d messages of the validation layers; the first: %s\n", (int)n, first);
        test_fail_at_end();
    }
    return n > 0;
}
