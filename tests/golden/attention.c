/* SPDX-License-Identifier: Apache-2.0 */
/* The attention model with its custom operations equals MediaPipe's own inference on real crops;
 * what comes out of convolutions alone does so bit for bit. */
#include "golden/network.h"

#include "mien/engine.h"

static void check_crop(const char *name, uint64_t cpu_mask)
{
    static const char *const outputs[] = {
        "output_0_mesh",      "output_1_lips",       "output_2_left_eye", "output_3_right_eye",
        "output_4_left_iris", "output_5_right_iris", "output_6_faceflag"};
    Golden *golden = golden_read(name);
    Network *network = network_open("face_landmark_with_attention.tflite", cpu_mask, 1);
    float *input = golden_input(golden, 192, 0, 1);
    network_run(network, input);
    assert_int_equal(network->n_outputs, 7);
    for (int i = 0; i < 7; i++) {
        const GoldenTensor *want = golden_get(golden, outputs[i], GOLDEN_F32);
        char what[192];
        snprintf(what, sizeof(what), "%s, %s, cpu mask %llx", name, outputs[i],
                 (unsigned long long)cpu_mask);
        bool convolutions_only = i == 0 || i == 6;
        network_check_output(network, i, what, want,
                             convolutions_only && network_is_fused(cpu_mask));
    }
    free(input);
    network_close(network);
    golden_destroy(golden);
}

static void attention_equals_mediapipe(void **state)
{
    (void)state;
    static const char *const names[] = {"attention/face_landmark_with_attention-crop-1.gold",
                                        "attention/face_landmark_with_attention-crop-2.gold",
                                        "attention/face_landmark_with_attention-crop-3.gold"};
    for (int i = 0; i < 3; i++) {
        check_crop(names[i], 0);
        check_crop(names[i], MIEN_CPU_ALL);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(attention_equals_mediapipe)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
