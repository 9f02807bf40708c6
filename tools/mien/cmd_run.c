/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "inputs.h"
#include "interrupt.h"
#include "message.h"
#include "output/output.h"
#include "overlay.h"
#include "session.h"
#include "store.h"

typedef struct RunValues {
    CliCommon common;
    CliList outputs;
    int32_t format;
    bool json;
    int32_t faces, threads, batch;
    const char *model, *detector, *model_dir, *draw, *device;
    bool refine, is_static, require_face, allow_software;
    double min_detection_confidence, min_presence_confidence, min_tracking_confidence, fov;
    int32_t smooth, precision, progress, on_device_loss;
} RunValues;

/* fov: not given. */
#define NO_FOV 0

static const char *const loss_names[] = {"fail", "reopen",
                                         NULL}; /* in the order of MienOnDeviceLoss */
static const char *const smooth_names[] = {"default", "off", "mediapipe", "strong", NULL};

/* clang-format off */
static const CliOption options[] = {
    {"output", 'o', CLI_TEXTS, offsetof(RunValues, outputs), "OUT", "a file, a folder or - for standard output; may be repeated; the ending chooses the format: .jsonl .csv .png .jpg .mp4 .obj (default -)", 0, 0, NULL},
    {"format", 'f', CLI_CHOICE, offsetof(RunValues, format), "F", "format of outputs without a telling ending, and of folders: ndjson, csv, openface (also for .csv), obj, png, jpeg, mp4, annotated (default ndjson)", 0, 0, cli_format_names},
    {"json", 0, CLI_FLAG, offsetof(RunValues, json), NULL, "the same as --format ndjson", 0, 0, NULL},
    {"faces", 'n', CLI_INT, offsetof(RunValues, faces), "N", "faces to look for (default 1)", 1, 100, NULL},
    {"model", 'm', CLI_TEXT, offsetof(RunValues, model), "NAME", "face_mesh (468 landmarks, default), face_mesh_attention (478), face_landmarker (478, blendshapes and pose), or a .tflite or .task file", 0, 0, NULL},
    {"refine", 0, CLI_FLAG, offsetof(RunValues, refine), NULL, "the same as --model face_mesh_attention", 0, 0, NULL},
    {"detector", 0, CLI_TEXT, offsetof(RunValues, detector), "NAME", "short (faces within 2 m, default; a bundle has its own), full (within 5 m), or a .tflite file", 0, 0, NULL},
    {"model-dir", 0, CLI_TEXT, offsetof(RunValues, model_dir), "DIR", "look for models here first", 0, 0, NULL},
    {"device", 'd', CLI_TEXT, offsetof(RunValues, device), "D", "cpu, cuda[:N|:GPU-uuid], vulkan[:N], gpu or auto; nothing else is used instead; several, as in cuda:0,cuda:1, share pictures (default $MIEN_DEVICE, else cpu)", 0, 0, NULL},
    {"allow-software", 0, CLI_FLAG, offsetof(RunValues, allow_software), NULL, "let --device vulkan:N be a driver that computes on the CPU", 0, 0, NULL},
    {"precision", 0, CLI_CHOICE, offsetof(RunValues, precision), "P", "what the device computes in: fp32, fp16, or auto, which is fp16 where the device is faster with it (default fp32)", 0, 0, cli_precision_names},
    {"on-device-loss", 0, CLI_CHOICE, offsetof(RunValues, on_device_loss), "WHAT", "when the device is lost in the middle: fail, or reopen the same device and go on (default fail)", 0, 0, loss_names},
    {"min-detection-confidence", 0, CLI_REAL, offsetof(RunValues, min_detection_confidence), "X", "drop detections below this score (default 0.5)", 0, 1, NULL},
    {"min-tracking-confidence", 0, CLI_REAL, offsetof(RunValues, min_tracking_confidence), "X", "face_mesh: drop faces whose presence is not above this; face_landmarker: a detection that overlaps a followed face by more is that face (default 0.5)", 0, 1, NULL},
    {"min-presence-confidence", 0, CLI_REAL, offsetof(RunValues, min_presence_confidence), "X", "face_landmarker: drop faces whose presence is not above this (default 0.5)", 0, 1, NULL},
    {"smooth", 0, CLI_CHOICE, offsetof(RunValues, smooth), "S", "landmarks of followed faces: off, mediapipe or strong; default is what MediaPipe does, face_landmarker with one face only", 0, 0, smooth_names},
    {"fov", 0, CLI_REAL, offsetof(RunValues, fov), "DEG", "vertical field of view of the camera, for the pose, which it asks for (default 63)", 1, 170, NULL},
    {"static", 0, CLI_FLAG, offsetof(RunValues, is_static), NULL, "search every frame of a video for faces instead of following them", 0, 0, NULL},
    {"threads", 't', CLI_INT, offsetof(RunValues, threads), "N", "threads that compute (default 1)", 1, 64, NULL},
    {"batch", 'b', CLI_INT, offsetof(RunValues, batch), "N", "pictures, or frames with --static, that are computed together; frames of a followed video depend on one another and go one at a time (default 1)", 1, 256, NULL},
    {"draw", 0, CLI_TEXT, offsetof(RunValues, draw), "LIST", "what annotated outputs show: mesh, contours, irises, box, id, pose, or none (default " CLI_OVERLAY_DEFAULT ")", 0, 0, NULL},
    {"require-face", 0, CLI_FLAG, offsetof(RunValues, require_face), NULL, "exit with 7 if no face was found in any input", 0, 0, NULL},
    {"progress", 0, CLI_CHOICE, offsetof(RunValues, progress), "WHEN", "auto (on a terminal), none, or json for programs (default auto)", 0, 0, cli_progress_names},
    CLI_COMMON_OPTIONS(RunValues, common),
};
/* clang-format on */

