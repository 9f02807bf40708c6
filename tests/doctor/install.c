/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700

#include "support/test.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/catalogue.h"
#include "doctor/install_files.h"
#include "mien/install.h"

/* --- Trees of files in the temporary folder */

static char tree[3000]; /* the current one */
static int n_trees;

static void new_tree(void)
{
    char name[32];
    snprintf(name, sizeof(name), "tree%d", n_trees++);
    snprintf(tree, sizeof(tree), "%s", test_temporary(name));
    assert_int_equal(mkdir(tree, 0700), 0);
}

/* Path of a name in the tree, with its folders made. */
static const char *in_tree(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof(path), "%s/%s", tree, name);
    for (char *slash = path + strlen(tree) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    return path;
}

static void put_bytes(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(in_tree(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* "@gpu", "@cpu" and "@cuda" stand for the libraries that the build makes. */
static void put_file(const char *name, const char *content)
{
    static const struct {
        const char *content, *library;
    } libraries[] = {
        {"@gpu", TEST_LIBRARY_GPU}, {"@cpu", TEST_LIBRARY_CPU}, {"@cuda", TEST_LIBRARY_CUDA}};
    for (size_t i = 0; i < MIENI_COUNT_OF(libraries); i++) {
        if (strcmp(content, libraries[i].content) == 0) {
            size_t size;
            char *bytes = test_read_file(libraries[i].library, &size);
            put_bytes(name, bytes, size);
            free(bytes);
            return;
        }
    }
    put_bytes(name, content, strlen(content));
}

#define SITE "lib/python3.11/site-packages/"

static MieniFacts *inspect(const char *path, MienStatus want)
{
    MieniFacts *facts;
    MienError error = {0};
    assert_int_equal(mieni_facts_create(&facts), MIEN_OK);
    MienStatus status = mieni_install_inspect(path, facts, &error);
    if (status != want)
        fail_msg("%s: status %d, not %d: %s", path, (int)status, (int)want, error.text);
    assert_int_equal(error.text[0] != '\0', status != MIEN_OK);
    return facts;
}

/* The verdicts as "subject=answer:cause;...". */
static void verdicts_as_text(const MieniFacts *facts, char *text, size_t size)
{
    static const char *const answers[] = {"?", "no", "yes"};
    MieniVerdict verdicts[MIENI_MAX_VERDICTS];
    size_t n = mieni_install_judge(facts, verdicts), used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const MieniVerdict *v = &verdicts[i];
        used += (size_t)snprintf(text + used, size - used, "%s%s=%s%s%s", i > 0 ? ";" : "",
                                 v->subject, answers[v->can_use_gpu], v->cause ? ":" : "",
                                 v->cause ? v->cause : "");
        assert_true(used < size);
        assert_true(v->n_evidence > 0);
        if (v->cause)
            assert_true(mieni_catalogue_find(v->cause)->implemented);
    }
}

static void check(const char *want)
{
    char got[1000];
    MieniFacts *facts = inspect(tree, MIEN_OK);
    verdicts_as_text(facts, got, sizeof(got));
    if (strcmp(got, want) != 0)
        fail_msg("%s: verdicts '%s', not '%s'", tree, got, want);
    mieni_facts_destroy(facts);
}

static void put_package(const char *name, const char *version)
{
    char path[256], text[256];
    snprintf(path, sizeof(path), SITE "%s-%s.dist-info/METADATA", name, version);
    snprintf(text, sizeof(text), "Metadata-Version: 2.1\nName: %s\nVersion: %s\n\nVersion: 9\n",
             name, version);
    put_file(path, text);
}

#define LEGACY "MediaPipe's legacy API (mp.solutions)="
#define TASKS "MediaPipe's Task API="

static void put_mediapipe(const char *version, const char *library, const char *content)
{
    new_tree();
    put_package("mediapipe", version);
    put_file(library, content);
}

static const char old_library[] =
    SITE "mediapipe/python/_framework_bindings.cpython-311-x86_64-linux-gnu.so";
static const char new_library[] = SITE "mediapipe/tasks/c/libmediapipe.so";
static const char face_mesh[] = SITE "mediapipe/python/solutions/face_mesh.py";

static void test_mediapipe(void **state)
{
    (void)state;
    put_mediapipe("0.10.21", old_library, "@gpu");
    put_file(face_mesh, "");
    put_file(SITE "mediapipe/modules/face_landmark/face_landmark_front_cpu.binarypb", "");
    check(LEGACY "no:mediapipe-legacy-cpu-only;" TASKS "yes");

    put_mediapipe("0.10.9", old_library, "@cpu");
    put_file(face_mesh, "");
    check(LEGACY "no:mediapipe-legacy-cpu-only;" TASKS "no:mediapipe-wheel-without-gpu");

    /* A community build. */
    put_mediapipe("0.10.7", old_library, "@gpu");
    put_file(face_mesh, "");
    put_file(SITE "mediapipe/modules/face_landmark/face_landmark_front_gpu.binarypb", "");
    check(LEGACY "?;" TASKS "yes");

    put_mediapipe("0.10.32", new_library, "@cpu");
    check(LEGACY "no:mediapipe-solutions-removed;" TASKS "no:mediapipe-wheel-without-gpu");
    put_mediapipe("0.10.31", new_library, "@gpu");
    check(LEGACY "no:mediapipe-solutions-removed;" TASKS "no:mediapipe-delegate-dropped");
    put_mediapipe("0.10.30", new_library, "@gpu");
    check(LEGACY "no:mediapipe-solutions-removed;" TASKS "yes");
    put_mediapipe("1.0.0", new_library, "not a library");
    check(LEGACY "no:mediapipe-solutions-removed;" TASKS "?");

    put_mediapipe("0.10.14", new_library, "@gpu");
    put_file(SITE "mediapipe-0.10.14.dist-info/WHEEL",
             "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-win_amd64\n");
    check(TASKS "no:mediapipe-no-gpu-on-windows");
}

static void test_mediapipe_facts(void **state)
{
    (void)state;
    put_mediapipe("0.10.21", old_library, "@gpu");
    put_file(SITE "mediapipe-0.10.21.dist-info/WHEEL",
             "Tag: cp311-cp311-manylinux_2_28_x86_64\r\nTag: cp311-cp311-other\r\n");
    MieniFacts *facts = inspect(tree, MIEN_OK);
    assert_true(mieni_facts_is(facts, "M01.python", "3.11"));
    assert_true(mieni_facts_is(facts, "M01.version", "0.10.21"));
    assert_true(mieni_facts_is(facts, "M01.tag.0", "cp311-cp311-manylinux_2_28_x86_64"));
    assert_true(mieni_facts_is(facts, "M01.tag.1", "cp311-cp311-other"));
    assert_true(mieni_facts_contains(facts, "M02.library", "_framework_bindings"));
    assert_true(mieni_facts_is(facts, "M02.needs_egl", "yes"));
    assert_true(mieni_facts_is(facts, "M02.disabled_text", "no"));
    assert_true(mieni_facts_is(facts, "M03.legacy", "no"));
    assert_true(mieni_facts_absent(facts, "M08.version"));
    mieni_facts_destroy(facts);
}

static void test_absent(void **state)
{
    (void)state;
    new_tree();
    put_file(SITE "six.py", "");
    check("MediaPipe (not installed)=no");
    new_tree();
    put_file("lib/python3.6/site-packages/six.py", "");
    check("MediaPipe (not installed)=no:mediapipe-python-out-of-range");
    new_tree();
    put_file("lib/python3.14/site-packages/six.py", "");
    check("MediaPipe (not installed)=no:mediapipe-python-out-of-range");

    new_tree();
    put_file(SITE "six.py", "");
    MieniFacts *facts = inspect(tree, MIEN_OK);
    char got[1000];
    assert_int_equal(mieni_facts_set(facts, "P01.machine", "aarch64"), MIEN_OK);
    verdicts_as_text(facts, got, sizeof(got));
    assert_string_equal(got, "MediaPipe (not installed)=no:mediapipe-no-aarch64-wheel");
    mieni_facts_destroy(facts);

    /* Where there is something else, nobody may have wanted MediaPipe. */
    new_tree();
    put_package("torch", "2.5.1");
    check("PyTorch=?");
}

static void test_tensorflow(void **state)
{
    (void)state;
    static const char build_info[] = SITE "tensorflow/python/platform/build_info.py";
    new_tree();
    put_package("tensorflow", "2.18.0");
    check("TensorFlow=?");
    put_file(build_info, "build_info = collections.OrderedDict([('is_cuda_build', False)])\n");
    check("TensorFlow=no:tensorflow-cpu-build");
    put_file(build_info, "# is_cuda_build = False\n"
                         "build_info = collections.OrderedDict([('cuda_version', '77.5.1'), "
                         "('cudnn_version', '66'), ('is_cuda_build', True)])\n");
    check("TensorFlow=no:tensorflow-libraries-missing");
    put_file(SITE "nvidia/cuda_runtime/lib/libcudart.so.77", "");
    check("TensorFlow=no:tensorflow-libraries-missing");
    put_file(SITE "nvidia/cudnn/lib/libcudnn.so.66", "");
    check("TensorFlow=yes");
    new_tree();
    put_package("tensorflow_cpu", "2.18.0");
    check("TensorFlow=no:tensorflow-cpu-build");
}

static void test_opencv(void **state)
{
    (void)state;
    static const char library[] = SITE "cv2/cv2.abi3.so";
    new_tree();
    put_file(library, "General configuration for OpenCV 4.11.0\n  Version control: 4\n");
    check("OpenCV=no:opencv-without-cuda");
    put_file(library, "General configuration for OpenCV 4.11.0\n"
                      "  NVIDIA CUDA:                   YES (ver 12.2, CUFFT)\n");
    check("OpenCV=yes");
    put_file(library, "General configuration for OpenCV 4.11.0\n"
                      "  NVIDIA CUDA:                   NO\n  YES\n");
    check("OpenCV=no:opencv-without-cuda");
    put_file(library, "something else");
    check("OpenCV=?");
    new_tree();
    put_file(SITE "cv2/python-3.11/cv2.cpython-311.so", "NVIDIA CUDA:        YES");
    check("OpenCV=yes");
}

static void test_onnxruntime(void **state)
{
    (void)state;
    static const char provider[] = SITE "onnxruntime/capi/libonnxruntime_providers_cuda.so";
    new_tree();
    put_package("onnxruntime", "1.20.0");
    check("ONNX Runtime=no:onnxruntime-both-packages");
    put_package("onnxruntime_gpu", "1.20.0");
    check("ONNX Runtime=no:onnxruntime-both-packages");
    new_tree();
    put_package("OnnxRuntime.GPU", "1.20.0"); /* other spellings of the name */
    put_file(provider, "@cuda");
    check("ONNX Runtime=no:onnxruntime-cuda-libs-missing");
    MieniFacts *facts = inspect(tree, MIEN_OK);
    assert_true(mieni_facts_absent(facts, "M07.missing.libcublasLt.so.77"));
    mieni_facts_destroy(facts);
    put_file(SITE "nvidia/cublas/lib/libcublasLt.so.77", "");
    check("ONNX Runtime=yes");
}

/* What PyTorch's code is for, against the GPUs of this machine. */
static void test_torch_without_code(void **state)
{
    (void)state;
    static const struct {
        const char *sms, *capabilities[2], *want;
    } cases[] = {
        {"50 80 90", {"8.6"}, "PyTorch=yes"},
        {"50 80 90", {"12.0"}, "PyTorch=no:no-kernel-image"},
        {"50 86 90", {"8.0"}, "PyTorch=no:no-kernel-image"},
        {"50 80 90", {"12.0", "5.2"}, "PyTorch=yes"},
        {"50 80 90", {"12.0", "7.5"}, "PyTorch=no:no-kernel-image"},
        {"50 80 90 120", {"12.0"}, "PyTorch=yes"},
        {"", {"12.0"}, "PyTorch=yes"},
        {"50 80 90", {NULL}, "PyTorch=yes"},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        MieniFacts *facts;
        char got[200];
        assert_int_equal(mieni_facts_create(&facts), MIEN_OK);
        mieni_facts_set(facts, "M08.version", "2.5.1");
        mieni_facts_set(facts, "M08.cuda", "12.4");
        mieni_facts_set(facts, "M08.sm", cases[i].sms);
        for (int k = 0; k < 2 && cases[i].capabilities[k]; k++) {
            char name[32];
            snprintf(name, sizeof(name), "C02.%d.capability", k);
            mieni_facts_set(facts, name, cases[i].capabilities[k]);
        }
        verdicts_as_text(facts, got, sizeof(got));
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("case %zu: '%s', not '%s'", i, got, cases[i].want);
        mieni_facts_destroy(facts);
    }
}

static void test_torch(void **state)
{
    (void)state;
    new_tree();
    put_package("torch", "2.5.1+cpu");
    put_file(SITE "torch/version.py", "from typing import Optional\n__version__ = '2.5.1+cpu'\n"
                                      "debug = False\ncuda: Optional[str] = None\n");
    check("PyTorch=no:pytorch-cpu-build");
    put_file(SITE "torch/version.py", "__version__ = '2.5.1'\ncuda = '12.4'\n");
    put_file(SITE "torch/lib/libtorch_cuda.so", "x sm_90 sm_50 sm_90 sm_120");
    check("PyTorch=yes");
    MieniFacts *facts = inspect(tree, MIEN_OK);
    assert_true(mieni_facts_is(facts, "M08.cuda", "12.4"));
    assert_true(mieni_facts_is(facts, "M08.sm", "50 90 120"));
    mieni_facts_destroy(facts);
}

static void test_tflite(void **state)
{
    (void)state;
    new_tree();
    put_package("tflite_runtime", "2.14.0");
    check("TFLite=no:tflite-runtime-no-delegate");
    put_file(SITE "libtensorflowlite_gpu_delegate.so", "");
    check("TFLite=yes");
    new_tree();
    put_package("ai_edge_litert", "2.3.0");
    put_file(SITE "ai_edge_litert/libLiteRt.so", "");
    check("TFLite=no:tflite-runtime-no-delegate");
    put_file(SITE "ai_edge_litert/libLiteRtWebGpuAccelerator.so", "");
    check("TFLite=yes");
    put_file(SITE "tensorrt_libs/libnvinfer.so.10", "");
    MieniFacts *facts = inspect(tree, MIEN_OK);
    assert_true(mieni_facts_is(facts, "M10.libnvinfer.0", "libnvinfer.so.10"));
    mieni_facts_destroy(facts);
}

/* All that a user may call "my Python" leads to the same packages. */
static void test_ways_to_name_it(void **state)
{
    (void)state;
    static const char *const names[] = {"", "/bin/python", "/bin/python3.11",
                                        "/lib/python3.11/site-packages",
                                        "/lib/python3.11/site-packages/"};
    put_mediapipe("0.10.21", old_library, "@cpu");
    put_file("lib/python3.9/site-packages/mediapipe-0.8.0.dist-info/METADATA", "Version: 0.8.0\n");
    assert_int_equal(symlink("lib", in_tree("lib64")), 0);
    put_file("bin/python3.11", "");
    assert_int_equal(symlink("python3.11", in_tree("bin/python")), 0);
    for (size_t i = 2; i < MIENI_COUNT_OF(names); i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s%s", tree, names[i]);
        MieniFacts *facts = inspect(path, MIEN_OK);
        assert_true(mieni_facts_is(facts, "M01.version", "0.10.21"));
        assert_true(mieni_facts_is(facts, "M01.python", "3.11"));
        assert_false(mieni_facts_has(facts, "M01.site.1"));
        mieni_facts_destroy(facts);
    }
    /* An environment that takes its base's packages in, named by a link to its Python. */
    char base[3000], config[4096];
    snprintf(base, sizeof(base), "%s", tree);
    new_tree();
    put_file(SITE "six.py", "");
    snprintf(config, sizeof(config), "home = %s/bin\ninclude-system-site-packages = true\n", base);
    put_file("pyvenv.cfg", config);
    snprintf(config, sizeof(config), "%s/bin/python3.11", base);
    assert_int_equal(symlink(config, in_tree("bin/python")), 0);
    for (size_t i = 0; i < 2; i++) {
        snprintf(config, sizeof(config), "%s%s", tree, names[i]);
        MieniFacts *facts = inspect(config, MIEN_OK);
        assert_true(mieni_facts_is(facts, "M01.version", "0.10.21"));
        assert_true(mieni_facts_has(facts, "M01.site.1"));
        mieni_facts_destroy(facts);
    }
    put_file("pyvenv.cfg", "include-system-site-packages = false\n");
    MieniFacts *facts = inspect(tree, MIEN_OK);
    assert_true(mieni_facts_absent(facts, "M01.version"));
    mieni_facts_destroy(facts);
}

static void test_nothing_there(void **state)
{
    (void)state;
    new_tree();
    put_file("file", "");
    assert_int_equal(symlink("loop", in_tree("loop")), 0);
    mieni_facts_destroy(inspect(in_tree("none"), MIEN_E_IO));
    mieni_facts_destroy(inspect(in_tree("loop"), MIEN_E_IO));
    mieni_facts_destroy(inspect(in_tree("file"), MIEN_E_FORMAT));
    mieni_facts_destroy(inspect(tree, MIEN_E_FORMAT));
    mieni_facts_destroy(inspect("", MIEN_E_IO));
}

/* Files that are not what their names say: no hang, no harm, and no invented answer. */
static void test_hostile(void **state)
{
    (void)state;
    static char junk[1 << 20];
    memset(junk, 0xee, sizeof(junk));
    new_tree();
    put_bytes(SITE "mediapipe-0.10.21.dist-info/METADATA", junk, sizeof(junk));
    put_bytes(SITE "torch-2.0.0.dist-info/METADATA", "Version\0: 1\nVersion: \nVersion:\0", 31);
    put_bytes(SITE "torch/version.py", junk, sizeof(junk));
    put_bytes(SITE "tensorflow/python/platform/build_info.py", "'cuda_version', '12", 19);
    put_file(SITE "-1.dist-info/METADATA", "");
    put_file(SITE ".dist-info/METADATA", "");
    put_file(SITE "mediapipe.dist-info/METADATA", "");
    put_bytes(new_library, "\177ELF", 4);
    assert_int_equal(mkfifo(in_tree(SITE "cv2/cv2.so"), 0600), 0);
    put_package("onnxruntime_gpu", "1.0");
    put_file(SITE "onnxruntime/capi/libonnxruntime_providers_cuda.so/x", ""); /* a folder */
    assert_int_equal(symlink("a", in_tree(SITE "mediapipe/python")), 0);
    assert_int_equal(symlink("python", in_tree(SITE "mediapipe/a")), 0);
    MieniFacts *facts = inspect(tree, MIEN_OK);
    assert_true(mieni_facts_is(facts, "M01.version", "0.10.21")); /* by the folder's name */
    assert_true(mieni_facts_is(facts, "M08.version", "2.0.0"));
    assert_int_equal(mieni_facts_get(facts, "M02.gpu_build")->state, MIENI_FACT_UNREADABLE);
    assert_int_equal(mieni_facts_get(facts, "M06.cuda")->state, MIENI_FACT_UNREADABLE);
    assert_false(mieni_facts_has(facts, "M08.cuda"));
    char got[1000];
    verdicts_as_text(facts, got, sizeof(got));
    assert_string_equal(got, TASKS "?;OpenCV=?;ONNX Runtime=?;PyTorch=?");
    mieni_facts_destroy(facts);
}

static void test_script(void **state)
{
    (void)state;
    MieniFacts *facts;
    char got[1000];
    put_mediapipe("0.10.30", new_library, "@gpu");
    facts = inspect(tree, MIEN_OK);
    put_file("script.py", "options = BaseOptions(delegate=BaseOptions.Delegate.GPU)\n");
    assert_int_equal(mieni_install_read_script(in_tree("script.py"), facts, NULL), MIEN_OK);
    verdicts_as_text(facts, got, sizeof(got));
    assert_string_equal(got, LEGACY "no:mediapipe-solutions-removed;" TASKS
                                    "no:mediapipe-delegate-dropped");
    put_file("script.py", "options = BaseOptions(model_asset_path='x')\n");
    assert_int_equal(mieni_install_read_script(in_tree("script.py"), facts, NULL), MIEN_OK);
    verdicts_as_text(facts, got, sizeof(got));
    assert_string_equal(got, LEGACY "no:mediapipe-solutions-removed;" TASKS
                                    "yes;The script=no:mediapipe-delegate-not-requested");
    put_file("script.py", "mesh = mp.solutions.face_mesh.FaceMesh(model_selection=1)\n");
    assert_int_equal(mieni_install_read_script(in_tree("script.py"), facts, NULL), MIEN_OK);
    assert_true(mieni_facts_is(facts, "M04.solutions", "yes"));
    assert_true(mieni_facts_is(facts, "M04.model_selection", "yes"));
    MienError error = {0};
    assert_int_equal(mieni_install_read_script(in_tree("none.py"), facts, &error), MIEN_E_IO);
    assert_non_null(strstr(error.text, "none.py"));
    mieni_facts_destroy(facts);
}

static void test_python_values(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want; /* NULL: no value */
    } cases[] = {
        {"cuda = '12.4'", "12.4"},
        {"cuda=\"12.4\" # x", "12.4"},
        {"a = 1\ncuda: Optional[str] = None\n", "None"},
        {"cuda = /a path/bin  \r\n", "/a path/bin"},
        {"[('cuda', '12'), ('x', 1)]", "12"},
        {"{'cuda': True}", "True"},
        {"('cuda', False)", "False"},
        {"# cuda = 1\ncuda = 2", "2"},
        {"cudax = 1", NULL},
        {"xcuda = 1", NULL},
        {"cuda == 1", NULL},
        {"cuda = ", NULL},
        {"cuda", NULL},
        {"'cuda", NULL},
        {"'cuda'", NULL},
        {"cuda: str", NULL},
        {"cuda = 0123456789012345678901234567890123456789", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char value[20];
        bool found = mieni_python_value(cases[i].text, "cuda", value, sizeof(value));
        if (found != (cases[i].want != NULL) || (found && strcmp(value, cases[i].want) != 0))
            fail_msg("'%s' gives '%s'", cases[i].text, found ? value : "nothing");
    }
}

static void test_metadata_headers(void **state)
{
    (void)state;
    char value[8];
    assert_true(mieni_metadata_header("Name: x\nVersion:  1.2 \n", "Version", value, 8));
    assert_string_equal(value, "1.2");
    assert_true(mieni_metadata_header("Name: x\r\nVersion: 1\r\n\r\n", "Version", value, 8));
    assert_string_equal(value, "1");
    assert_false(mieni_metadata_header("Name: x\n\nVersion: 1\n", "Version", value, 8));
    assert_false(mieni_metadata_header("Name: x\r\n\r\nVersion: 1\n", "Version", value, 8));
    assert_false(mieni_metadata_header("Version", "Version", value, 8));
    assert_false(mieni_metadata_header("Version:", "Version", value, 8));
    assert_false(mieni_metadata_header("Version: 12345678\n", "Version", value, 8));
    assert_false(mieni_metadata_header("", "Version", value, 8));
}

/* The public calls say the same in plain texts. */
static void test_public(void **state)
{
    (void)state;
    put_mediapipe("0.10.32", new_library, "@cpu");
    put_file("script.py", "");
    MienInstall *install = (MienInstall *)&install;
    MienError error = {0};
    assert_int_equal(mien_install_create(NULL, NULL, &install, &error), MIEN_E_ARGUMENT);
    assert_null(install);
    assert_int_equal(mien_install_create(tree, NULL, NULL, &error), MIEN_E_ARGUMENT);
    assert_int_equal(mien_install_create(in_tree("none"), NULL, &install, &error), MIEN_E_IO);
    assert_int_equal(mien_install_create(tree, "no/script.py", &install, &error), MIEN_E_IO);
    assert_non_null(strstr(error.text, "no/script.py"));
    assert_int_equal(mien_install_create(tree, in_tree("script.py"), &install, &error), MIEN_OK);
    size_t n;
    const MienInstallVerdict *verdicts = mien_install_verdicts(install, &n);
    assert_int_equal(n, 3); /* the script asks for nothing */
    assert_string_equal(verdicts[1].subject, "MediaPipe's Task API");
    assert_int_equal(verdicts[1].can_use_gpu, MIEN_ANSWER_NO);
    assert_string_equal(verdicts[1].cause, "mediapipe-wheel-without-gpu");
    assert_string_equal(verdicts[1].evidence[1].probe, "M02.gpu_build");
    assert_string_equal(verdicts[1].evidence[1].value, "no");
    const MienInstallFact *facts = mien_install_facts(install, &n);
    bool has_absent = false;
    for (size_t i = 0; i < n; i++) {
        assert_true(i == 0 || strcmp(facts[i - 1].probe, facts[i].probe) < 0);
        has_absent |= !strcmp(facts[i].probe, "M08.version") && !strcmp(facts[i].value, "absent");
    }
    assert_true(has_absent);
    mien_install_destroy(install);
    mien_install_destroy(NULL);
    put_file(new_library, "no library");
    assert_int_equal(mien_install_create(tree, NULL, &install, &error), MIEN_OK);
    verdicts = mien_install_verdicts(install, &n);
    assert_int_equal(verdicts[1].can_use_gpu, MIEN_ANSWER_UNKNOWN);
    assert_true(mieni_begins(verdicts[1].evidence[1].value, "error "));
    mien_install_destroy(install);
}

static void test_public_out_of_memory(void **state)
{
    (void)state;
    put_mediapipe("0.10.21", old_library, "@gpu");
    for (int64_t i = 0;; i++) {
        MienInstall *install = (MienInstall *)&install;
        mieni_alloc_fail_at(i, true);
        MienStatus status = mien_install_create(tree, NULL, &install, NULL);
        mieni_alloc_fail_at(-1, false);
        if (status == MIEN_OK) {
            mien_install_destroy(install);
            assert_true(i > 10);
            return;
        }
        assert_int_equal(status, MIEN_E_NOMEM);
        assert_null(install);
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    put_mediapipe("0.10.21", old_library, "@gpu");
    for (int64_t i = 0;; i++) {
        MieniFacts *facts;
        MienError error = {0};
        assert_int_equal(mieni_facts_create(&facts), MIEN_OK);
        mieni_alloc_fail_at(i, true);
        MienStatus status = mieni_install_inspect(tree, facts, &error);
        mieni_alloc_fail_at(-1, false);
        mieni_facts_destroy(facts);
        if (status == MIEN_OK) {
            assert_true(i > 10);
            return;
        }
        assert_int_equal(status, MIEN_E_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mediapipe),
        cmocka_unit_test(test_mediapipe_facts),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_tensorflow),
        cmocka_unit_test(test_opencv),
        cmocka_unit_test(test_onnxruntime),
        cmocka_unit_test(test_torch),
        cmocka_unit_test(test_torch_without_code),
        cmocka_unit_test(test_tflite),
        cmocka_unit_test(test_ways_to_name_it),
        cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_script),
        cmocka_unit_test(test_python_values),
        cmocka_unit_test(test_metadata_headers),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_public),
        cmocka_unit_test(test_public_out_of_memory),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
