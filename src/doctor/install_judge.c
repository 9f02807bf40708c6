/* SPDX-License-Identifier: Apache-2.0 */
/* From the facts about an installation to what it can do: one verdict for each way to compute. */
#include "doctor/install.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Judge {
    const MieniFacts *facts;
    MieniVerdict *verdicts;
    size_t n;
} Judge;

static MieniVerdict *add(Judge *judge, const char *subject, MieniAnswer answer, const char *cause)
{
    MieniVerdict *verdict = &judge->verdicts[judge->n++];
    *verdict = (MieniVerdict){.subject = subject, .can_use_gpu = answer, .cause = cause};
    return verdict;
}

/* Adds a fact to what a verdict rests on, if anybody asked for it. */
static void cite(const Judge *judge, MieniVerdict *verdict, const char *name)
{
    const MieniFact *fact = mieni_facts_get(judge->facts, name);
    if (fact->state != MIENI_FACT_UNKNOWN && verdict->n_evidence < MIENI_VERDICT_EVIDENCE)
        verdict->evidence[verdict->n_evidence++] = fact;
}

static bool is(const Judge *judge, const char *name, const char *text)
{
    return mieni_facts_is(judge->facts, name, text);
}

static bool has(const Judge *judge, const char *name)
{
    return mieni_facts_has(judge->facts, name);
}

/* The first fact that matches a pattern, or NULL. */
static const MieniFact *first(const Judge *judge, const char *pattern)
{
    size_t at = 0;
    return mieni_facts_next(judge->facts, pattern, &at);
}

/* A version as one number: 0.10.31 is 10031. Letters behind it do not count. */
static long version_number(const Judge *judge, const char *name)
{
    int major = 0, minor = 0, patch = 0;
    const MieniFact *fact = mieni_facts_get(judge->facts, name);
    if (sscanf(fact->text, "%3d.%3d.%3d", &major, &minor, &patch) < 2 || major < 0 || minor < 0 ||
        patch < 0)
        return -1;
    return ((long)major * 1000 + minor) * 1000 + patch;
}

static bool has_windows_tag(const Judge *judge)
{
    size_t at = 0;
    const MieniFact *fact;
    while ((fact = mieni_facts_next(judge->facts, "M01.tag.*", &at))) {
        if (strstr(fact->text, "-win"))
            return true;
    }
    return false;
}

/* MediaPipe is not there: why pip may have refused it. Only where nothing else is there either, as
 * nobody may have wanted it. */
static void judge_absence(Judge *judge)
{
    static const char *const others[] = {"M05.*.version", "M06.library", "M07.*.version",
                                         "M08.version", "M09.*.version"};
    for (size_t i = 0; i < MIENI_COUNT_OF(others); i++) {
        size_t at = 0;
        const MieniFact *fact;
        while ((fact = mieni_facts_next(judge->facts, others[i], &at))) {
            if (fact->state == MIENI_FACT_VALUE)
                return;
        }
    }
    int minor = -1;
    const MieniFact *python = mieni_facts_get(judge->facts, "M01.python");
    bool is_known = sscanf(python->text, "3.%2d", &minor) == 1;
    const char *cause = NULL;
    /* Wheels were made for 3.7 to 3.12, and newer ones are in use with 3.13. */
    if (is_known && (minor < 7 || minor > 13))
        cause = "mediapipe-python-out-of-range";
    else if (is(judge, "P01.machine", "aarch64"))
        cause = "mediapipe-no-aarch64-wheel";
    MieniVerdict *verdict = add(judge, "MediaPipe (not installed)", MIENI_ANSWER_NO, cause);
    cite(judge, verdict, "M01.version");
    cite(judge, verdict, "M01.python");
    cite(judge, verdict, "P01.machine");
}