static const CliCommand command = {
    .name = "run",
    .summary = "Finds faces in pictures and video and writes their landmarks.",
    .usage = "INPUT... [-o OUT]...",
    .examples = "mien run portrait.jpg                        landmarks as NDJSON\n"
                "mien run portrait.jpg -o mesh.png            the mesh drawn on the picture\n"
                "mien run clip.mp4 -o clip.mp4.jsonl -o annotated.mp4\n"
                "mien run clip.mp4 -m face_landmarker -o pose.csv --format openface\n"
                "mien run --refine --faces 4 photos/ -o out/ --format annotated\n"
                "mien run 'photos/*.jpg' -o faces.csv --batch 8\n"
                "cat portrait.png | mien run - -o - --format csv\n",
    .notes =
        "INPUT is a picture, a video, a folder (its media files, sorted by name; folders below it\n"
        "are not searched), a pattern, or - for standard input. Outputs are in the order of "
        "inputs.\n"
        "A folder as OUT gets one file per input, named after it.\n"
        "\n"
        "Exit codes: 0 ok, 1 internal error, 2 usage, 3 device unavailable, 4 input cannot be\n"
        "opened or decoded, 5 model missing or corrupt, 6 output cannot be written, 7 no face "
        "found\n"
        "(--require-face), 8 some of several inputs failed, 130 and 143 ended by a signal.\n",
    .options = options,
    .max_operands = SIZE_MAX,
    .min_operands = 1,
    .operand_name = "INPUT",
};

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Names that --model and --detector know, and the catalogue's names for them. */
typedef struct ModelName {
    const char *name, *entry;
} ModelName;

static const ModelName landmark_models[] = {{"face_mesh", "face_mesh"},
                                            {"face_mesh_attention", "face_mesh_attention"},
                                            {"face_landmarker", "face_landmarker"},
                                            {NULL, NULL}};
static const ModelName detector_models[] = {
    {"short", "face_detector_short"}, {"full", "face_detector_full_sparse"}, {NULL, NULL}};

