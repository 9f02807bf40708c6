/* SPDX-License-Identifier: Apache-2.0 */
/* The pose: MediaPipe's own test, and faces that were turned by a known angle. */
#include <math.h>

#include "base/rng.h"
#include "face/csv.h"
#include "face/face.h"
#include "face/geometry_tables.h"

#define TESTDATA "reference/mediapipe-testdata/"
#define WIDTH 820
#define HEIGHT 1024

/* The portrait of MediaPipe's tests, as landmarks. */
static void read_portrait(MienLandmark landmarks[MIENI_N_REFINED])
{
    static const char *const keys[3] = {"x:", "y:", "z:"};
    for (int k = 0; k < 3; k++) {
        size_t n;
        double *values = pbtxt_read(TESTDATA "face_blendshapes_in_landmarks.prototxt", keys[k], &n);
        assert_int_equal(n, MIENI_N_REFINED);
        for (size_t i = 0; i < n; i++)
            (&landmarks[i].x)[k] = (float)values[i];
        free(values);
    }
}

static void test_mediapipe_portrait(void **state)
{
    (void)state;
    static MienLandmark landmarks[MIENI_N_REFINED];
    static float metric[MIENI_N_MESH][3];
    size_t n_packed, n_vertices;
    double *packed =
        pbtxt_read(TESTDATA "face_geometry_expected_out.pbtxt", "packed_data:", &n_packed);
    double *vertices =
        pbtxt_read(TESTDATA "face_geometry_expected_out.pbtxt", "vertex_buffer:", &n_vertices);
    assert_int_equal(n_packed, 16);
    assert_int_equal(n_vertices, 5 * MIENI_N_MESH);
    read_portrait(landmarks);
    MieniPose pose;
    assert_true(mieni_pose_solve(landmarks, WIDTH, HEIGHT, 63, &pose, metric));

    float want[16];
    double worst = 0;
    for (int row = 0; row < 4; row++)
        for (int column = 0; column < 4; column++) {
            want[4 * row + column] = (float)packed[4 * column + row];
            worst =
                fmax(worst, fabs((double)pose.matrix[4 * row + column] - packed[4 * column + row]));
        }
    printf("matrix: off by at most %.2g\n", worst);
    test_compare_floats("matrix", pose.matrix, want, 16, 1e-4, 0);
    for (int i = 0; i < MIENI_N_MESH; i++) {
        const float vertex[3] = {(float)vertices[5 * i], (float)vertices[5 * i + 1],
                                 (float)vertices[5 * i + 2]};
        test_compare_floats("vertex", metric[i], vertex, 3, 1e-4, 0);
    }
    free(packed);
    free(vertices);
}

/* The canonical face, turned, moved before a camera with this field of view, and projected. */
static void project(double yaw, double pitch, double roll, const double place[3], double fov,
                    MienLandmark landmarks[MIENI_N_MESH])
{
    double degree = acos(-1.0) / 180;
    double cy = cos(yaw * degree), sy = sin(yaw * degree), cx = cos(pitch * degree);
    double sx = sin(pitch * degree), cz = cos(roll * degree), sz = sin(roll * degree);
    double height = 2 * tan(fov * degree / 2), width = height * WIDTH / HEIGHT;
    for (int i = 0; i < MIENI_N_MESH; i++) {
        const float *v = canonical_vertices[i];
        double x = cz * (double)v[0] - sz * (double)v[1], y = sz * (double)v[0] + cz * (double)v[1];
        double z = (double)v[2], turned_y = cx * y - sx * z;
        z = sx * y + cx * z;
        double turned_x = cy * x + sy * z;
        z = -sy * x + cy * z + place[2];
        landmarks[i].x = (float)((turned_x + place[0]) / -z / width + 0.5);
        landmarks[i].y = (float)(0.5 - (turned_y + place[1]) / -z / height);
        /* Depth as the network gives it: in widths of the picture at the face's distance. */
        landmarks[i].z = (float)((place[2] - z) / -place[2] / width);
    }
}

static void check_pose(double yaw, double pitch, double roll, double fov, double tolerance)
{
    static MienLandmark landmarks[MIENI_N_MESH];
    const double place[3] = {0, 0, -60};
    project(yaw, pitch, roll, place, fov, landmarks);
    MieniPose pose;
    assert_true(mieni_pose_solve(landmarks, WIDTH, HEIGHT, (float)fov, &pose, NULL));
    printf("turned by %4.0f %4.0f %4.0f: found %7.2f %7.2f %7.2f\n", yaw, pitch, roll,
           (double)pose.yaw, (double)pose.pitch, (double)pose.roll);
    const float got[3] = {pose.yaw, pose.pitch, pose.roll};
    const float want[3] = {(float)yaw, (float)pitch, (float)roll};
    test_compare_floats("angle", got, want, 3, tolerance, 0);
    /* At its distance, and as large as it is. */
    const float found[3] = {pose.matrix[3], pose.matrix[7], pose.matrix[11]};
    const float wanted[3] = {0, 0, -60};
    test_compare_floats("place", found, wanted, 3, 3, 0);
}

