/* SPDX-License-Identifier: Apache-2.0 */
#include "mien/result.h"

#include "face/csv.h"

static const char *const names[] = {"lips",      "left_eye",      "left_eyebrow", "left_iris",
                                    "right_eye", "right_eyebrow", "right_iris",   "face_oval",
                                    "nose",      "contours",      "tesselation"};
static const size_t sizes[] = {40, 16, 8, 4, 16, 8, 4, 36, 25, 124, 2556};

static void test_edges(void **state)
{
    (void)state;
    for (int set = 0; set <= MIEN_TOPOLOGY_TESSELATION; set++) {
        size_t n_edges;
        const MienEdge *edges = mien_topology_edges((MienTopology)set, &n_edges);
        assert_non_null(edges);
        assert_int_equal(n_edges, sizes[set]);
        bool iris = set == MIEN_TOPOLOGY_LEFT_IRIS || set == MIEN_TOPOLOGY_RIGHT_IRIS;
        for (size_t i = 0; i < n_edges; i++) {
            assert_true(edges[i].from < 478 && edges[i].to < 478);
            assert_int_equal(edges[i].from >= 468, iris);
            assert_int_equal(edges[i].to >= 468, iris);
        }
    }
}

static void test_unknown_set(void **state)
{
    (void)state;
    size_t n_edges = 5;
    assert_null(mien_topology_edges((MienTopology)11, &n_edges));
    assert_int_equal(n_edges, 0);
    assert_null(mien_topology_edges((MienTopology)-1, NULL));
    assert_non_null(mien_topology_edges(MIEN_TOPOLOGY_NOSE, NULL));
}

static void test_edges_are_mediapipes(void **state)
{
    (void)state;
    for (int set = 0; set <= MIEN_TOPOLOGY_TESSELATION; set++) {
        char path[128];
        snprintf(path, sizeof(path), "reference/data/connections_%s.csv", names[set]);
        size_t n_numbers, n_edges;
        double *numbers = csv_read(path, &n_numbers);
        const MienEdge *edges = mien_topology_edges((MienTopology)set, &n_edges);
        assert_int_equal(n_numbers, 2 * n_edges);
        for (size_t i = 0; i < n_edges; i++)
            assert_true(edges[i].from == numbers[2 * i] && edges[i].to == numbers[2 * i + 1]);
        free(numbers);
    }
}

/* The mesh is a disk: inner edges belong to two triangles, the 36 edges of the rim, which are the
 * face's oval, to one, and corners - edges + triangles = 1. */
static void test_triangles(void **state)
{
    (void)state;
    static uint8_t uses[468][468];
    static bool used[468];
    size_t n_triangles, n_oval;
    const uint16_t(*triangles)[3] = mien_topology_triangles(&n_triangles);
    assert_int_equal(n_triangles, 898);
    assert_ptr_equal(mien_topology_triangles(NULL), triangles);
    for (size_t i = 0; i < n_triangles; i++) {
        for (int k = 0; k < 3; k++) {
            uint16_t a = triangles[i][k], b = triangles[i][(k + 1) % 3];
            assert_true(a < 468 && b < 468 && a != b);
            uses[a < b ? a : b][a < b ? b : a]++;
            used[a] = true;
        }
    }
    int n_of_uses[3] = {0}, n_corners = 0;
    for (int a = 0; a < 468; a++) {
        n_corners += used[a];
        for (int b = a + 1; b < 468; b++) {
            assert_true(uses[a][b] <= 2);
            n_of_uses[uses[a][b]]++;
        }
    }
    assert_int_equal(n_corners, 468);
    assert_int_equal(n_corners - n_of_uses[1] - n_of_uses[2] + (int)n_triangles, 1);
    const MienEdge *oval = mien_topology_edges(MIEN_TOPOLOGY_FACE_OVAL, &n_oval);
    assert_int_equal(n_of_uses[1], n_oval);
    for (size_t i = 0; i < n_oval; i++) {
        uint16_t a = oval[i].from, b = oval[i].to;
        assert_int_equal(uses[a < b ? a : b][a < b ? b : a], 1);
    }
}

/* Three edges in a row go round: what result.h says. */
static void test_tesselation_is_triples(void **state)
{
    (void)state;
    size_t n_edges;
    const MienEdge *edges = mien_topology_edges(MIEN_TOPOLOGY_TESSELATION, &n_edges);
    for (size_t i = 0; i < n_edges; i += 3)
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(edges[i + k].to, edges[i + (k + 1) % 3].from);
}

static void test_triangles_are_mediapipes(void **state)
{
    (void)state;
    size_t n_numbers, n_triangles;
    double *numbers = csv_read("reference/data/canonical_triangles.csv", &n_numbers);
    const uint16_t(*triangles)[3] = mien_topology_triangles(&n_triangles);
    assert_int_equal(n_numbers, 3 * n_triangles);
    for (size_t i = 0; i < n_numbers; i++)
        assert_true(numbers[i] == triangles[i / 3][i % 3]);
    free(numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_unknown_set),
        cmocka_unit_test(test_edges_are_mediapipes),
        cmocka_unit_test(test_triangles),
        cmocka_unit_test(test_tesselation_is_triples),
        cmocka_unit_test(test_triangles_are_mediapipes),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