static void judge_legacy(Judge *judge)
{
    static const char subject[] = "MediaPipe's legacy API (mp.solutions)";
    MieniVerdict *verdict;
    if (is(judge, "M03.legacy", "yes")) {
        bool is_patched = is(judge, "M03.gpu_graph", "yes");
        verdict = is_patched ? add(judge, subject, MIENI_ANSWER_UNKNOWN, NULL)
                             : add(judge, subject, MIENI_ANSWER_NO, "mediapipe-legacy-cpu-only");
    } else if (version_number(judge, "M01.version") >= 10030) {
        verdict = add(judge, subject, MIENI_ANSWER_NO, "mediapipe-solutions-removed");
    } else {
        return;
    }
    cite(judge, verdict, "M03.legacy");
    cite(judge, verdict, "M03.gpu_graph");
    cite(judge, verdict, "M01.version");
    cite(judge, verdict, "M04.solutions");
}

static void judge_tasks(Judge *judge)
{
    static const char subject[] = "MediaPipe's Task API";
    long version = version_number(judge, "M01.version");
    const char *cause = NULL;
    if (has_windows_tag(judge))
        cause = "mediapipe-no-gpu-on-windows";
    else if (is(judge, "M02.gpu_build", "no"))
        cause = "mediapipe-wheel-without-gpu";
    else if (version == 10031 || (version == 10030 && is(judge, "M04.delegate_gpu", "yes")))
        cause = "mediapipe-delegate-dropped";
    MieniAnswer answer = cause                               ? MIENI_ANSWER_NO
                         : is(judge, "M02.gpu_build", "yes") ? MIENI_ANSWER_YES
                                                             : MIENI_ANSWER_UNKNOWN;
    MieniVerdict *verdict = add(judge, subject, answer, cause);
    cite(judge, verdict, "M01.version");
    cite(judge, verdict, "M02.gpu_build");
    cite(judge, verdict, "M02.needs_egl");
    cite(judge, verdict, "M02.disabled_text");
    if (is(judge, "M04.delegate_gpu", "no") && is(judge, "M04.solutions", "no")) {
        verdict = add(judge, "The script", MIENI_ANSWER_NO, "mediapipe-delegate-not-requested");
        cite(judge, verdict, "M04.delegate_gpu");
    }
}

static void judge_tensorflow(Judge *judge)
{
    bool has_cpu_package =
        has(judge, "M05.tensorflow_cpu.version") || has(judge, "M05.tensorflow_intel.version");
    if (!has(judge, "M05.tensorflow.version") && !has_cpu_package)
        return;
    const MieniFact *missing = first(judge, "M05.missing.*");
    const char *cause = NULL;
    bool is_cuda = is(judge, "M05.is_cuda_build", "yes");
    /* What the build says of itself counts before the package's name. */
    if (is(judge, "M05.is_cuda_build", "no") || (has_cpu_package && !is_cuda))
        cause = "tensorflow-cpu-build";
    else if (missing)
        cause = "tensorflow-libraries-missing";
    MieniVerdict *verdict = add(judge, "TensorFlow",
                                cause     ? MIENI_ANSWER_NO
                                : is_cuda ? MIENI_ANSWER_YES
                                          : MIENI_ANSWER_UNKNOWN,
                                cause);
    cite(judge, verdict, "M05.is_cuda_build");
    if (missing)
        cite(judge, verdict, missing->name);
    cite(judge, verdict, has_cpu_package ? "M05.tensorflow_cpu.version" : "M05.tensorflow.version");
    cite(judge, verdict, "M05.cuda_version");
}

static void judge_opencv(Judge *judge)
{
    if (!has(judge, "M06.library"))
        return;
    bool no = is(judge, "M06.cuda", "no");
    MieniVerdict *verdict = add(judge, "OpenCV",
                                no                             ? MIENI_ANSWER_NO
                                : is(judge, "M06.cuda", "yes") ? MIENI_ANSWER_YES
                                                               : MIENI_ANSWER_UNKNOWN,
                                no ? "opencv-without-cuda" : NULL);
    cite(judge, verdict, "M06.cuda");
    cite(judge, verdict, "M06.library");
}