static bool looks_like_file(const char *text)
{
    size_t length = strlen(text);
    return strchr(text, '/') || (length > 7 && !strcmp(text + length - 7, ".tflite")) ||
           (length > 5 && !strcmp(text + length - 5, ".task")) || access(text, F_OK) == 0;
}

/* A model in use and where it came from. */
typedef struct Loaded {
    MienModel *model;
    char *path;
} Loaded;

static CliExit load(const CliStore *store, const char *option, const ModelName *known,
                    const char *text, Loaded *loaded)
{
    for (const ModelName *name = known; name->name; name++) {
        const MienCatalogEntry *entry = mien_model_catalog_find(name->entry);
        /* The name of its file will do, where no such file lies in the working folder. */
        bool file_is_meant = !strcmp(entry->file, text) && access(text, F_OK) != 0;
        if (!strcmp(name->name, text) || !strcmp(name->entry, text) || file_is_meant)
            return cli_store_load(store, entry, &loaded->model, &loaded->path);
    }
    if (looks_like_file(text)) {
        MienError error = {0};
        loaded->path = strdup(text);
        if (!loaded->path)
            return cli_fail(CLI_INTERNAL, "out of memory");
        if (mien_model_load_file(text, &loaded->model, &error) != MIEN_OK)
            return cli_fail(CLI_MODEL, "%s", error.text);
        return CLI_OK;
    }
    const char *names[4] = {NULL};
    char list[80] = "";
    for (int i = 0; known[i].name; i++) {
        names[i] = known[i].name;
        size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", known[i].name);
    }
    const char *meant = cli_did_you_mean(text, names);
    if (meant)
        return cli_fail(CLI_USAGE, "run: --%s %s: did you mean %s?", option, text, meant);
    return cli_fail(CLI_USAGE, "run: --%s %s: must be %s or a model file", option, text, list);
}

static CliModelUse model_use(const char *role, const Loaded *loaded)
{
    CliModelUse use = {role, mien_model_name(loaded->model), file_name(loaded->path),
                       mien_model_sha256(loaded->model)};
    cli_detail("%s: %s, SHA-256 %s", role, loaded->path, use.sha256);
    return use;
}

static int exit_code(const CliSessionResult *result, const RunValues *values, size_t n_inputs)
{
    if (cli_interrupt_exit() != CLI_OK)
        return (int)cli_interrupt_exit();
    if (result->n_failed == n_inputs)
        return CLI_INPUT;
    if (result->n_failed)
        return CLI_SOME_FAILED;
    if (values->require_face && !result->any_face)
        return (int)cli_fail(CLI_NO_FACE, "no face was found");
    return CLI_OK;
}

/* With everything checked and loaded. */
static int run_session(CliRun *run, const RunValues *values, const CliInputs *inputs,
                       CliOutputs *outputs, const Loaded *model, const Loaded *detector)
{
    bool bundle = mien_model_n_networks(model->model) > 1;
    run->models[run->n_models++] = model_use("landmarks", model);
    run->models[run->n_models++] = model_use("detector", detector->model ? detector : model);
    run->blendshapes = bundle;
    run->transform = bundle || values->fov > NO_FOV || cli_outputs_want_pose(outputs) ||
                     (run->overlay & CLI_OVERLAY_POSE) != 0;
    if (bundle)
        run->models[run->n_models++] = model_use("blendshapes", model);
    CliSessionOptions session = {
        .run = run,
        .inputs = inputs,
        .outputs = outputs,
        .model = model->model,
        .detector = detector->model,
        .device = values->device,
        .allow_software = values->allow_software,
        .on_device_loss = (MienOnDeviceLoss)values->on_device_loss,
        .progress = values->common.quiet && values->progress == CLI_PROGRESS_AUTO
                        ? CLI_PROGRESS_NONE
                        : (CliProgressKind)values->progress,
        .verbose = values->common.verbose,
    };
    CliSessionResult result;
    cli_interrupt_init();
    CliExit status = cli_session_run(&session, &result);
    /* Without a single frame there is nothing that deserves a name. */
    if (status == CLI_OK && result.n_opened > 0)
        status = cli_outputs_finish(outputs);
    return status == CLI_OK ? exit_code(&result, values, inputs->n) : (int)status;
}

