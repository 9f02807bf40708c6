/* SPDX-License-Identifier: Apache-2.0 */
#include "../../tools/mien/draw.h"

#include <math.h>

#include "support/test.h"

enum { WIDTH = 40, HEIGHT = 30 };

static const CliInk white = {255, 255, 255, 1};

static CliCanvas black_canvas(void)
{
    CliCanvas canvas = {0};
    assert_true(cli_canvas_resize(&canvas, WIDTH, HEIGHT));
    memset(canvas.pixels, 0, (size_t)WIDTH * HEIGHT * 3);
    return canvas;
}

static int at(const CliCanvas *canvas, int x, int y)
{
    return canvas->pixels[(y * WIDTH + x) * 3];
}

/* Sum of all pixels in units of a full one. */
static double sum(const CliCanvas *canvas)
{
    double total = 0;
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        total += canvas->pixels[i * 3] / 255.0;
    return total;
}

static void a_line_covers_its_pixels(void **state)
{
    (void)state;
    CliCanvas canvas = black_canvas();
    assert_true(cli_layer_begin(&canvas, 0, 0, WIDTH, HEIGHT));
    cli_layer_line(&canvas, 5, 10, 25, 10, 1);
    cli_layer_end(&canvas, white);
    for (int x = 5; x <= 25; x++)
        assert_int_equal(at(&canvas, x, 10), 255);
    assert_int_equal(at(&canvas, 15, 9), 0);
    assert_int_equal(at(&canvas, 15, 11), 0);
    assert_int_equal(at(&canvas, 3, 10), 0);
    assert_int_equal(at(&canvas, 27, 10), 0);
    cli_canvas_free(&canvas);
}

/* The ink of a line is its length times its width, whatever its direction. */
static void lines_are_equally_strong(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        for (float width = 0.5f; width < 4; width *= 2) {
            CliCanvas canvas = black_canvas();
            float angle = (float)i * 0.5236f, x = 9 * cosf(angle), y = 9 * sinf(angle);
            assert_true(cli_layer_begin(&canvas, 0, 0, WIDTH, HEIGHT));
            cli_layer_line(&canvas, 20 - x, 15 - y, 20 + x, 15 + y, width);
            cli_layer_end(&canvas, white);
            double expected = 18 * (double)width; /* and the round ends */
            assert_true(sum(&canvas) > 0.85 * expected);
            assert_true(sum(&canvas) < 1.2 * expected + 5);
            cli_canvas_free(&canvas);
        }
    }
}

static void crossings_do_not_add_up(void **state)
{
    (void)state;
    CliCanvas canvas = black_canvas();
    const CliInk half = {255, 255, 255, 0.5f};
    assert_true(cli_layer_begin(&canvas, 0, 0, WIDTH, HEIGHT));
    cli_layer_line(&canvas, 5, 10, 25, 10, 1);
    cli_layer_line(&canvas, 15, 2, 15, 20, 1);
    cli_layer_end(&canvas, half);
    test_in_range(at(&canvas, 15, 10), 126, 129);
    assert_int_equal(at(&canvas, 10, 10), at(&canvas, 15, 10));
    cli_canvas_free(&canvas);
}

/* Nothing is written outside the picture, which ASan would see, nor outside the layer. */
static void shapes_are_clipped(void **state)
{
    (void)state;
    CliCanvas canvas = black_canvas();
    assert_true(cli_layer_begin(&canvas, -1e9f, -1e9f, 1e9f, 1e9f));
    cli_layer_line(&canvas, -100, -50, 200, 90, 3);
    cli_layer_line(&canvas, NAN, 0, 5, 5, 3);
    cli_layer_line(&canvas, INFINITY, 0, 5, 5, 3);
    cli_layer_line(&canvas, -1e30f, 0, 1e30f, 5, 3);
    cli_layer_circle(&canvas, 39, 29, 20, 2);
    cli_layer_number(&canvas, 35, 28, 2, 2147483647);
    cli_layer_end(&canvas, white);
    assert_true(sum(&canvas) > 20);
    cli_canvas_free(&canvas);

    canvas = black_canvas();
    assert_true(cli_layer_begin(&canvas, 10, 10, 12, 12));
    cli_layer_line(&canvas, 0, 11, 39, 11, 1);
    cli_layer_end(&canvas, white);
    assert_int_equal(at(&canvas, 11, 11), 255);
    assert_int_equal(at(&canvas, 8, 11), 0);
    assert_int_equal(at(&canvas, 15, 11), 0);
    cli_canvas_free(&canvas);

    canvas = black_canvas();
    assert_true(cli_layer_begin(&canvas, 100, 100, 200, 200));
    cli_layer_line(&canvas, 0, 0, 200, 200, 1);
    cli_layer_end(&canvas, white);
    assert_true(sum(&canvas) == 0);
    assert_true(cli_layer_begin(&canvas, NAN, NAN, NAN, NAN));
    cli_layer_end(&canvas, white);
    cli_canvas_free(&canvas);
}

static void blending_is_exact_at_its_ends(void **state)
{
    (void)state;
    CliCanvas canvas = black_canvas();
    memset(canvas.pixels, 200, (size_t)WIDTH * HEIGHT * 3);
    assert_true(cli_layer_begin(&canvas, 0, 0, WIDTH, HEIGHT));
    cli_layer_line(&canvas, 5, 5, 20, 5, 1);
    cli_layer_end(&canvas, (CliInk){10, 20, 30, 0});
    assert_int_equal(at(&canvas, 10, 5), 200);
    assert_true(cli_layer_begin(&canvas, 0, 0, WIDTH, HEIGHT));
    cli_layer_line(&canvas, 5, 5, 20, 5, 1);
    cli_layer_end(&canvas, (CliInk){10, 20, 30, 1});
    const uint8_t *pixel = canvas.pixels + (5 * WIDTH + 10) * 3;
    assert_int_equal(pixel[0], 10);
    assert_int_equal(pixel[1], 20);
    assert_int_equal(pixel[2], 30);
    cli_canvas_free(&canvas);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_line_covers_its_pixels),      cmocka_unit_test(lines_are_equally_strong),
    cmocka_unit_test(crossings_do_not_add_up),       cmocka_unit_test(shapes_are_clipped),
    cmocka_unit_test(blending_is_exact_at_its_ends),
};

TEST_MAIN(tests)
