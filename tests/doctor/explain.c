/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "base/rng.h"
#include "doctor/catalogue.h"
#include "doctor/explain.h"
#include "mien/explain.h"

static MienLogReader *open_reader(void)
{
    MienLogReader *reader;
    assert_int_equal(mien_log_reader_create(&reader), MIEN_OK);
    return reader;
}

static const MienLogReport *read_text(MienLogReader *reader, const char *text)
{
    mien_log_reader_feed(reader, text, strlen(text));
    return mien_log_reader_finish(reader);
}

static const MienLogLine *line_of(const MienLogReport *report, const char *key)
{
    for (size_t i = 0; i < report->n_lines; i++) {
        if (strcmp(report->lines[i].key, key) == 0)
            return &report->lines[i];
    }
    return NULL;
}

/* Reads `text`, which has to lead to these causes in this order ("" for none). */
static void check_causes(const char *text, const char *want)
{
    MienLogReader *reader = open_reader();
    const MienLogReport *report = read_text(reader, text);
    char got[512] = "";
    for (size_t i = 0; i < report->n_causes; i++) {
        strcat(got, i > 0 ? " " : "");
        strcat(got, report->causes[i]);
    }
    if (strcmp(got, want) != 0)
        fail_msg("'%s' gives '%s', not '%s'", text, got, want);
    if (*want)
        assert_non_null(strstr(report->summary, report->causes[0]));
    mien_log_reader_destroy(reader);
}

/* A mistake in the table would show as a line that is never found, or a cause that is not there. */
static void test_table_is_sound(void **state)
{
    (void)state;
    size_t n;
    const MieniKnownLine *known = mieni_known_lines(&n);
    assert_true(n > 60);
    for (size_t i = 0; i < n; i++) {
        const char *key = known[i].key, *pattern = known[i].pattern;
        size_t n_pieces = 1;
        for (const char *p = pattern; *p; p++)
            n_pieces += *p == '*';
        if (strcspn(pattern, "*") < 3 || strlen(pattern) < 12 || n_pieces > MIENI_KNOWN_PIECES ||
            strstr(pattern, "**"))
            fail_msg("%s: its pattern is too short or has too many pieces", key);
        if (known[i].cause && !mieni_catalogue_find(known[i].cause))
            fail_msg("%s: there is no cause %s", key, known[i].cause);
        if (known[i].cause && !mieni_catalogue_find(known[i].cause)->implemented)
            fail_msg("%s: %s is found, so it counts as implemented", key, known[i].cause);
        if (!known[i].meaning || strlen(known[i].meaning) < 20)
            fail_msg("%s: no meaning", key);
        bool has_needed = !known[i].needs;
        for (size_t j = 0; j < n; j++) {
            if (j != i && strcmp(known[j].key, key) == 0)
                fail_msg("%s: two lines of this name", key);
            has_needed |= known[i].needs && strcmp(known[j].key, known[i].needs) == 0;
        }
        if (!has_needed)
            fail_msg("%s: needs a line %s, which is not there", key, known[i].needs);
        assert_true(!(known[i].general || known[i].needs) || known[i].cause);
    }
}

/* Every line is found in a log where it stands with other text around and inside it. */
static void test_every_line_is_found(void **state)
{
    (void)state;
    size_t n;
    const MieniKnownLine *known = mieni_known_lines(&n);
    for (size_t i = 0; i < n; i++) {
        char text[512] = "first\nI0000 00:00:1 gl.cc:12] ";
        size_t length = strlen(text);
        for (const char *p = known[i].pattern; *p; p++)
            length += (size_t)snprintf(text + length, sizeof(text) - length, "%.*s",
                                       *p == '*' ? 11 : 1, *p == '*' ? " something " : p);
        strcat(text, " and more\nlast\n");
        MienLogReader *reader = open_reader();
        const MienLogReport *report = read_text(reader, text);
        const MienLogLine *line = line_of(report, known[i].key);
        if (!line)
            fail_msg("%s is not found in '%s'", known[i].key, text);
        assert_int_equal(line->first_line, 2);
        assert_int_equal(line->count, 1);
        assert_int_equal(report->n_lines_read, 3);
        assert_string_equal(line->meaning, known[i].meaning);
        if (known[i].cause && !known[i].needs)
            assert_string_equal(line->cause, known[i].cause);
        else
            assert_null(line->cause);
        mien_log_reader_destroy(reader);
    }
}