static CliExit check_values(RunValues *values, CliRun *run)
{
    if (values->json && values->format != CLI_FORMAT_NONE && values->format != 0)
        return cli_fail(CLI_USAGE, "run: --json and --format %s contradict each other",
                        cli_format_names[values->format]);
    if (values->json)
        values->format = 0;
    if (values->refine && values->model && strcmp(values->model, "face_mesh_attention") != 0)
        return cli_fail(CLI_USAGE, "run: --refine and --model %s contradict each other",
                        values->model);
    if (!values->model)
        values->model = values->refine ? "face_mesh_attention" : "face_mesh";
    if (!cli_overlay_parse(values->draw, &run->overlay))
        return cli_fail(CLI_USAGE,
                        "run: --draw %s: must be a list of mesh, contours, irises, box, id, "
                        "pose, or none",
                        values->draw);
    /* An empty variable is as good as none. */
    if (!values->device && getenv("MIEN_DEVICE") && *getenv("MIEN_DEVICE"))
        values->device = getenv("MIEN_DEVICE");
    run->max_faces = values->faces;
    run->threads = values->threads;
    run->batch = values->batch;
    run->min_detection_confidence = values->min_detection_confidence;
    run->min_presence_confidence = values->min_presence_confidence;
    run->min_tracking_confidence = values->min_tracking_confidence;
    run->smoothing = (MienSmoothing)values->smooth; /* in the order of the names */
    run->smooth_name = smooth_names[values->smooth];
    run->precision = (MienPrecision)values->precision; /* in the order of the names */
    if (values->fov > NO_FOV)
        run->fov_degrees = values->fov;
    run->is_static = values->is_static;
    return CLI_OK;
}

int cmd_run(int argc, char **argv)
{
    RunValues values = {
        .format = CLI_FORMAT_NONE,
        .faces = 1,
        .threads = 1,
        .batch = 1,
        .draw = CLI_OVERLAY_DEFAULT,
        .min_detection_confidence = 0.5,
        .min_presence_confidence = 0.5,
        .min_tracking_confidence = 0.5,
    };
    CliList operands = {0};
    CliInputs inputs = {0};
    CliStore store = {0};
    CliRun run = {.fov_degrees = CLI_DEFAULT_FOV};
    CliOutputs *outputs = NULL;
    Loaded model = {0}, detector = {0};
    int status = cli_args_parse(&command, argc, argv, &values, &values.common, &operands);
    if (status == CLI_OK)
        status = (int)check_values(&values, &run);
    if (status == CLI_OK)
        status = (int)cli_inputs_expand(&inputs, &operands);
    run.n_sources = inputs.n;
    if (status == CLI_OK)
        status = (int)cli_outputs_create(&run, &inputs, &values.outputs, values.format, &outputs);
    if (status == CLI_OK)
        status = (int)cli_store_open(&store, values.model_dir);
    if (status == CLI_OK)
        status = (int)load(&store, "model", landmark_models, values.model, &model);
    if (status == CLI_OK && !values.detector && mien_model_n_networks(model.model) == 1)
        values.detector = "short";
    if (status == CLI_OK && values.detector)
        status = (int)load(&store, "detector", detector_models, values.detector, &detector);
    if (status == CLI_OK)
        status = (int)cli_outputs_open(outputs);
    if (status == CLI_OK)
        status = run_session(&run, &values, &inputs, outputs, &model, &detector);
    cli_outputs_destroy(outputs);
    mien_model_destroy(model.model);
    mien_model_destroy(detector.model);
    free(model.path);
    free(detector.path);
    cli_canvas_free(&run.canvas);
    cli_store_close(&store);
    cli_inputs_free(&inputs);
    cli_list_free(&values.outputs);
    cli_list_free(&operands);
    return status == CLI_ARGS_DONE ? CLI_OK : status;
}
