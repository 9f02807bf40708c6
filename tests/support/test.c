/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include <ftw.h>
#include <math.h>
#include <unistd.h>

static int n_skipped;

static bool exists(const char *path)
{
    return access(path, R_OK) == 0;
}

/* Tries DIRECTORY/NAME, leaving the path in `path`. */
static bool try_path(char *path, size_t size, const char *directory, const char *name)
{
    if (!directory || !*directory)
        return false;
    return (size_t)snprintf(path, size, "%s/%s", directory, name) < size && exists(path);
}

const char *test_find_data(const char *name)
{
    static char path[4096];
    if (try_path(path, sizeof(path), MIEN_SHARED_DIR, name))
        return path;
    const char *file = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    if (try_path(path, sizeof(path), getenv("MIEN_MODEL_DIR"), file))
        return path;
    char directory[2048];
    const char *home = getenv("HOME");
    const char *data = getenv("XDG_DATA_HOME");
    if (data && *data)
        snprintf(directory, sizeof(directory), "%s/mien", data);
    else
        snprintf(directory, sizeof(directory), "%s/.local/share/mien", home ? home : "");
    char in_models[2200];
    snprintf(in_models, sizeof(in_models), "%s/models", directory);
    if (try_path(path, sizeof(path), in_models, file) ||
        try_path(path, sizeof(path), directory, file))
        return path;
    return NULL;
}

const char *test_need_data(const char *name)
{
    const char *path = test_find_data(name);
    if (!path) {
        char reason[256];
        bool is_model = strncmp(name, "models/", 7) == 0;
        snprintf(reason, sizeof(reason), "no %s: %s has it", name,
                 is_model ? "`mien models fetch` or the shared folder" : "the shared folder");
        test_skip(reason);
    }
    return path;
}

void test_skip(const char *reason)
{
    n_skipped++;
    printf("[  SKIPPED ] %s\n", reason);
    skip();
}

void *test_read_file(const char *path, size_t *size_bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *data = malloc((size_t)size + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    data[size] = 0;
    *size_bytes = (size_t)size;
    return data;
}

static char temporary[256];

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_temporary(void)
{
    nftw(temporary, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *test_temporary(const char *name)
{
    static char path[600];
    if (!*temporary) {
        const char *base = getenv("TMPDIR");
        snprintf(temporary, sizeof(temporary), "%s/mien-test-XXXXXX",
                 base && *base ? base : "/tmp");
        if (!mkdtemp(temporary))
            fail_msg("cannot make %s", temporary);
        atexit(remove_temporary);
    }
    snprintf(path, sizeof(path), "%s/%s", temporary, name);
    return path;
}

static bool has_failed;

void test_fail_at_end(void)
{
    has_failed = true;
}

int test_exit_code(int n_failed)
{
    if (n_failed || has_failed)
        return 1;
    return n_skipped ? 77 : 0;
}

void test_check_range(const char *what, int64_t value, int64_t low, int64_t high, const char *file,
                      int line)
{
    if (value >= low && value <= high)
        return;
    print_error("%s is %lld, not within %lld to %lld\n", what, (long long)value, (long long)low,
                (long long)high);
    _fail(file, line);
}

void test_compare_floats(const char *what, const float *got, const float *want, size_t n,
                         double absolute, double relative)
{
    size_t worst = n;
    double worst_excess = 0;
    for (size_t i = 0; i < n; i++) {
        double excess =
            fabs((double)got[i] - want[i]) - (absolute + relative * fabs((double)want[i]));
        if (isnan(got[i]) || isnan(want[i]))
            excess = INFINITY;
        if (excess > worst_excess) {
            worst_excess = excess;
            worst = i;
        }
    }
    if (worst < n)
        fail_msg("%s: element %zu of %zu is %.9g, not %.9g (allowed: %g + %g relative)", what,
                 worst, n, (double)got[worst], (double)want[worst], absolute, relative);
}
