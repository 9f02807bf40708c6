/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole way from a picture to faces on a Vulkan device: the same faces as on the CPU, whatever
 * the batch, and nothing is allocated for a frame once one like it has been seen.
 */
#include <math.h>

#include "backend/vulkan/bed.h"
#include "backend/vulkan/vulkan.h"
#include "engine/engine_private.h"
#include "engine/frames.h"

/*
 * Landmarks as a share of the picture's size; scores and the presence from 0 to 1. In a video each
 * frame is cut out where the last one's landmarks were, which makes small differences larger: a
 * face that is half outside of the picture differs as much between two instruction sets of a CPU.
 */
typedef struct Tolerance {
    double landmarks, score, presence;
} Tolerance;
static const Tolerance still = {2e-4, 1e-3, 1e-3}, moving = {1e-3, 1e-3, 0.05};

enum { MAX_FACES = 4 };

static MienEngine *open_engine(const char *model, const char *detector, MienMode mode,
                               const char *device)
{
    MienEngineOptions options = fixture_options(mode);
    options.model = fixture_model(model);
    options.detector = fixture_model(detector);
    options.max_faces = MAX_FACES;
    options.device = device;
    options.allow_software = true;
    options.threads = 1;
    options.blendshapes = options.transform = strcmp(model, BUNDLE) == 0;
    return fixture_engine(&options);
}

static void compare_face(const char *what, Tolerance tolerance, const MienFace *got,
                         const MienFace *want)
{
    assert_int_equal(got->face_id, want->face_id);
    assert_int_equal(got->n_landmarks, want->n_landmarks);
    assert_int_equal(got->n_blendshapes, want->n_blendshapes);
    test_compare_floats(what, &got->score, &want->score, 1, tolerance.score, 0);
    test_compare_floats(what, &got->presence, &want->presence, 1, tolerance.presence, 0);
    test_compare_floats(what, &got->landmarks->x, &want->landmarks->x, 3 * (size_t)got->n_landmarks,
                        tolerance.landmarks, 0);
    if (got->n_blendshapes > 0)
        test_compare_floats(what, got->blendshapes, want->blendshapes, (size_t)got->n_blendshapes,
                            tolerance.score, 0);
}

static void compare_results(const char *what, Tolerance tolerance, const MienResult *got,
                            const MienResult *want)
{
    size_t n = mien_result_n_faces(want);
    if (mien_result_n_faces(got) != n)
        fail_msg("%s: %zu faces, not %zu", what, mien_result_n_faces(got), n);
    for (size_t i = 0; i < n; i++)
        compare_face(what, tolerance, mien_result_face(got, i), mien_result_face(want, i));
}

static void check_pictures(const char *model, const char *detector, const char *const *files,
                           size_t n_files, size_t n_expected)
{
    bed_open();
    MienEngine *cpu = open_engine(model, detector, MIEN_MODE_IMAGE, "cpu");
    MienEngine *vulkan = open_engine(model, detector, MIEN_MODE_IMAGE, bed_name());
    MienEngineInfo info = {.struct_size = sizeof(info)};
    assert_int_equal(mien_engine_info(vulkan, &info), MIEN_OK);
    assert_string_equal(info.device_crop, bed_name());
    assert_string_equal(info.device_detector, bed_name());
    assert_string_equal(info.device_landmarks, bed_name());
    size_t n_faces = 0;
    for (size_t i = 0; i < n_files; i++) {
        MienImage image = frames_picture(files[i]);
        const MienResult *want = fixture_process(cpu, &image, 0);
        n_faces += mien_result_n_faces(want);
        compare_results(files[i], still, fixture_process(vulkan, &image, 0), want);
    }
    assert_true(n_faces >= n_expected);
    mien_engine_destroy(cpu);
    mien_engine_destroy(vulkan);
}

static void pictures_have_the_same_faces(void **state)
{
    (void)state;
    static const char *const all[] = {
        "aflw-test.jpg",   "alex-lacamoire.png", "grass.jpg",  "lin-manuel-miranda.png",
        "obama-1080p.jpg", "obama.jpg",          "obama2.jpg", "two_people.jpg"};
    check_pictures(MESH, SHORT_RANGE, all, MIENI_COUNT_OF(all), 8);
}

static void every_model_has_the_same_faces(void **state)
{
    (void)state;
    static const char *const some[] = {"two_people.jpg", "obama.jpg"};
    check_pictures(ATTENTION, FULL_RANGE, some, MIENI_COUNT_OF(some), 3);
    check_pictures(BUNDLE, SHORT_RANGE, some, MIENI_COUNT_OF(some), 2);
}

/* Frames in the decoder's own format. */
static size_t follow(MienEngine *cpu, MienEngine *vulkan, int first, int end)
{
    size_t n_faces = 0;
    for (int i = first; i < end; i++) {
        char what[32];
        MienImage image = frames_clip(i);
        snprintf(what, sizeof(what), "frame %d", i);
        const MienResult *want = fixture_process(cpu, &image, frames_time_us(i));
        n_faces += mien_result_n_faces(want);
        compare_results(what, moving, fixture_process(vulkan, &image, frames_time_us(i)), want);
    }
    return n_faces;
}

