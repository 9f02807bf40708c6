/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include "harness.h"

#include "base/rng.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_BLOCKS 1024
#define POISON_BYTES 256 /* on the side of a block that has no guard page */
#define POISON UINT32_C(0x7fbadbad)

typedef struct GuardedBlock {
    char *pages;
    size_t n_bytes;    /* of all pages */
    char *poison_zone; /* POISON_BYTES beside the block */
} GuardedBlock;

static GuardedBlock blocks[MAX_BLOCKS];
static int n_blocks;
static const Test *faulting_test;

void poison(float *floats, size_t n)
{
    const uint32_t pattern = POISON;
    for (size_t i = 0; i < n; i++)
        memcpy(&floats[i], &pattern, sizeof(pattern));
}

bool is_poison(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits == POISON;
}

void *test_alloc(Test *test, size_t size_bytes, size_t alignment)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t block_bytes = mieni_round_up(size_bytes, alignment);
    size_t inside = mieni_round_up(block_bytes + POISON_BYTES + sizeof(float), page);
    size_t n_bytes = inside + 2 * page;

    char *pages = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || n_blocks == MAX_BLOCKS) {
        fprintf(stderr, "%s: no memory for %zu bytes\n", test->what, size_bytes);
        exit(1);
    }
    char *first = pages + page;
    if (mprotect(pages, page, PROT_NONE) != 0 || mprotect(first + inside, page, PROT_NONE) != 0) {
        perror("mprotect");
        exit(1);
    }
    poison((float *)(void *)first, inside / sizeof(float));

    GuardedBlock *guarded = &blocks[n_blocks++];
    *guarded = (GuardedBlock){.pages = pages, .n_bytes = n_bytes};
    if (test->guard_front) {
        guarded->poison_zone = first + mieni_round_up(block_bytes, sizeof(float));
        return first;
    }
    char *block = first + inside - block_bytes;
    guarded->poison_zone = block - (size_t)(block - first) % sizeof(float) - POISON_BYTES;
    return block;
}

static bool poison_is_whole(const GuardedBlock *block)
{
    const float *zone = (const float *)(const void *)block->poison_zone;
    for (size_t i = 0; i < POISON_BYTES / sizeof(float); i++)
        if (!is_poison(zone[i]))
            return false;
    return true;
}

void case_begin(Test *test, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(test->what, sizeof(test->what), format, arguments);
    va_end(arguments);
    test->fault[0] = '\0';
    test->guard_front = random_bool(test);
}

void case_fault(Test *test, const char *format, ...)
{
    if (test->fault[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(test->fault, sizeof(test->fault), format, arguments);
    va_end(arguments);
}

void case_end(Test *test)
{
    for (int i = 0; i < n_blocks; i++)
        if (!poison_is_whole(&blocks[i]))
            case_fault(test, "something was written beside block %d", i);
    while (n_blocks > 0) {
        n_blocks--;
        munmap(blocks[n_blocks].pages, blocks[n_blocks].n_bytes);
    }
    if (test->fault[0] == '\0') {
        test->n_passed++;
        return;
    }
    test->n_failed++;
    if (!test->quiet)
        printf("FAILED %s %s: %s: %s\n", test->tested->isa, test->op, test->what, test->fault);
}

float random_float(Test *test, float low, float high)
{
    return mieni_rng_float(&test->rng, low, high);
}

int32_t random_below(Test *test, int32_t n)
{
    return (int32_t)mieni_rng_below(&test->rng, (uint32_t)n);
}

int32_t random_between(Test *test, int32_t low, int32_t high)
{
    return low + random_below(test, high - low + 1);
}

bool random_bool(Test *test)
{
    return random_below(test, 2) != 0;
}

/* Only calls what a signal handler may call. */
static void print_fault(int number)
{
    static const char text[] = "FAILED: a kernel touched memory that is not its own: ";
    (void)number;
    ssize_t done = write(1, text, sizeof(text) - 1);
    done += write(1, faulting_test->tested->isa, strlen(faulting_test->tested->isa));
    done += write(1, " ", 1);
    done += write(1, faulting_test->op, strlen(faulting_test->op));
    done += write(1, ": ", 2);
    done += write(1, faulting_test->what, strlen(faulting_test->what));
    done += write(1, "\n", 1);
    _exit(done > 0 ? 1 : 2);
}

void harness_catch_faults(const Test *test)
{
    faulting_test = test;
    signal(SIGSEGV, print_fault);
    signal(SIGBUS, print_fault);
}
