/* SPDX-License-Identifier: Apache-2.0 */
#include "draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

static bool grow(uint8_t **block, size_t *capacity, size_t size)
{
    if (size <= *capacity)
        return true;
    uint8_t *grown = realloc(*block, size);
    if (!grown)
        return false;
    *block = grown;
    *capacity = size;
    return true;
}

bool cli_canvas_resize(CliCanvas *canvas, int32_t width, int32_t height)
{
    if (!grow(&canvas->pixels, &canvas->capacity, (size_t)width * (size_t)height * 3))
        return false;
    canvas->width = width;
    canvas->height = height;
    return true;
}

void cli_canvas_free(CliCanvas *canvas)
{
    free(canvas->pixels);
    free(canvas->mask);
    *canvas = (CliCanvas){0};
}

/* Also takes what is not finite. */
static int32_t clip(float value, int32_t low, int32_t high)
{
    if (!(value > (float)low))
        return low;
    return value < (float)high ? (int32_t)value : high;
}

bool cli_layer_begin(CliCanvas *canvas, float left, float top, float right, float bottom)
{
    canvas->left = clip(floorf(left), 0, canvas->width);
    canvas->top = clip(floorf(top), 0, canvas->height);
    canvas->right = clip(ceilf(right) + 1, canvas->left, canvas->width);
    canvas->bottom = clip(ceilf(bottom) + 1, canvas->top, canvas->height);
    size_t size = (size_t)(canvas->right - canvas->left) * (size_t)(canvas->bottom - canvas->top);
    if (!grow(&canvas->mask, &canvas->mask_capacity, size))
        return false;
    if (size)
        memset(canvas->mask, 0, size);
    return true;
}

void cli_layer_line(CliCanvas *canvas, float x0, float y0, float x1, float y1, float width)
{
    if (!isfinite(x0) || !isfinite(y0) || !isfinite(x1) || !isfinite(y1))
        return;
    /* A line thinner than a pixel is drawn one pixel wide and fainter. */
    float strength = width < 1 ? width : 1;
    float reach = (width < 1 ? 1 : width) / 2 + 0.5f;
    int32_t left = clip(floorf(fminf(x0, x1) - reach), canvas->left, canvas->right);
    int32_t right = clip(ceilf(fmaxf(x0, x1) + reach) + 1, canvas->left, canvas->right);
    int32_t top = clip(floorf(fminf(y0, y1) - reach), canvas->top, canvas->bottom);
    int32_t bottom = clip(ceilf(fmaxf(y0, y1) + reach) + 1, canvas->top, canvas->bottom);
    float dx = x1 - x0, dy = y1 - y0;
    float length2 = dx * dx + dy * dy;
    for (int32_t y = top; y < bottom; y++) {
        uint8_t *row =
            canvas->mask + (size_t)(y - canvas->top) * (size_t)(canvas->right - canvas->left);
        for (int32_t x = left; x < right; x++) {
            float px = (float)x - x0, py = (float)y - y0;
            float t = length2 > 0 ? (px * dx + py * dy) / length2 : 0;
            t = fminf(fmaxf(t, 0), 1);
            float ex = px - t * dx, ey = py - t * dy;
            float coverage = reach - sqrtf(ex * ex + ey * ey);
            if (coverage <= 0)
                continue;
            uint8_t level = (uint8_t)(fminf(coverage, 1) * strength * 255 + 0.5f);
            if (level > row[x - canvas->left])
                row[x - canvas->left] = level;
        }
    }
}

void cli_layer_circle(CliCanvas *canvas, float x, float y, float radius, float width)
{
    enum { N = 40 };
    float before_x = x + radius, before_y = y;
    for (int i = 1; i <= N; i++) {
        float angle = 6.2831853f * (float)i / N;
        float next_x = x + radius * cosf(angle), next_y = y + radius * sinf(angle);
        cli_layer_line(canvas, before_x, before_y, next_x, next_y, width);
        before_x = next_x;
        before_y = next_y;
    }
}

/* Seven-segment digits: they need no font and scale to any size. Bits: top, upper left, upper
 * right, middle, lower left, lower right, bottom. */
static void draw_digit(CliCanvas *canvas, float x, float y, float scale, int digit)
{
    static const uint8_t segments[10] = {0x77, 0x24, 0x5D, 0x6D, 0x2E,
                                         0x6B, 0x7B, 0x25, 0x7F, 0x6F};
    static const uint8_t ends[7][4] = {{0, 0, 4, 0}, {0, 0, 0, 3}, {4, 0, 4, 3}, {0, 3, 4, 3},
                                       {0, 3, 0, 6}, {4, 3, 4, 6}, {0, 6, 4, 6}};
    for (int i = 0; i < 7; i++)
        if (segments[digit] >> i & 1)
            cli_layer_line(canvas, x + ends[i][0] * scale, y + ends[i][1] * scale,
                           x + ends[i][2] * scale, y + ends[i][3] * scale, scale);
}

void cli_layer_number(CliCanvas *canvas, float x, float y, float scale, int32_t number)
{
    char text[CLI_NUMBER_MAX];
    size_t n = cli_format_int(number < 0 ? 0 : number, text);
    for (size_t i = 0; i < n; i++)
        draw_digit(canvas, x + (float)i * 6 * scale, y, scale, text[i] - '0');
}

void cli_layer_end(CliCanvas *canvas, CliInk ink)
{
    const uint8_t color[3] = {ink.r, ink.g, ink.b};
    uint32_t alpha = (uint32_t)(ink.alpha * 256 + 0.5f);
    for (int32_t y = canvas->top; y < canvas->bottom; y++) {
        const uint8_t *coverage =
            canvas->mask + (size_t)(y - canvas->top) * (size_t)(canvas->right - canvas->left);
        uint8_t *pixel =
            canvas->pixels + ((size_t)y * (size_t)canvas->width + (size_t)canvas->left) * 3;
        for (int32_t x = canvas->left; x < canvas->right; x++, coverage++, pixel += 3) {
            if (!*coverage)
                continue;
            uint32_t share = *coverage * alpha; /* of 255 * 256 */
            for (int c = 0; c < 3; c++)
                pixel[c] =
                    (uint8_t)((pixel[c] * (65280 - share) + color[c] * share + 32640) / 65280);
        }
    }
}