/* Lines as programs print them. */
static void test_lines_of_programs(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *causes;
    } cases[] = {
        {"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.", ""},
        {"INFO: Created TensorFlow Lite delegate for GPU.", ""},
        {"I0000 00:00:1.2 345 gl_context.cc:369] GL version: 3.2 (OpenGL ES 3.2 Mesa 22.3.6), "
         "renderer: llvmpipe (LLVM 15.0.6, 256 bits)",
         "egl-software-renderer"},
        {"GL version: 3.2 (OpenGL ES 3.2 NVIDIA 535.183.01), renderer: NVIDIA A10", ""},
        {"GL version: 3.2 (OpenGL ES 3.2 Mesa 23.2.1), renderer: Mesa Intel(R) UHD Graphics", ""},
        {"RuntimeError: ImageCloneCalculator: GPU processing is disabled in build flags",
         "mediapipe-wheel-without-gpu"},
        {"Service \"kGpuService\", required by node mediapipe_x, was not provided",
         "egl-default-display-headless"},
        {"WARNING: Fall back on OpenGL ES 2.", "gles-below-3-1"},
        {"ERROR: Node number 712 (TfLiteGpuDelegate) failed to prepare.",
         "tflite-delegate-prepare-failed"},
        {"112 operations will run on the GPU, and the remaining 7 operations will run on the CPU.",
         "tflite-partial-delegation"},
        {"112 operations will run on the GPU, and the remaining 0 operations will run on the CPU.",
         ""},
        {"Sets FaceBlendshapesGraph acceleration to xnnpack by default.", ""},
        {"AttributeError: module 'mediapipe' has no attribute 'solutions'",
         "mediapipe-solutions-removed"},
        {"AttributeError: partially initialized module 'mediapipe' has no attribute 'solutions' "
         "(most likely due to a circular import)",
         ""},
        {"RuntimeError: ; Unable to find the type for stream \"image\".",
         "mediapipe-patched-wheel-broken"},
        {"NotImplementedError: GPU Delegate is not yet supported for Windows",
         "mediapipe-no-gpu-on-windows"},
        {"W gpu_device.cc:1956] Cannot dlopen some GPU libraries. Please make sure",
         "tensorflow-libraries-missing"},
        {"Could not load dynamic library 'libcuda.so.1'; dlerror: libcuda.so.1: cannot open shared "
         "object file: No such file or directory",
         "no-libcuda"},
        {"setUpNet DNN module was not built with CUDA backend; switching to CPU",
         "opencv-without-cuda"},
        {"Specified provider 'CUDAExecutionProvider' is not in available provider names.",
         "onnxruntime-both-packages"},
        {"RuntimeError: CUDA error: no kernel image is available for execution on the device",
         "no-kernel-image"},
        {"the provided PTX was compiled with an unsupported toolchain.", "ptx-newer-than-driver"},
        {"Failed to initialize NVML: Driver/library version mismatch",
         "driver-library-version-mismatch"},
        {"Error 803: system has unsupported display driver / cuda driver combination",
         "compat-libcuda-shadows-driver"},
        {"Error 804: forward compatibility was attempted on non supported HW",
         "forward-compat-on-consumer-gpu"},
        {"Error 802: system not yet initialized", "fabric-manager-not-running"},
        {"all CUDA-capable devices are busy or unavailable", "exclusive-compute-mode"},
        {"Failed to initialize NVML: Unknown Error", "cgroup-device-denied"},
        {"docker: Error response from daemon: could not select device driver \"\" with "
         "capabilities: [[gpu]].",
         "docker-toolkit-missing"},
        {"initialization error: load library failed: libnvidia-ml.so.1: cannot open shared object "
         "file",
         "docker-host-driver-missing"},
        {"NvRmMemInitNvmap failed with Permission denied", "jetson-video-group"},
        {"NvMapMemAllocInternalTagged: 1075072515 error 12", "jetson-nvmap-regression"},
        {"NVRM: The NVIDIA A GPU installed in this system is supported through the NVIDIA 580.xx "
         "Legacy drivers. The 590.44 NVIDIA driver will ignore this GPU.",
         "legacy-gpu-ignored"},
        {"NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x26:0x56:1474)",
         "gsp-or-adapter-init-failed"},
        {"modprobe: ERROR: could not insert 'nvidia': Key was rejected by service",
         "secure-boot-rejects-module"},
        {"nvidia: module verification failed: signature and/or required key missing", ""},
        {"NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus.", "gpu-lost"},
        {"NVRM: Xid (PCI:0000:01:00): 13, Graphics Exception", ""},
        {"ERROR: [Loader Message] vkCreateInstance: Found no drivers!", "vulkan-no-icd"},
        {"MESA: error: failed to open /dev/dri/renderD128: Permission denied",
         "render-node-permission"},
        {"Error Code 1: Serialization (Serialization assertion failed. Version tag does not "
         "match.)",
         "tensorrt-engine-mismatch"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_causes(cases[i].text, cases[i].causes);
}

/* The same line is a fault in one log and none in another. */
static void test_lines_together(void **state)
{
    (void)state;
    static const char xnnpack[] = "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n";
    static const char gpu[] = "INFO: Created TensorFlow Lite delegate for GPU.\n";
    static const char no_display[] =
        "W gpu_resources] GPU suport is not available: INTERNAL: ; RET_CHECK failure "
        "(gl_context_egl.cc:77) display != EGL_NO_DISPLAY eglGetDisplay() returned error 0x300c\n";
    static const char no_config[] =
        "W gpu_resources] GPU suport is not available: UNKNOWN: ; eglChooseConfig() returned no "
        "matching EGL configuration for RGBA8888 D16 ES2 request.\n";
    static const char service[] = "RuntimeError: Service \"kGpuService\", required by node x, was "
                                  "not provided and cannot be created\n";
    char text[2048];

    snprintf(text, sizeof(text), "%s%s", gpu, xnnpack);
    check_causes(text, "");
    snprintf(text, sizeof(text), "%s%srenderer: llvmpipe (LLVM 15)\n", gpu, xnnpack);
    check_causes(text, "egl-software-renderer");
    snprintf(text, sizeof(text), "%s%s", no_display, xnnpack);
    check_causes(text, "");
    snprintf(text, sizeof(text), "%s%s", no_display, service);
    check_causes(text, "egl-default-display-headless");
    check_causes(no_config, "");
    snprintf(text, sizeof(text), "%s%s", no_config, service);
    check_causes(text, "egl-no-config egl-default-display-headless");
    /* What a line says outright counts before what it makes likely. */
    check_causes("vkCreateInstance: Found no drivers!\n"
                 "libXext.so.6: cannot open shared object file\n",
                 "vulkan-icd-needs-x11-libs vulkan-no-icd");
    /* What stops counts before what slows, and lower stages before higher ones. */
    check_causes("System throttled due to over-current\n"
                 "Fall back on OpenGL ES 2\n"
                 "Key was rejected by service\n",
                 "secure-boot-rejects-module gles-below-3-1 thermal-or-power-throttle");
}

static void test_summary_without_fault(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {"", "No line of this log"},
        {"hello\nworld\n", "No line of this log"},
        {"nvidia-smi: command not found", "names a fault by itself"},
        {"Created TensorFlow Lite XNNPACK delegate for CPU", "an interpreter computes on the CPU"},
        {"Created TensorFlow Lite delegate for GPU", "Only the renderer's name can tell"},
        {"Created TensorFlow Lite XNNPACK delegate for CPU\nCreated TensorFlow Lite delegate for "
         "GPU",
         "always stay on the CPU"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        MienLogReader *reader = open_reader();
        const MienLogReport *report = read_text(reader, cases[i].text);
        assert_int_equal(report->n_causes, 0);
        if (!strstr(report->summary, cases[i].part))
            fail_msg("'%s': the summary is '%s'", cases[i].text, report->summary);
        mien_log_reader_destroy(reader);
    }
}

static const char mixed[] = "one\r\n"
                            "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\r\n"
                            "\r\n"
                            "E \x1b[31mgl\x1b[0m Fall back on OpenGL ES 2\r\n"
                            "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\r\n"
                            "Created TensorFlow Lite XNNPACK delegate for CPU";

static void check_mixed(const MienLogReport *report)
{
    assert_int_equal(report->n_lines_read, 6);
    assert_int_equal(report->n_lines, 2);
    assert_string_equal(report->lines[0].key, "xnnpack-delegate");
    assert_int_equal(report->lines[0].first_line, 2);
    assert_int_equal(report->lines[0].count, 3);
    assert_string_equal(report->lines[0].text,
                        "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.");
    assert_string_equal(report->lines[1].key, "gles-2");
    assert_int_equal(report->lines[1].first_line, 4);
    assert_string_equal(report->lines[1].text, "E ?[31mgl?[0m Fall back on OpenGL ES 2");
    assert_int_equal(report->n_causes, 1);
}

static void test_pieces_make_no_difference(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= sizeof(mixed); piece++) {
        MienLogReader *reader = open_reader();
        for (size_t at = 0; at < sizeof(mixed) - 1; at += piece)
            mien_log_reader_feed(reader, mixed + at, MIENI_MIN(piece, sizeof(mixed) - 1 - at));
        check_mixed(mien_log_reader_finish(reader));
        check_mixed(mien_log_reader_finish(reader));
        mien_log_reader_destroy(reader);
    }
}

