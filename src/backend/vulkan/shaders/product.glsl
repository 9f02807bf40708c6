// SPDX-License-Identifier: Apache-2.0
// The matrix product inside of dense convolutions. Rows are output pixels of all jobs, one after the
// other; columns are output channels. A workgroup of 64 threads makes a tile, each thread ROWS x 4 values
// of it; the operands go through shared memory by fours, DEPTH_STEP products at a time, and so do the sums
// on their way out. Each value is one sum, in the order of the weights.
//
// The file that includes this one defines DEPTH, products a value, row_value() and four_rows().
layout(local_size_x = 64) in;

layout(constant_id = 11) const uint ROWS = 4; // a multiple of 4

const uint DEPTH_STEP = 16;
const uint THREADS_DOWN = 64 / THREADS_ACROSS;
const uint TILE_COLUMNS = 4 * THREADS_ACROSS;
const uint TILE_ROWS = ROWS * THREADS_DOWN;
const uint ROW_PITCH = TILE_ROWS / 4 + 1; // against threads that write to one bank

// Rows [DEPTH_STEP][ROW_PITCH], columns [DEPTH_STEP][THREADS_ACROSS]; or sums [TILE_ROWS][THREADS_ACROSS].
const uint COLUMN_TILE = DEPTH_STEP * ROW_PITCH;
const uint TILE_SIZE = COLUMN_TILE + DEPTH_STEP * THREADS_ACROSS;
shared vec4 tile[TILE_SIZE > ROWS * 64 ? TILE_SIZE : ROWS * 64];
shared uvec3 row_places[TILE_ROWS]; // first float of the job, y, x

// Factor k of output pixel (y, x); with FOURS_IN factors k to k + 3 of rows `row` to `row` + 3 of the tile.
float row_value(uint base, uint y, uint x, uint k);
void four_rows(uint row, uint k, inout vec4 values[4]);

// Which pixel a row is: one after the other, or with STRIPS four below each other and then the next four.
void load_places(uint first_row, uint n_rows)
{
    for (uint i = gl_LocalInvocationID.x; i < TILE_ROWS; i += 64) {
        uint row = min(first_row + i, n_rows - 1);
        uint pixels = OUT_HEIGHT * OUT_WIDTH, pixel = row % pixels;
        uint y = pixel / OUT_WIDTH, x = pixel % OUT_WIDTH;
        if ((FOURS & STRIPS) != 0) {
            y = pixel / 4 / OUT_WIDTH * 4 + pixel % 4;
            x = pixel / 4 % OUT_WIDTH;
        }
        row_places[i] = uvec3(row / pixels * JOB_STRIDE, y, x);
    }
}

void load_rows(uint first_k)
{
    for (uint i = gl_LocalInvocationID.x; i < DEPTH_STEP * TILE_ROWS / 4; i += 64) {
        uint k = i % DEPTH_STEP, row = i / DEPTH_STEP * 4;
        vec4 values = vec4(0.0);
        for (uint j = 0; j < 4 && first_k + k < DEPTH; j++) {
            uvec3 place = row_places[row + j];
            values[j] = row_value(place.x, place.y, place.z, first_k + k);
        }
        tile[k * ROW_PITCH + row / 4] = values;
    }
}

void load_rows_by_fours(uint first_k)
{
    for (uint i = gl_LocalInvocationID.x; i < DEPTH_STEP / 4 * TILE_ROWS / 4; i += 64) {
        uint k = i % (DEPTH_STEP / 4) * 4, row = i / (DEPTH_STEP / 4) * 4;
        vec4 values[4] = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
        if (first_k + k < DEPTH)
            four_rows(row, first_k + k, values);
        for (uint c = 0; c < 4; c++)
            tile[(k + c) * ROW_PITCH + row / 4] =
                vec4(values[0][c], values[1][c], values[2][c], values[3][c]);
    }
}

void load_columns(uint first_k, uint first_column)
{
    for (uint i = gl_LocalInvocationID.x; i < DEPTH_STEP * THREADS_ACROSS; i += 64) {
        uint column = first_column + i % THREADS_ACROSS * 4, k = first_k + i / THREADS_ACROSS;
        vec4 weights = vec4(0.0);
        if ((FOURS & FOURS_WEIGHTS) != 0) {
            if (column < OUT_CHANNELS && k < DEPTH)
                weights = dense_four(WEIGHTS, k * OUT_CHANNELS + column);
        } else {
            for (uint c = 0; c < 4; c++)
                if (column + c < OUT_CHANNELS && k < DEPTH)
                    weights[c] = dense_weight(WEIGHTS, k * OUT_CHANNELS + column + c);
        }
        tile[COLUMN_TILE + i] = weights;
    }
}

void multiply_tiles(uint down, uint across, inout vec4 sums[ROWS])
{
    for (uint k = 0; k < DEPTH_STEP; k++) {
        vec4 factors = tile[COLUMN_TILE + k * THREADS_ACROSS + across];
        for (uint j = 0; j < ROWS; j += 4) {
            vec4 values = tile[k * ROW_PITCH + (ROWS * down + j) / 4];
            sums[j] = fma(vec4(values.x), factors, sums[j]);
            sums[j + 1] = fma(vec4(values.y), factors, sums[j + 1]);
            sums[j + 2] = fma(vec4(values.z), factors, sums[j + 2]);
            sums[j + 3] = fma(vec4(values.w), factors, sums[j + 3]);
        }
    }
}

void finish_tile(uint first_row, uint n_rows, uint first_column)
{
    for (uint i = gl_LocalInvocationID.x; i < TILE_ROWS * THREADS_ACROSS; i += 64) {
        uint row = i / THREADS_ACROSS, column = first_column + i % THREADS_ACROSS * 4;
        if (first_row + row >= n_rows || column >= OUT_CHANNELS)
            continue;
        uvec3 place = row_places[row];
        vec4 sums = tile[i];
        if ((FOURS & FOURS_OUT) != 0)
            finish_four(place.x, place.y, place.z, column, sums);
        else
            for (uint c = 0; c < 4 && column + c < OUT_CHANNELS; c++)
                finish(place.x, place.y, place.z, column + c, sums[c]);
    }
}

void main()
{
    uint n_rows = N_JOBS * OUT_HEIGHT * OUT_WIDTH, first_column = gl_WorkGroupID.y * TILE_COLUMNS;
    uint across = gl_LocalInvocationID.x % THREADS_ACROSS, down = gl_LocalInvocationID.x / THREADS_ACROSS;
    uint column = first_column + 4 * across;

    vec4 bias = vec4(0.0);
    for (uint i = 0; i < 4; i++)
        if (column + i < OUT_CHANNELS)
            bias[i] = table_float(BIAS + column + i);
    for (uint first_row = gl_WorkGroupID.x * TILE_ROWS; first_row < n_rows;
         first_row += gl_NumWorkGroups.x * TILE_ROWS) {
        vec4 sums[ROWS];
        for (uint j = 0; j < ROWS; j++)
            sums[j] = bias;
        barrier(); // the last tile's places and sums have been read
        load_places(first_row, n_rows);
        barrier();
        for (uint k = 0; k < DEPTH; k += DEPTH_STEP) {
            if ((FOURS & FOURS_IN) != 0)
                load_rows_by_fours(k);
            else
                load_rows(k);
            load_columns(k, first_column);
            barrier();
            multiply_tiles(down, across, sums);
            barrier();
        }
        for (uint j = 0; j < ROWS; j++)
            tile[(ROWS * down + j) * THREADS_ACROSS + across] = sums[j];
        barrier();
        finish_tile(first_row, n_rows, first_column);
    }
}
