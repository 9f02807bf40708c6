/* SPDX-License-Identifier: Apache-2.0 */
/* MediaPipe's own test of the blendshape network: its landmarks to its scores. */
#include <math.h>

#include "face/csv.h"
#include "face/face.h"
#include "golden/network.h"
#include "mien/engine.h"

#define TESTDATA "reference/mediapipe-testdata/"
#define BLENDSHAPES "face_landmarker.task:face_blendshapes.tflite"

static void mediapipe_portrait(uint64_t cpu_mask)
{
    static const char *const keys[3] = {"x:", "y:", "z:"};
    static MienLandmark landmarks[MIENI_N_REFINED];
    size_t n;
    for (int k = 0; k < 3; k++) {
        double *values = pbtxt_read(TESTDATA "face_blendshapes_in_landmarks.prototxt", keys[k], &n);
        assert_int_equal(n, MIENI_N_REFINED);
        for (size_t i = 0; i < n; i++)
            (&landmarks[i].x)[k] = (float)values[i];
        free(values);
    }
    double *scores = pbtxt_read(TESTDATA "face_blendshapes_out.prototxt", "score:", &n);
    assert_int_equal(n, MIEN_N_BLENDSHAPES);
    float points[2 * MIENI_N_BLENDSHAPE_POINTS], want[MIEN_N_BLENDSHAPES];
    mieni_blendshape_points(landmarks, 820, 1024, points);
    for (size_t i = 0; i < n; i++)
        want[i] = (float)scores[i];
    Network *network = network_open(BLENDSHAPES, cpu_mask, 1);
    network_run(network, points);
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs((double)network->outputs[0][i] - scores[i]));
    printf("cpu mask %llx: off by at most %.2g\n", (unsigned long long)cpu_mask, worst);
    test_compare_floats("scores", network->outputs[0], want, n, 1e-4, 0);
    network_close(network);
    free(scores);
}

static void blendshapes_equal_mediapipe(void **state)
{
    (void)state;
    mediapipe_portrait(0);
    mediapipe_portrait(MIEN_CPU_ALL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(blendshapes_equal_mediapipe)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
