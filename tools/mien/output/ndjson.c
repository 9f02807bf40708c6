/* SPDX-License-Identifier: Apache-2.0 */
/* mien.results/1, one JSON object a line. Schema: docs/schemas/results-1.schema.json. */
#include "output/text.h"

static void put_key_text(CliWriter *out, const char *key, const char *value)
{
    cli_put(out, key);
    cli_put_json(out, value);
}

static void put_key_int(CliWriter *out, const char *key, int64_t value)
{
    cli_put(out, key);
    cli_put_int(out, value);
}

static void put_models(CliWriter *out, const CliRun *run)
{
    cli_put(out, ",\"models\":[");
    for (int i = 0; i < run->n_models; i++) {
        put_key_text(out, i ? ",{\"role\":" : "{\"role\":", run->models[i].role);
        put_key_text(out, ",\"name\":", run->models[i].name);
        put_key_text(out, ",\"file\":", run->models[i].file);
        put_key_text(out, ",\"sha256\":", run->models[i].sha256);
        cli_put(out, "}");
    }
    cli_put(out, "]");
}

static void put_options(CliWriter *out, const CliRun *run, const CliSource *source)
{
    put_key_text(out, ",\"options\":{\"mode\":", source->is_tracked ? "video" : "image");
    put_key_int(out, ",\"faces\":", run->max_faces);
    put_key_int(out, ",\"threads\":", run->threads);
    put_key_int(out, ",\"batch\":", run->batch);
    cli_put(out, ",\"min_detection_confidence\":");
    cli_put_f32(out, (float)run->min_detection_confidence);
    cli_put(out, ",\"min_presence_confidence\":");
    cli_put_f32(out, (float)run->min_presence_confidence);
    cli_put(out, ",\"min_tracking_confidence\":");
    cli_put_f32(out, (float)run->min_tracking_confidence);
    put_key_text(out, ",\"smooth\":", run->smooth_name);
    cli_put(out, ",\"fov\":");
    cli_put_f32(out, (float)run->fov_degrees);
    cli_put(out, "}");
}

static CliExit source_begin(CliOutput *output, const CliSource *source)
{
    const CliRun *run = output->run;
    const MienEngineInfo *info = cli_run_info(run, source);
    CliWriter *out = &((CliText *)output->state)->writer;
    cli_put(out, "{\"type\":\"header\",\"schema\":\"mien.results/1\"");
    put_key_text(out, ",\"version\":", mien_version());
    put_key_text(out, ",\"device\":{\"requested\":", info->device_requested);
    put_key_text(out, ",\"stages\":{\"crop\":", info->device_crop);
    put_key_text(out, ",\"detector\":", info->device_detector);
    put_key_text(out, ",\"landmarks\":", info->device_landmarks);
    if (*info->device_blendshapes)
        put_key_text(out, ",\"blendshapes\":", info->device_blendshapes);
    put_key_text(out, "},\"isa\":", info->isa);
    put_key_text(out, ",\"precision\":", cli_precision_names[info->precision]);
    if (*info->device_choice)
        put_key_text(out, ",\"choice\":", info->device_choice);
    cli_put(out, "}");
    put_models(out, run);
    put_key_text(out, ",\"source\":", source->path);
    put_key_text(out, ",\"kind\":", source->info.is_picture ? "picture" : "video");
    put_key_int(out, ",\"width\":", source->info.width);
    put_key_int(out, ",\"height\":", source->info.height);
    cli_put(out, ",\"fps\":");
    if (source->info.frames_per_second > 0)
        cli_put_fixed(out, source->info.frames_per_second, 6);
    else
        cli_put(out, "null");
    put_key_int(out, ",\"rotation\":", source->info.rotation_degrees);
    put_options(out, run, source);
    cli_put(out, "}\n");
    return cli_text_line(output);
}

static void put_blendshapes(CliWriter *out, const MienFace *face)
{
    cli_put(out, ",\"face_blendshapes\":{");
    for (int32_t i = 0; i < face->n_blendshapes; i++) {
        put_key_text(out, i ? "," : "", mien_blendshape_name((size_t)i));
        cli_put(out, ":");
        cli_put_f32(out, face->blendshapes[i]);
    }
    cli_put(out, "}");
}

