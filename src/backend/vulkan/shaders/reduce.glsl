// SPDX-License-Identifier: Apache-2.0
// Sums over a workgroup of 64 threads: within subgroups of whatever size, if the variant has them, and through
// shared memory.
shared vec2 partial_sums[64];

#ifdef SUBGROUPS
vec2 sum_of_all(vec2 value)
{
    value = subgroupAdd(value);
    barrier(); // the last sum has been read
    if (subgroupElect())
        partial_sums[gl_SubgroupID] = value;
    barrier();
    vec2 sum = partial_sums[0];
    for (uint i = 1; i < gl_NumSubgroups; i++)
        sum += partial_sums[i];
    return sum;
}
#else
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
#endif
