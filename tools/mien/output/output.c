/* SPDX-License-Identifier: Apache-2.0 */
#include "output/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "overlay.h"
#include "store.h"

/* In the order of cli_format_names. */
static const CliFormat *const formats[] = {
    &cli_format_ndjson, &cli_format_csv,  &cli_format_openface, &cli_format_obj,
    &cli_format_png,    &cli_format_jpeg, &cli_format_mp4};
#define N_FORMATS ((int32_t)(sizeof(formats) / sizeof(formats[0])))
#define FORMAT_ANNOTATED N_FORMATS

const char *const cli_format_names[] = {"ndjson", "csv", "openface",  "obj", "png",
                                        "jpeg",   "mp4", "annotated", NULL};

static const struct {
    const char *ending;
    const CliFormat *format;
} endings[] = {
    {"jsonl", &cli_format_ndjson}, {"ndjson", &cli_format_ndjson}, {"json", &cli_format_ndjson},
    {"csv", &cli_format_csv},      {"obj", &cli_format_obj},       {"png", &cli_format_png},
    {"jpg", &cli_format_jpeg},     {"jpeg", &cli_format_jpeg},     {"mp4", &cli_format_mp4},
};

/* One -o. */
typedef struct Destination {
    const char *name;
    bool is_folder;
    const CliFormat *format; /* of a single file */
    int32_t format_choice;   /* of a folder: place in cli_format_names */
    CliOutput output;        /* of a folder: the file of the current source */
    bool is_open;
    bool made_folder; /* it was not there before */
} Destination;

struct CliOutputs {
    CliRun *run;
    const CliInputs *inputs;
    Destination *destinations;
    size_t n;
};

static const CliFormat *format_of_ending(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name || (slash && dot <= slash + 1))
        return NULL;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (!strcasecmp(dot + 1, endings[i].ending))
            return endings[i].format;
    return NULL;
}

const MienEngineInfo *cli_run_info(const CliRun *run, const CliSource *source)
{
    return run->infos[source->is_tracked ? MIEN_MODE_VIDEO : MIEN_MODE_IMAGE];
}

CliExit cli_annotate(CliRun *run, const CliSource *source, const CliFrame *frame)
{
    if (run->drawn_on == frame)
        return CLI_OK;
    run->drawn_on = NULL;
    CliCanvas *canvas = &run->canvas;
    if (!cli_canvas_resize(canvas, source->info.width, source->info.height))
        return cli_fail(CLI_INTERNAL, "%s: out of memory for a picture of %d x %d", source->path,
                        (int)source->info.width, (int)source->info.height);
    MienStatus status =
        mien_media_frame_to_rgb24(frame->media, canvas->pixels, (ptrdiff_t)canvas->width * 3);
    if (status != MIEN_OK)
        return cli_fail(CLI_INTERNAL, "%s: frame %lld cannot be drawn on: %s", source->path,
                        (long long)frame->index, mien_status_text(status));
    if (!cli_overlay_draw(canvas, frame->result, run->overlay))
        return cli_fail(CLI_INTERNAL, "%s: out of memory for drawing", source->path);
    run->drawn_on = frame;
    return CLI_OK;
}

/* The name of an input's file in a folder: its own name with another ending. */
static char *path_in_folder(const char *folder, const char *input, const char *extension)
{
    const char *slash = strrchr(input, '/');
    const char *base = !strcmp(input, "-") ? "stdin" : slash ? slash + 1 : input;
    const char *dot = strrchr(base, '.');
    int length = dot && dot != base ? (int)(dot - base) : (int)strlen(base);
    size_t size = (size_t)length + strlen(extension) + 2;
    char *name = malloc(size);
    if (!name)
        return NULL;
    snprintf(name, size, "%.*s.%s", length, base, extension);
    char *path = cli_join(folder, name);
    free(name);
    return path;
}

