/* SPDX-License-Identifier: Apache-2.0 */
/* CSV in the layout `mesh`: a row a face, coordinates normalised. Frames without a face have no
 * row.
 */
#include "output/text.h"

static CliExit source_begin(CliOutput *output, const CliSource *source)
{
    CliText *text = output->state;
    CliWriter *out = &text->writer;
    if (text->begun)
        return CLI_OK;
    text->begun = true;
    if (output->n_sources > 1)
        cli_put(out, "source,");
    cli_put(out, "frame,timestamp,face_id,score");
    for (int32_t i = 0; i < cli_run_info(output->run, source)->n_landmarks; i++) {
        static const char *const axes[] = {",x_", ",y_", ",z_"};
        for (int a = 0; a < 3; a++) {
            cli_put(out, axes[a]);
            cli_put_int(out, i);
        }
    }
    cli_put(out, "\n");
    return cli_text_line(output);
}

static CliExit write_frame(CliOutput *output, const CliSource *source, const CliFrame *frame)
{
    CliWriter *out = &((CliText *)output->state)->writer;
    for (size_t i = 0; i < mien_result_n_faces(frame->result); i++) {
        const MienFace *face = mien_result_face(frame->result, i);
        if (output->n_sources > 1) {
            cli_put_csv(out, source->path);
            cli_put(out, ",");
        }
        cli_put_int(out, frame->index);
        cli_put(out, ",");
        cli_put_seconds(out, frame->timestamp_us);
        cli_put(out, ",");
        cli_put_int(out, face->face_id);
        cli_put(out, ",");
        cli_put_f32(out, face->score);
        for (int32_t k = 0; k < face->n_landmarks; k++) {
            const float xyz[3] = {face->landmarks[k].x, face->landmarks[k].y, face->landmarks[k].z};
            for (int a = 0; a < 3; a++) {
                cli_put(out, ",");
                cli_put_f32(out, xyz[a]);
            }
        }
        cli_put(out, "\n");
    }
    return cli_text_line(output);
}

const CliFormat cli_format_csv = {
    .name = "csv",
    .extension = "csv",
    .open = cli_text_open,
    .source_begin = source_begin,
    .frame = write_frame,
    .close = cli_text_close,
    .destroy = cli_text_destroy,
};