/* yaw > 0: the nose points to the picture's right; pitch > 0: down; roll > 0: counter-clockwise. */
static void test_angles(void **state)
{
    (void)state;
    check_pose(0, 0, 0, 63, 1);
    for (double angle = -40; angle <= 40; angle += 20) {
        check_pose(angle, 0, 0, 63, 1);
        check_pose(0, angle, 0, 63, 1);
        check_pose(0, 0, angle, 63, 1);
    }
    check_pose(0, 0, 170, 63, 1);
    check_pose(20, -10, 30, 63, 1);
    check_pose(-15, 25, -60, 40, 1.5);
    static MienLandmark face[MIENI_N_MESH];
    const double place[3] = {0, 0, -60};
    project(30, 0, 0, place, 63, face);
    assert_true(face[1].x > 0.52f); /* the nose */
    project(0, 30, 0, place, 63, face);
    assert_true(face[1].y > 0.52f);
    project(0, 0, 30, place, 63, face);
    assert_true(face[33].y > face[263].y); /* the eye on the picture's left is lower */
}

/* The quaternion and the angles say what the matrix says. */
static void test_quaternion(void **state)
{
    (void)state;
    uint64_t rng = 61;
    static MienLandmark landmarks[MIENI_N_MESH];
    for (int round = 0; round < 50; round++) {
        const double place[3] = {(double)mieni_rng_float(&rng, -9, 9),
                                 (double)mieni_rng_float(&rng, -9, 9), -50};
        project((double)mieni_rng_float(&rng, -60, 60), (double)mieni_rng_float(&rng, -60, 60),
                (double)mieni_rng_float(&rng, -180, 180), place, 63, landmarks);
        MieniPose pose;
        assert_true(mieni_pose_solve(landmarks, WIDTH, HEIGHT, 63, &pose, NULL));
        const float *q = pose.quaternion, *m = pose.matrix;
        assert_true(q[3] >= 0 &&
                    fabsf(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3] - 1) < 1e-5f);
        float scale = sqrtf(m[0] * m[0] + m[4] * m[4] + m[8] * m[8]);
        float degree = acosf(-1.0f) / 180;
        float cy = cosf(pose.yaw * degree), sy = sinf(pose.yaw * degree);
        float cx = cosf(pose.pitch * degree), sx = sinf(pose.pitch * degree);
        float cz = cosf(pose.roll * degree), sz = sinf(pose.roll * degree);
        const float of_matrix[3] = {m[0] / scale, m[1] / scale, m[2] / scale};
        const float of_quaternion[3] = {1 - 2 * (q[1] * q[1] + q[2] * q[2]),
                                        2 * (q[0] * q[1] - q[2] * q[3]),
                                        2 * (q[0] * q[2] + q[1] * q[3])};
        const float of_angles[3] = {cy * cz + sy * sx * sz, -cy * sz + sy * sx * cz, sy * cx};
        test_compare_floats("quaternion", of_quaternion, of_matrix, 3, 1e-5, 0);
        test_compare_floats("angles", of_angles, of_matrix, 3, 1e-5, 0);
        assert_true(m[12] == 0 && m[13] == 0 && m[14] == 0 && m[15] == 1);
    }
}

static void test_a_point_is_no_face(void **state)
{
    (void)state;
    static MienLandmark landmarks[MIENI_N_MESH];
    MieniPose pose;
    for (int i = 0; i < MIENI_N_MESH; i++)
        landmarks[i] = (MienLandmark){0.5f, 0.5f, 0};
    assert_false(mieni_pose_solve(landmarks, WIDTH, HEIGHT, 63, &pose, NULL));
    landmarks[3].x = 0.5009f;
    assert_false(mieni_pose_solve(landmarks, WIDTH, HEIGHT, 63, &pose, NULL));
}

/* Whatever finite numbers come, the answer is finite or there is none. */
static void test_survives_nonsense(void **state)
{
    (void)state;
    static const float odd[] = {0, -0.0f, 1, -1, 1e-30f, -1e30f, 3e38f, -3e38f};
    static MienLandmark landmarks[MIENI_N_MESH];
    uint64_t rng = 62;
    int n_solved = 0;
    for (int round = 0; round < 300; round++) {
        uint32_t n = 1 + mieni_rng_below(&rng, 8);
        for (int i = 0; i < MIENI_N_MESH; i++)
            landmarks[i] =
                (MienLandmark){odd[mieni_rng_below(&rng, n)], odd[mieni_rng_below(&rng, n)],
                               odd[mieni_rng_below(&rng, n)]};
        MieniPose pose;
        if (!mieni_pose_solve(landmarks, 1 + (int32_t)mieni_rng_below(&rng, 32767),
                              1 + (int32_t)mieni_rng_below(&rng, 32767),
                              mieni_rng_float(&rng, 1, 170), &pose, NULL))
            continue;
        n_solved++;
        for (int i = 0; i < 16; i++)
            assert_true(isfinite(pose.matrix[i]));
        assert_true(isfinite(pose.yaw) && isfinite(pose.pitch) && isfinite(pose.roll));
        for (int i = 0; i < 4; i++)
            assert_true(isfinite(pose.quaternion[i]));
    }
    assert_true(n_solved > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mediapipe_portrait), cmocka_unit_test(test_angles),
        cmocka_unit_test(test_quaternion),         cmocka_unit_test(test_a_point_is_no_face),
        cmocka_unit_test(test_survives_nonsense),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
