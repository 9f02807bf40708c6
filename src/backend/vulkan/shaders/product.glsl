// SPDX-License-Identifier: Apache-2.0
// The matrix product inside of dense convolutions. Rows are output pixels of all jobs, one after the
// other; columns are output channels. A workgroup of 64 threads makes a tile, each thread 4 x 4 values
// of it; the operands go through shared memory, DEPTH_STEP products at a time. Each value is one sum,
// in the order of the weights.
//
// The file that includes this one defines DEPTH, products a value, and row_value().
layout(local_size_x = 64) in;

const uint DEPTH_STEP = 16;
const uint THREADS_DOWN = 64 / THREADS_ACROSS;
const uint TILE_COLUMNS = 4 * THREADS_ACROSS;
const uint TILE_ROWS = 4 * THREADS_DOWN;
const uint ROW_PITCH = TILE_ROWS + 4; // against threads that write to one bank

shared float row_tile[DEPTH_STEP * ROW_PITCH];
shared float column_tile[DEPTH_STEP * TILE_COLUMNS];
shared uvec3 row_places[TILE_ROWS]; // first float of the job, y, x

// Factor k of output pixel (y, x).
float row_value(uint base, uint y, uint x, uint k);

void load_places(uint first_row, uint n_rows)
{
    for (uint i = gl_LocalInvocationID.x; i < TILE_ROWS; i += 64) {
        uint row = min(first_row + i, n_rows - 1);
        uint pixels = OUT_HEIGHT * OUT_WIDTH, pixel = row % pixels;
        row_places[i] = uvec3(row / pixels * JOB_STRIDE, pixel / OUT_WIDTH, pixel % OUT_WIDTH);
    }
}

void load_tiles(uint first_k, uint first_column)
{
    for (uint i = gl_LocalInvocationID.x; i < DEPTH_STEP * TILE_ROWS; i += 64) {
        uint k = i % DEPTH_STEP, row = i / DEPTH_STEP;
        uvec3 place = row_places[row];
        row_tile[k * ROW_PITCH + row] =
            first_k + k < DEPTH ? row_value(place.x, place.y, place.z, first_k + k) : 0.0;
    }
    for (uint i = gl_LocalInvocationID.x; i < DEPTH_STEP * TILE_COLUMNS; i += 64) {
        uint column = first_column + i % TILE_COLUMNS, k = first_k + i / TILE_COLUMNS;
        column_tile[i] = column < OUT_CHANNELS && k < DEPTH
                             ? dense_weight(WEIGHTS, k * OUT_CHANNELS + column)
                             : 0.0;
    }
}

void multiply_tiles(uint row, uint column, inout vec4 sums[4])
{
    for (uint k = 0; k < DEPTH_STEP; k++) {
        uint a = k * ROW_PITCH + row, b = k * TILE_COLUMNS + column;
        vec4 factors = vec4(column_tile[b], column_tile[b + 1], column_tile[b + 2], column_tile[b + 3]);
        sums[0] = fma(vec4(row_tile[a]), factors, sums[0]);
        sums[1] = fma(vec4(row_tile[a + 1]), factors, sums[1]);
        sums[2] = fma(vec4(row_tile[a + 2]), factors, sums[2]);
        sums[3] = fma(vec4(row_tile[a + 3]), factors, sums[3]);
    }
}

void main()
{
    uint n_rows = N_JOBS * OUT_HEIGHT * OUT_WIDTH, first_column = gl_WorkGroupID.y * TILE_COLUMNS;
    uint column = gl_LocalInvocationID.x % THREADS_ACROSS * 4;
    uint row = gl_LocalInvocationID.x / THREADS_ACROSS * 4;

    vec4 bias = vec4(0.0);
    for (uint i = 0; i < 4; i++)
        if (first_column + column + i < OUT_CHANNELS)
            bias[i] = table_float(BIAS + first_column + column + i);
    for (uint first_row = gl_WorkGroupID.x * TILE_ROWS; first_row < n_rows;
         first_row += gl_NumWorkGroups.x * TILE_ROWS) {
        vec4 sums[4] = vec4[4](bias, bias, bias, bias);
        barrier(); // the last tile's places have been read
        load_places(first_row, n_rows);
        barrier();
        for (uint k = 0; k < DEPTH; k += DEPTH_STEP) {
            load_tiles(k, first_column);
            barrier();
            multiply_tiles(row, column, sums);
            barrier();
        }
        for (uint j = 0; j < 4 && first_row + row + j < n_rows; j++) {
            uvec3 place = row_places[row + j];
            for (uint i = 0; i < 4; i++)
                if (first_column + column + i < OUT_CHANNELS)
                    finish(place.x, place.y, place.z, first_column + column + i, sums[j][i]);
        }
    }
}