static bool same_file(const char *a, const char *b)
{
    struct stat first, second;
    if (stat(a, &first) != 0 || stat(b, &second) != 0)
        return false;
    return S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static CliExit check_not_an_input(const CliInputs *inputs, const char *path)
{
    for (size_t i = 0; i < inputs->n; i++)
        if (strcmp(inputs->items[i].path, "-") != 0 && same_file(inputs->items[i].path, path))
            return cli_fail(CLI_USAGE, "-o %s would overwrite the input %s; choose another name",
                            path, inputs->items[i].path);
    return CLI_OK;
}

static const char *extension_of(int32_t choice)
{
    return choice < N_FORMATS ? formats[choice]->extension : "";
}

/* In a folder every input has a file of its own, and none is an input. Names of "annotated" files
 * depend on what the inputs are; they are checked with both endings. */
static CliExit check_folder(const CliInputs *inputs, const Destination *destination)
{
    static const char *const both[] = {"png", "mp4"};
    bool annotated = destination->format_choice == FORMAT_ANNOTATED;
    CliExit status = CLI_OK;
    char **paths = calloc(inputs->n, sizeof(*paths));
    if (!paths)
        return cli_fail(CLI_INTERNAL, "out of memory");
    for (int e = 0; e < (annotated ? 2 : 1) && status == CLI_OK; e++) {
        const char *extension = annotated ? both[e] : extension_of(destination->format_choice);
        for (size_t i = 0; i < inputs->n && status == CLI_OK; i++) {
            free(paths[i]);
            paths[i] = path_in_folder(destination->name, inputs->items[i].path, extension);
            if (!paths[i])
                status = cli_fail(CLI_INTERNAL, "out of memory");
            for (size_t j = 0; j < i && status == CLI_OK; j++)
                if (!strcmp(paths[i], paths[j]))
                    status = cli_fail(CLI_USAGE, "inputs %s and %s would both be written to %s",
                                      inputs->items[j].path, inputs->items[i].path, paths[i]);
            if (status == CLI_OK)
                status = check_not_an_input(inputs, paths[i]);
        }
    }
    for (size_t i = 0; i < inputs->n; i++)
        free(paths[i]);
    free(paths);
    return status;
}

static void close_output(CliOutput *output)
{
    if (output->format && output->format->destroy)
        output->format->destroy(output);
    cli_target_close(&output->target);
    output->state = NULL;
}

static CliExit open_output(CliOutputs *outputs, Destination *destination, const CliFormat *format,
                           const char *path)
{
    destination->output = (CliOutput){
        .format = format,
        .run = outputs->run,
        .n_sources = destination->is_folder ? 1 : outputs->inputs->n,
    };
    CliExit status = cli_target_open(&destination->output.target, path);
    destination->is_open = true;
    return status == CLI_OK && format->open ? format->open(&destination->output) : status;
}

/* Completes a file and gives it its name. */
static CliExit finish_output(Destination *destination)
{
    CliOutput *output = &destination->output;
    CliExit status = output->format->close ? output->format->close(output) : CLI_OK;
    if (status == CLI_OK)
        status = cli_target_commit(&output->target);
    close_output(output);
    destination->is_open = false;
    return status;
}

/* Decides what a destination is; says why it cannot be. */
static CliExit prepare(CliOutputs *outputs, Destination *destination, int32_t format_choice)
{
    const char *name = destination->name;
    struct stat file;
    bool exists = strcmp(name, "-") != 0 && stat(name, &file) == 0;
    if (!*name)
        return cli_fail(CLI_USAGE, "run: an OUT is empty");
    if ((exists && S_ISDIR(file.st_mode)) || name[strlen(name) - 1] == '/') {
        destination->is_folder = true;
        destination->format_choice = format_choice == CLI_FORMAT_NONE ? 0 : format_choice;
        return check_folder(outputs->inputs, destination);
    }
    const CliFormat *format = format_of_ending(name);
    bool is_stream = !strcmp(name, "-") || (exists && !S_ISREG(file.st_mode));
    if (!format && format_choice == FORMAT_ANNOTATED)
        return cli_fail(CLI_USAGE,
                        "--format annotated is for a folder; name the file %s.png or .mp4", name);
    if (!format && format_choice != CLI_FORMAT_NONE)
        format = formats[format_choice];
    /* One ending, two layouts. */
    if (format == &cli_format_csv && format_choice != CLI_FORMAT_NONE &&
        format_choice != FORMAT_ANNOTATED && formats[format_choice] == &cli_format_openface)
        format = &cli_format_openface;
    if (!format && is_stream)
        format = &cli_format_ndjson;
    if (!format)
        return cli_fail(CLI_USAGE,
                        "-o %s: the ending tells no format; use .jsonl, .csv, .png, .jpg, .mp4 or "
                        ".obj, or say --format",
                        name);
    if (format->one_source && outputs->inputs->n > 1)
        return cli_fail(CLI_USAGE,
                        "-o %s: one %s file cannot hold %zu inputs; name a folder, as in -o out/ "
                        "--format %s",
                        name, format->name, outputs->inputs->n, format->name);
    if (format->needs_seeking && is_stream)
        return cli_fail(CLI_USAGE, "-o %s: %s cannot be written to a pipe or device; name a file",
                        name, format->name);
    destination->format = format;
    return check_not_an_input(outputs->inputs, name);
}

static CliExit check_twice(const CliList *destinations)
{
    for (size_t i = 0; i < destinations->n; i++)
        for (size_t j = 0; j < i; j++)
            if (!strcmp(destinations->items[i], destinations->items[j]) ||
                same_file(destinations->items[i], destinations->items[j]))
                return cli_fail(CLI_USAGE, "-o %s is given twice", destinations->items[i]);
    return CLI_OK;
}

CliExit cli_outputs_create(CliRun *run, const CliInputs *inputs, const CliList *destinations,
                           int32_t format, CliOutputs **outputs_out)
{
    CliExit status = check_twice(destinations);
    if (status != CLI_OK)
        return status;
    size_t n = destinations->n ? destinations->n : 1;
    CliOutputs *outputs = calloc(1, sizeof(*outputs));
    *outputs_out = outputs;
    if (outputs)
        outputs->destinations = calloc(n, sizeof(*outputs->destinations));
    if (!outputs || !outputs->destinations)
        return cli_fail(CLI_INTERNAL, "out of memory");
    outputs->run = run;
    outputs->inputs = inputs;
    for (size_t i = 0; i < n && status == CLI_OK; i++) {
        outputs->n = i + 1;
        outputs->destinations[i].name = destinations->n ? destinations->items[i] : "-";
        status = prepare(outputs, &outputs->destinations[i], format);
    }
    return status;
}

bool cli_outputs_want_pose(const CliOutputs *outputs)
{
    for (size_t i = 0; i < outputs->n; i++) {
        const Destination *destination = &outputs->destinations[i];
        const CliFormat *format = destination->format;
        if (destination->is_folder)
            format =
                destination->format_choice < N_FORMATS ? formats[destination->format_choice] : NULL;
        if (format && format->wants_pose)
            return true;
    }
    return false;
}

CliExit cli_outputs_open(CliOutputs *outputs)
{
    CliExit status = CLI_OK;
    for (size_t i = 0; i < outputs->n && status == CLI_OK; i++) {
        Destination *destination = &outputs->destinations[i];
        if (!destination->is_folder)
            status = open_output(outputs, destination, destination->format, destination->name);
        else if (mkdir(destination->name, 0777) == 0)
            destination->made_folder = true;
        else if (errno != EEXIST)
            status = cli_fail(CLI_OUTPUT, "cannot make the folder %s: %s", destination->name,
                              strerror(errno));
    }
    return status;
}

CliExit cli_outputs_source_begin(CliOutputs *outputs, const CliSource *source)
{
    CliExit status = CLI_OK;
    for (size_t i = 0; i < outputs->n && status == CLI_OK; i++) {
        Destination *destination = &outputs->destinations[i];
        if (destination->is_folder) {
            int32_t choice = destination->format_choice;
            const CliFormat *format = choice < N_FORMATS        ? formats[choice]
                                      : source->info.is_picture ? &cli_format_png
                                                                : &cli_format_mp4;
            char *path = path_in_folder(destination->name, source->path, format->extension);
            status = path ? open_output(outputs, destination, format, path)
                          : cli_fail(CLI_INTERNAL, "out of memory");
            free(path);
        }
        CliOutput *output = &destination->output;
        if (status == CLI_OK && output->format->source_begin)
            status = output->format->source_begin(output, source);
    }
    return status;
}

CliExit cli_outputs_frame(CliOutputs *outputs, const CliSource *source, const CliFrame *frame)
{
    outputs->run->drawn_on = NULL;
    CliExit status = CLI_OK;
    for (size_t i = 0; i < outputs->n && status == CLI_OK; i++) {
        CliOutput *output = &outputs->destinations[i].output;
        status = output->format->frame(output, source, frame);
    }
    return status;
}

CliExit cli_outputs_source_end(CliOutputs *outputs, const CliSource *source, const CliEnd *end)
{
    CliExit status = CLI_OK;
    for (size_t i = 0; i < outputs->n && status == CLI_OK; i++) {
        Destination *destination = &outputs->destinations[i];
        CliOutput *output = &destination->output;
        if (output->format->source_end)
            status = output->format->source_end(output, source, end);
        if (status == CLI_OK && destination->is_folder)
            status = finish_output(destination);
    }
    return status;
}

CliExit cli_outputs_finish(CliOutputs *outputs)
{
    CliExit status = CLI_OK;
    for (size_t i = 0; i < outputs->n && status == CLI_OK; i++)
        if (outputs->destinations[i].is_open)
            status = finish_output(&outputs->destinations[i]);
    return status;
}

void cli_outputs_destroy(CliOutputs *outputs)
{
    if (!outputs)
        return;
    for (size_t i = 0; i < outputs->n; i++) {
        if (outputs->destinations[i].is_open)
            close_output(&outputs->destinations[i].output);
        /* Fails where there is something in it, as it should. */
        if (outputs->destinations[i].made_folder)
            rmdir(outputs->destinations[i].name);
    }
    free(outputs->destinations);
    free(outputs);
}