static void judge_onnxruntime(Judge *judge)
{
    bool cpu = has(judge, "M07.onnxruntime.version");
    bool gpu = has(judge, "M07.onnxruntime_gpu.version");
    if (!cpu && !gpu)
        return;
    const MieniFact *missing = first(judge, "M07.missing.*");
    const char *cause = cpu       ? "onnxruntime-both-packages"
                        : missing ? "onnxruntime-cuda-libs-missing"
                                  : NULL;
    MieniVerdict *verdict = add(judge, "ONNX Runtime",
                                cause                             ? MIENI_ANSWER_NO
                                : has(judge, "M07.provider_cuda") ? MIENI_ANSWER_YES
                                                                  : MIENI_ANSWER_UNKNOWN,
                                cause);
    cite(judge, verdict, "M07.onnxruntime.version");
    cite(judge, verdict, "M07.onnxruntime_gpu.version");
    cite(judge, verdict, "M07.provider_cuda");
    if (missing)
        cite(judge, verdict, missing->name);
}

/* Whether code for one of "50 80 90" runs on a device of capability "8.6": code for 8.0 does, and
 * none of another first number. Source: CUDA C++ Programming Guide, "Binary Compatibility". */
static bool runs_on(const char *sms, const char *capability)
{
    char *end;
    long major = strtol(capability, &end, 10);
    long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    while (*sms) {
        long sm = strtol(sms, &end, 10);
        if (end == sms)
            break;
        if (sm / 10 == major && sm % 10 <= minor)
            return true;
        sms = end;
    }
    return false;
}

/* A GPU of this machine that PyTorch has no code for, if it has code for none of them. */
static const MieniFact *device_without_code(const Judge *judge)
{
    const MieniFact *sms = mieni_facts_get(judge->facts, "M08.sm"), *fact, *found = NULL;
    for (size_t at = 0;
         *sms->text && (fact = mieni_facts_next(judge->facts, "C02.*.capability", &at));) {
        if (runs_on(sms->text, fact->text))
            return NULL;
        found = fact;
    }
    return found;
}

static void judge_torch(Judge *judge)
{
    if (!has(judge, "M08.version"))
        return;
    const MieniFact *device = device_without_code(judge);
    const char *cause = is(judge, "M08.cuda", "None") ? "pytorch-cpu-build"
                        : device                      ? "no-kernel-image"
                                                      : NULL;
    MieniVerdict *verdict = add(judge, "PyTorch",
                                cause                    ? MIENI_ANSWER_NO
                                : has(judge, "M08.cuda") ? MIENI_ANSWER_YES
                                                         : MIENI_ANSWER_UNKNOWN,
                                cause);
    cite(judge, verdict, "M08.cuda");
    cite(judge, verdict, "M08.version");
    if (device)
        cite(judge, verdict, device->name);
    cite(judge, verdict, "M08.sm");
}

static void judge_tflite(Judge *judge)
{
    if (!has(judge, "M09.tflite_runtime.version") && !has(judge, "M09.ai_edge_litert.version"))
        return;
    bool none = is(judge, "M09.delegate", "no");
    MieniVerdict *verdict = add(judge, "TFLite", none ? MIENI_ANSWER_NO : MIENI_ANSWER_YES,
                                none ? "tflite-runtime-no-delegate" : NULL);
    cite(judge, verdict, "M09.delegate");
    cite(judge, verdict, "M09.tflite_runtime.version");
    cite(judge, verdict, "M09.ai_edge_litert.version");
}

size_t mieni_install_judge(const MieniFacts *facts, MieniVerdict verdicts[MIENI_MAX_VERDICTS])
{
    Judge judge = {facts, verdicts, 0};
    if (has(&judge, "M01.version") || has(&judge, "M02.library")) {
        judge_legacy(&judge);
        judge_tasks(&judge);
    } else if (mieni_facts_absent(facts, "M01.version")) {
        judge_absence(&judge);
    }
    judge_tensorflow(&judge);
    judge_opencv(&judge);
    judge_onnxruntime(&judge);
    judge_torch(&judge);
    judge_tflite(&judge);
    return judge.n;
}