static void put_list(CliWriter *out, const char *before, const float *numbers, int n)
{
    cli_put(out, before);
    for (int i = 0; i < n; i++) {
        cli_put(out, i ? "," : "[");
        cli_put_f32(out, numbers[i]);
    }
    cli_put(out, "]");
}

static void put_pose(CliWriter *out, const MienFace *face)
{
    for (int row = 0; row < 4; row++)
        put_list(out, row ? "," : ",\"facial_transformation_matrix\":[", face->transform + 4 * row,
                 4);
    put_list(out, "],\"pose\":{\"quaternion\":", face->quaternion, 4);
    cli_put(out, ",\"yaw\":");
    cli_put_f32(out, face->yaw);
    cli_put(out, ",\"pitch\":");
    cli_put_f32(out, face->pitch);
    cli_put(out, ",\"roll\":");
    cli_put_f32(out, face->roll);
    cli_put(out, "}");
}

static void put_face(CliWriter *out, const MienFace *face)
{
    put_key_int(out, "{\"face_id\":", face->face_id);
    cli_put(out, ",\"score\":");
    cli_put_f32(out, face->score);
    cli_put(out, ",\"presence\":");
    cli_put_f32(out, face->presence);
    const float box[4] = {face->box_x, face->box_y, face->box_width, face->box_height};
    for (int i = 0; i < 4; i++) {
        cli_put(out, i ? "," : ",\"box\":[");
        cli_put_f32(out, box[i]);
    }
    cli_put(out, "],\"face_landmarks\":");
    for (int32_t i = 0; i < face->n_landmarks; i++) {
        cli_put(out, i ? ",[" : "[[");
        cli_put_f32(out, face->landmarks[i].x);
        cli_put(out, ",");
        cli_put_f32(out, face->landmarks[i].y);
        cli_put(out, ",");
        cli_put_f32(out, face->landmarks[i].z);
        cli_put(out, "]");
    }
    cli_put(out, "]");
    if (face->blendshapes)
        put_blendshapes(out, face);
    if (face->transform)
        put_pose(out, face);
    cli_put(out, "}");
}

static CliExit write_frame(CliOutput *output, const CliSource *source, const CliFrame *frame)
{
    (void)source;
    CliWriter *out = &((CliText *)output->state)->writer;
    put_key_int(out, "{\"type\":\"frame\",\"frame\":", frame->index);
    cli_put(out, ",\"timestamp\":");
    cli_put_seconds(out, frame->timestamp_us);
    cli_put(out, ",\"faces\":[");
    for (size_t i = 0; i < mien_result_n_faces(frame->result); i++) {
        if (i)
            cli_put(out, ",");
        put_face(out, mien_result_face(frame->result, i));
    }
    cli_put(out, "]}\n");
    return cli_text_line(output);
}

static CliExit source_end(CliOutput *output, const CliSource *source, const CliEnd *end)
{
    (void)source;
    CliWriter *out = &((CliText *)output->state)->writer;
    put_key_int(out, "{\"type\":\"end\",\"frames\":", end->n_frames);
    /* Files are read at the engine's pace: nothing is ever dropped. */
    put_key_int(out, ",\"dropped\":", 0);
    put_key_int(out, ",\"errors\":", end->n_errors);
    if (end->n_reopened)
        put_key_int(out, ",\"reopened\":", end->n_reopened);
    if (end->error)
        put_key_text(out, ",\"error\":", end->error);
    if (end->interrupted)
        cli_put(out, ",\"interrupted\":true");
    cli_put(out, "}\n");
    return cli_text_line(output);
}

const CliFormat cli_format_ndjson = {
    .name = "ndjson",
    .extension = "jsonl",
    .open = cli_text_open,
    .source_begin = source_begin,
    .frame = write_frame,
    .source_end = source_end,
    .close = cli_text_close,
    .destroy = cli_text_destroy,
};