static void test_utf16(void **state)
{
    (void)state;
    MienLogReader *reader = open_reader();
    mien_log_reader_feed(reader, "\xff\xfe", 2);
    for (size_t i = 0; i < sizeof(mixed) - 1; i++) {
        const char unit[2] = {mixed[i], 0};
        mien_log_reader_feed(reader, unit, 2);
    }
    check_mixed(mien_log_reader_finish(reader));
    mien_log_reader_destroy(reader);
}

/* A line of ten million bytes: what stands in its first 64 KiB counts, and the next line is its
 * own. */
static void test_long_lines(void **state)
{
    (void)state;
    static char filler[100000];
    memset(filler, 'x', sizeof(filler));
    MienLogReader *reader = open_reader();
    mien_log_reader_feed(reader, filler, 1000);
    mien_log_reader_feed(reader, "Fall back on OpenGL ES 2", 24);
    for (int i = 0; i < 100; i++)
        mien_log_reader_feed(reader, filler, sizeof(filler));
    const MienLogReport *report = read_text(reader, "Found no drivers!\nRmInitAdapter failed\n");
    assert_int_equal(report->n_lines_read, 2);
    assert_int_equal(report->n_lines, 2);
    assert_string_equal(report->lines[0].key, "gles-2");
    assert_non_null(strstr(report->lines[0].text, "Fall back on OpenGL ES 2"));
    assert_true(strlen(report->lines[0].text) <= 240);
    assert_string_equal(report->lines[1].key, "adapter-init");
    assert_int_equal(report->lines[1].first_line, 2);
    mien_log_reader_destroy(reader);
}

