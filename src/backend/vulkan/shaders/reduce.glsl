// SPDX-License-Identifier: Apache-2.0
// Sums over a workgroup of 64 threads, through shared memory.
shared vec2 partial_sums[64];

vec2 sum_of_all(vec2 value)
{
    uint thread = gl_LocalInvocationID.x;
    barrier(); // the last sum has been read
    partial_sums[thread] = value;
    for (uint n = 32; n > 0; n /= 2) {
        barrier();
        if (thread < n)
            partial_sums[thread] += partial_sums[thread + n];
    }
    barrier();
    return partial_sums[0];
}
