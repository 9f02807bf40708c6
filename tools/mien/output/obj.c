/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wavefront OBJ of the faces in the first frame that has any. Vertices are in pixels, x to the
 * right, y up from the picture's lower edge, z towards the viewer and scaled like x, so that a
 * viewer shows the face as the picture does.
 */
#include "output/text.h"

static void put_vertex(CliWriter *out, const MienLandmark *landmark, const MienMediaInfo *info)
{
    cli_put(out, "v ");
    cli_put_f32(out, landmark->x * (float)info->width);
    cli_put(out, " ");
    cli_put_f32(out, (1 - landmark->y) * (float)info->height);
    cli_put(out, " ");
    cli_put_f32(out, -landmark->z * (float)info->width);
    cli_put(out, "\n");
}

static CliExit write_frame(CliOutput *output, const CliSource *source, const CliFrame *frame)
{
    CliText *text = output->state;
    CliWriter *out = &text->writer;
    size_t n_faces = mien_result_n_faces(frame->result);
    if (text->begun || n_faces == 0)
        return CLI_OK;
    text->begun = true;
    cli_put(out, "# mien ");
    cli_put(out, mien_version());
    cli_put(out, ", frame ");
    cli_put_int(out, frame->index);
    cli_put(out, "\n");
    int64_t first = 1; /* OBJ counts vertices from 1, through the whole file */
    size_t n_triangles;
    const uint16_t(*triangles)[3] = mien_topology_triangles(&n_triangles);
    for (size_t i = 0; i < n_faces; i++) {
        const MienFace *face = mien_result_face(frame->result, i);
        cli_put(out, "o face_");
        cli_put_int(out, face->face_id);
        cli_put(out, "\n");
        for (int32_t k = 0; k < face->n_landmarks; k++)
            put_vertex(out, &face->landmarks[k], &source->info);
        for (size_t t = 0; t < n_triangles; t++) {
            cli_put(out, "f");
            for (int c = 0; c < 3; c++) {
                cli_put(out, " ");
                cli_put_int(out, first + triangles[t][c]);
            }
            cli_put(out, "\n");
        }
        first += face->n_landmarks;
    }
    return cli_text_line(output);
}

static CliExit source_end(CliOutput *output, const CliSource *source, const CliEnd *end)
{
    (void)source;
    (void)end;
    CliText *text = output->state;
    if (!text->begun)
        cli_put(&text->writer, "# no face was found\n");
    return cli_text_line(output);
}

const CliFormat cli_format_obj = {
    .name = "obj",
    .extension = "obj",
    .one_source = true,
    .open = cli_text_open,
    .frame = write_frame,
    .source_end = source_end,
    .close = cli_text_close,
    .destroy = cli_text_destroy,
};