/* Random bytes with pieces of patterns in them: nothing to find out but that it holds. */
static void test_binary(void **state)
{
    (void)state;
    size_t n;
    const MieniKnownLine *known = mieni_known_lines(&n);
    MienLogReader *reader = open_reader();
    uint64_t rng = 7;
    for (int i = 0; i < 20000; i++) {
        char bytes[64];
        const char *pattern = known[mieni_rng_next(&rng) % n].pattern;
        size_t length = mieni_rng_next(&rng) % MIENI_MIN(strlen(pattern) + 1, sizeof(bytes));
        for (size_t j = 0; j < sizeof(bytes); j++)
            bytes[j] = (char)mieni_rng_next(&rng);
        memcpy(bytes, pattern, length);
        mien_log_reader_feed(reader, bytes, mieni_rng_next(&rng) % (sizeof(bytes) + 1));
    }
    const MienLogReport *report = mien_log_reader_finish(reader);
    for (size_t i = 0; i < report->n_lines; i++) {
        for (const char *p = report->lines[i].text; *p; p++)
            test_in_range(*p, ' ', '~');
    }
    mien_log_reader_destroy(reader);
}

static void test_failures(void **state)
{
    (void)state;
    assert_int_equal(mien_log_reader_create(NULL), MIEN_E_ARGUMENT);
    assert_null(mien_log_reader_finish(NULL));
    mien_log_reader_feed(NULL, "", 0);
    mien_log_reader_destroy(NULL);
    for (int64_t i = 0;; i++) {
        MienLogReader *reader = (MienLogReader *)&reader;
        mieni_alloc_fail_at(i, false);
        MienStatus status = mien_log_reader_create(&reader);
        mieni_alloc_fail_at(-1, false);
        if (status == MIEN_OK) {
            assert_true(i > 0);
            mien_log_reader_destroy(reader);
            return;
        }
        assert_int_equal(status, MIEN_E_NOMEM);
        assert_null(reader);
    }
}

static void test_cause(void **state)
{
    (void)state;
    MienCause cause = {0};
    assert_int_equal(mien_cause_find("no-such-cause", &cause), MIEN_E_ARGUMENT);
    assert_null(cause.id);
    assert_int_equal(mien_cause_find(NULL, &cause), MIEN_E_ARGUMENT);
    assert_int_equal(mien_cause_find("pcie-link-degraded", &cause), MIEN_OK);
    assert_string_equal(cause.id, "pcie-link-degraded");
    assert_int_equal(cause.stage, 12);
    assert_int_equal(cause.severity, MIEN_SEVERITY_DEGRADING);
    assert_ptr_equal(cause.fix, mieni_catalogue_find("pcie-link-degraded")->fix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test(test_every_line_is_found),
        cmocka_unit_test(test_lines_of_programs),
        cmocka_unit_test(test_lines_together),
        cmocka_unit_test(test_summary_without_fault),
        cmocka_unit_test(test_pieces_make_no_difference),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_cause),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
