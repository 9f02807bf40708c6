/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV in the layout of OpenFace 2.2, as far as there is a documented formula for it: no gaze and no
 * action units. A row a face; a frame without one has a row with success 0. Frames count from 1,
 * lengths are millimetres, and the camera's axes are x to the right, y down, z away from it, where
 * mien's are x to the right, y up, z towards it.
 */
#include <math.h>

#include "output/landmarks_68_tables.h"
#include "output/text.h"

#define N_POINTS 68
#define N_MESH 468
#define MM 10.0 /* a centimetre */

/* What a row says of a face. */
typedef struct Pose {
    double translation[3];      /* mm */
    double rotation[3];         /* radians about x, y, z: R = Rx Ry Rz */
    double points[N_POINTS][3]; /* mm */
} Pose;

static void put_columns(CliWriter *out, const char *name)
{
    for (int i = 0; i < N_POINTS; i++) {
        cli_put(out, name);
        cli_put_int(out, i);
    }
}

static CliExit source_begin(CliOutput *output, const CliSource *source)
{
    (void)source;
    CliText *text = output->state;
    CliWriter *out = &text->writer;
    if (text->begun)
        return CLI_OK;
    text->begun = true;
    if (output->n_sources > 1)
        cli_put(out, "source,");
    cli_put(out, "frame,face_id,timestamp,confidence,success,pose_Tx,pose_Ty,pose_Tz,pose_Rx,"
                 "pose_Ry,pose_Rz");
    static const char *const names[] = {",x_", ",y_", ",X_", ",Y_", ",Z_"};
    for (int i = 0; i < 5; i++)
        put_columns(out, names[i]);
    cli_put(out, "\n");
    return cli_text_line(output);
}

/* A landmark in space but for its distance: one unit in front of the camera in the mean. */
static void to_space(const MienFace *face, int landmark, double width, double height, double mean_z,
                     double out[3])
{
    const MienLandmark *l = &face->landmarks[landmark];
    double z = (double)l->z * width - mean_z + 1;
    out[0] = ((double)l->x * width - width / 2) * z;
    out[1] = ((1 - (double)l->y) * height - height / 2) * z;
    out[2] = -z;
}

/* The canonical vertex where the matrix puts it. */
static void place_vertex(const float *m, const float vertex[3], double out[3])
{
    for (int row = 0; row < 3; row++)
        out[row] = (double)m[4 * row] * (double)vertex[0] +
                   (double)m[4 * row + 1] * (double)vertex[1] +
                   (double)m[4 * row + 2] * (double)vertex[2] + (double)m[4 * row + 3];
}

/* The 68 points in space, at the distance at which they lie best on the canonical face. */
static void find_points(const MienFace *face, const CliSource *source, double fov_degrees,
                        Pose *pose)
{
    double height = 2 * tan(fov_degrees / 2 * acos(-1.0) / 180);
    double width = height * source->info.width / source->info.height;
    double mean_z = 0, above = 0, below = 0;
    for (int i = 0; i < N_MESH; i++)
        mean_z += (double)face->landmarks[i].z * width / N_MESH;
    for (int i = 0; i < N_POINTS; i++) {
        double vertex[3], *point = pose->points[i];
        to_space(face, landmarks_68[i].landmark, width, height, mean_z, point);
        place_vertex(face->transform, landmarks_68[i].vertex, vertex);
        for (int k = 0; k < 3; k++) {
            above += vertex[k] * point[k];
            below += point[k] * point[k];
        }
    }
    for (int i = 0; i < N_POINTS; i++)
        for (int k = 0; k < 3; k++)
            pose->points[i][k] *= (k == 0 ? MM : -MM) * above / below;
}

static void find_pose(const MienFace *face, const CliSource *source, double fov_degrees, Pose *pose)
{
    const float *m = face->transform;
    double scale = sqrt((double)m[0] * (double)m[0] + (double)m[4] * (double)m[4] +
                        (double)m[8] * (double)m[8]);
    /* y and z change their signs on both sides. */
    double r[3][3];
    for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 3; column++)
            r[row][column] =
                ((row == 0) == (column == 0) ? 1 : -1) * (double)m[4 * row + column] / scale;
        pose->translation[row] = (row == 0 ? MM : -MM) * (double)m[4 * row + 3];
    }
    pose->rotation[0] = atan2(-r[1][2], r[2][2]);
    pose->rotation[1] = atan2(r[0][2], sqrt(r[0][0] * r[0][0] + r[0][1] * r[0][1]));
    pose->rotation[2] = atan2(-r[0][1], r[0][0]);
    find_points(face, source, fov_degrees, pose);
}

static void put_number(CliWriter *out, double value)
{
    cli_put(out, ",");
    cli_put_f32(out, (float)value);
}

/* `face` may be NULL: then success is 0, as are all numbers. */
static void put_row(CliOutput *output, const CliSource *source, const CliFrame *frame,
                    const MienFace *face)
{
    CliWriter *out = &((CliText *)output->state)->writer;
    Pose pose = {.translation = {0}};
    bool success = face && face->transform;
    if (success)
        find_pose(face, source, output->run->fov_degrees, &pose);
    if (output->n_sources > 1) {
        cli_put_csv(out, source->path);
        cli_put(out, ",");
    }
    cli_put_int(out, frame->index + 1);
    cli_put(out, ",");
    cli_put_int(out, face ? face->face_id : 0);
    cli_put(out, ",");
    cli_put_seconds(out, frame->timestamp_us);
    put_number(out, face ? (double)face->presence : 0);
    cli_put(out, success ? ",1" : ",0");
    for (int k = 0; k < 3; k++)
        put_number(out, pose.translation[k]);
    for (int k = 0; k < 3; k++)
        put_number(out, pose.rotation[k]);
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < N_POINTS; i++) {
            const MienLandmark *l = success ? &face->landmarks[landmarks_68[i].landmark] : NULL;
            double side = k ? source->info.height : source->info.width;
            put_number(out, l ? (double)(k ? l->y : l->x) * side : 0);
        }
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < N_POINTS; i++)
            put_number(out, pose.points[i][k]);
    cli_put(out, "\n");
}

static CliExit write_frame(CliOutput *output, const CliSource *source, const CliFrame *frame)
{
    size_t n = mien_result_n_faces(frame->result);
    for (size_t i = 0; i < n; i++)
        put_row(output, source, frame, mien_result_face(frame->result, i));
    if (n == 0)
        put_row(output, source, frame, NULL);
    return cli_text_line(output);
}

const CliFormat cli_format_openface = {
    .name = "openface",
    .extension = "csv",
    .wants_pose = true,
    .open = cli_text_open,
    .source_begin = source_begin,
    .frame = write_frame,
    .close = cli_text_close,
    .destroy = cli_text_destroy,
};