/* The same from nothing on. */
static size_t check_frames(MienEngine *cpu, MienEngine *vulkan, int first, int end)
{
    mien_engine_reset(cpu);
    mien_engine_reset(vulkan);
    return follow(cpu, vulkan, first, end);
}

/* The driver's functions that make something, counted. */
static VulkanDeviceFunctions real;
static int n_made;

#define COUNTED(name, arguments, values)                                                           \
    static VKAPI_ATTR VkResult VKAPI_CALL counted_##name arguments                                 \
    {                                                                                              \
        n_made++;                                                                                  \
        return real.name values;                                                                   \
    }
COUNTED(AllocateMemory,
        (VkDevice device, const VkMemoryAllocateInfo *info, const VkAllocationCallbacks *allocator,
         VkDeviceMemory *memory),
        (device, info, allocator, memory))
COUNTED(CreateBuffer,
        (VkDevice device, const VkBufferCreateInfo *info, const VkAllocationCallbacks *allocator,
         VkBuffer *buffer),
        (device, info, allocator, buffer))
COUNTED(CreateComputePipelines,
        (VkDevice device, VkPipelineCache cache, uint32_t n,
         const VkComputePipelineCreateInfo *infos, const VkAllocationCallbacks *allocator,
         VkPipeline *pipelines),
        (device, cache, n, infos, allocator, pipelines))
COUNTED(AllocateCommandBuffers,
        (VkDevice device, const VkCommandBufferAllocateInfo *info, VkCommandBuffer *commands),
        (device, info, commands))

static void count_what_is_made(MieniDevice *device)
{
    real = device->vk;
    n_made = 0;
    device->vk.AllocateMemory = counted_AllocateMemory;
    device->vk.CreateBuffer = counted_CreateBuffer;
    device->vk.CreateComputePipelines = counted_CreateComputePipelines;
    device->vk.AllocateCommandBuffers = counted_AllocateCommandBuffers;
}

/* Others come beside a face; frames from all over the clip, each found and then followed; and last
 * a face that comes and is followed, for which nothing is made or allocated any more. */
static void video_has_the_same_faces(void **state)
{
    (void)state;
    enum { APART = 40 };
    bed_open();
    MienEngine *cpu = open_engine(MESH, SHORT_RANGE, MIEN_MODE_VIDEO, "cpu");
    MienEngine *vulkan = open_engine(MESH, SHORT_RANGE, MIEN_MODE_VIDEO, bed_name());
    assert_true(check_frames(cpu, vulkan, 208, 214) > 3);
    assert_true(check_frames(cpu, vulkan, 240, 243) > 1);
    size_t n_faces = 0;
    for (int i = FRAMES_CLIP_BEGIN; i + 2 <= FRAMES_CLIP_END; i += APART)
        n_faces += check_frames(cpu, vulkan, i, i + 2);
    assert_true(n_faces >= 6);
    check_frames(cpu, vulkan, 80, 86);
    uint64_t before = mieni_alloc_count();
    count_what_is_made(vulkan->choice.device);
    assert_int_equal(follow(cpu, vulkan, 86, 90), 4);
    assert_int_equal(mieni_alloc_count(), before);
    assert_int_equal(n_made, 0);
    mien_engine_destroy(cpu);
    mien_engine_destroy(vulkan);
}

/* The same bits one by one and as a batch, and no allocation from the second batch on. */
static void batches_change_nothing(void **state)
{
    (void)state;
    enum { N = 9 };
    bed_open();
    MienImage images[N], people = frames_picture("two_people.jpg");
    const MienResult *results[N];
    MienResult *single[N];
    MienEngine *vulkan = open_engine(MESH, SHORT_RANGE, MIEN_MODE_IMAGE, bed_name());
    for (int i = 0; i < N; i++) {
        images[i] = frames_window(&people, 3 * i, 2 * i, people.width - 40 - i, people.height - 30);
        single[i] = fixture_keep(vulkan, &images[i], 0);
    }
    for (int n = 2; n <= N; n += n < 5 ? 1 : 4) {
        assert_int_equal(mien_engine_process_batch(vulkan, (size_t)n, images, NULL, NULL, results),
                         MIEN_OK);
        for (int i = 0; i < n; i++)
            assert_same_result("batch", results[i], single[i]);
    }
    uint64_t before = mieni_alloc_count();
    for (int n = N; n > 0; n -= 4) {
        assert_int_equal(mien_engine_process_batch(vulkan, (size_t)n, images, NULL, NULL, results),
                         MIEN_OK);
        fixture_process(vulkan, &images[n - 1], 0);
    }
    assert_int_equal(mieni_alloc_count(), before);
    for (int i = 0; i < N; i++)
        mien_result_destroy(single[i]);
    mien_engine_destroy(vulkan);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_have_the_same_faces),
        cmocka_unit_test(every_model_has_the_same_faces),
        cmocka_unit_test(video_has_the_same_faces),
        cmocka_unit_test(batches_change_nothing),
    };
    bed_arguments(argc, argv);
    int failed = cmocka_run_group_tests(tests, NULL, bed_close);
    frames_finish(NULL);
    return test_exit_code(failed);
}
