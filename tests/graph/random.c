/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random small networks: what the planner accepts must compute what the operations say, one by one.
 * The seed of a failing network is printed; MIEN_TEST_SEED runs that one alone.
 */
#include "base/rng.h"
#include "support/flatbuilder.h"
#include "support/network.h"
#include "support/test.h"

typedef struct Maker {
    FbModel *model;
    uint64_t seed;
    int32_t values[64]; /* pictures made so far */
    int32_t n_values;
} Maker;

static uint32_t pick(Maker *maker, uint32_t n)
{
    return mieni_rng_below(&maker->seed, n);
}

static int32_t keep(Maker *maker, int32_t value)
{
    if (maker->n_values < 64)
        maker->values[maker->n_values++] = value;
    return value;
}

/* The newest value mostly, so that networks get deep. */
static int32_t any(Maker *maker)
{
    uint32_t n = (uint32_t)maker->n_values;
    return maker->values[pick(maker, 3) ? n - 1 : pick(maker, n)];
}

static const int32_t *shape_of(const Maker *maker, int32_t value)
{
    return maker->model->tensors[value].shape;
}

static int32_t any_channels(Maker *maker)
{
    static const int32_t counts[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 24, 33};
    return counts[pick(maker, MIENI_COUNT_OF(counts))];
}

static void make_conv(Maker *maker)
{
    int32_t in = any(maker);
    const int32_t *shape = shape_of(maker, in);
    int32_t kernel = 1 + (int32_t)pick(maker, 5), stride = 1 + (int32_t)pick(maker, 3);
    if (pick(maker, 3) == 0)
        kernel = stride = 1;
    if (pick(maker, 6) == 0 && shape[1] == shape[2] && shape[1] <= 8)
        kernel = shape[1];
    int32_t padding = pick(maker, 3) ? FB_SAME : FB_VALID;
    if (pick(maker, 4) == 0) {
        in = fb_pad(maker->model, in, (int32_t)pick(maker, 3), (int32_t)pick(maker, 3),
                    (int32_t)pick(maker, 3), (int32_t)pick(maker, 3), 0);
        padding = pick(maker, 5) ? FB_VALID : FB_SAME;
    }
    shape = shape_of(maker, in);
    if (padding == FB_VALID && (kernel > shape[1] || kernel > shape[2]))
        return;
    keep(maker,
         fb_conv(maker->model, in, any_channels(maker), kernel, stride, padding, pick(maker, 2)));
}

static void make_depthwise(Maker *maker)
{
    int32_t in = any(maker);
    int32_t kernel = 1 + (int32_t)pick(maker, 5), stride = 1 + (int32_t)pick(maker, 2);
    int32_t padding = FB_SAME;
    if (pick(maker, 4) == 0) {
        in = fb_pad(maker->model, in, (int32_t)pick(maker, 3), (int32_t)pick(maker, 3),
                    (int32_t)pick(maker, 3), (int32_t)pick(maker, 3), 0);
        padding = FB_VALID;
    }
    const int32_t *shape = shape_of(maker, in);
    if (padding == FB_VALID && (kernel > shape[1] || kernel > shape[2]))
        return;
    int32_t out = fb_depthwise(maker->model, in, kernel, stride, padding);
    if (pick(maker, 4) == 0)
        keep(maker, out);
    if (pick(maker, 8) == 0)
        out = fb_pad(maker->model, out, 1, 1, 1, 1, 0);
    if (pick(maker, 4))
        keep(maker, fb_conv(maker->model, out, any_channels(maker), 1, 1, FB_VALID, false));
    else
        keep(maker, out);
}

static void make_activation(Maker *maker)
{
    int32_t in = maker->values[maker->n_values - 1];
    switch (pick(maker, 3)) {
    case 0:
        keep(maker, fb_prelu(maker->model, in));
        break;
    case 1:
        keep(maker, fb_same_shape(maker->model, FB_RELU, in));
        break;
    default:
        keep(maker, fb_same_shape(maker->model, FB_LOGISTIC, in));
        break;
    }
}

/* A pointwise of some value plus the value itself, pooled and padded as needed. */
static void make_block(Maker *maker)
{
    FbModel *model = maker->model;
    int32_t in = any(maker);
    int32_t shortcut = in, body = in;
    bool pooled = pick(maker, 3) == 0;
    int32_t more = (int32_t)pick(maker, 3) * (int32_t)pick(maker, 9);
    int32_t channels = shape_of(maker, in)[3] + more;
    bool pad_first = pick(maker, 2);
    if (more && pad_first)
        shortcut = fb_pad(model, shortcut, 0, 0, 0, 0, more);
    if (pooled)
        shortcut = fb_maxpool(model, shortcut);
    if (more && !pad_first)
        shortcut = fb_pad(model, shortcut, 0, 0, 0, 0, more);
    int32_t stride = pooled ? 2 : 1;
    if (pick(maker, 3)) {
        body = fb_depthwise(model, body, 3, stride, FB_SAME);
        body = fb_conv(model, body, channels, 1, 1, FB_SAME, false);
    } else {
        body = fb_conv(model, body, channels, 3, stride, FB_SAME, false);
    }
    int32_t sum = pick(maker, 2) ? fb_add(model, body, shortcut, pick(maker, 2))
                                 : fb_add(model, shortcut, body, pick(maker, 2));
    if (pick(maker, 3) == 0)
        sum = fb_prelu(model, sum);
    keep(maker, sum);
}

static void make_sum(Maker *maker)
{
    int32_t a = any(maker);
    for (int32_t i = 0; i < maker->n_values; i++) {
        int32_t b = maker->values[i];
        if (b != a && memcmp(shape_of(maker, a), shape_of(maker, b), 4 * sizeof(int32_t)) == 0) {
            keep(maker, fb_add(maker->model, a, b, pick(maker, 2)));
            return;
        }
    }
}

static void make_resize_add(Maker *maker)
{
    int32_t small = any(maker);
    const int32_t *shape = shape_of(maker, small);
    int32_t height = shape[1] + (int32_t)pick(maker, 8), width = shape[2] + (int32_t)pick(maker, 8);
    int32_t channels = shape[3];
    for (int32_t i = 0; i < maker->n_values; i++) {
        const int32_t *other = shape_of(maker, maker->values[i]);
        if (maker->values[i] == small || other[3] != channels)
            continue;
        height = other[1];
        width = other[2];
        int32_t resized = fb_resize(maker->model, small, height, width);
        keep(maker, pick(maker, 2) ? fb_add(maker->model, resized, maker->values[i], false)
                                   : fb_add(maker->model, maker->values[i], resized, false));
        return;
    }
}

static void make_depth_to_space(Maker *maker)
{
    int32_t in = any(maker);
    if (shape_of(maker, in)[3] % 4 == 0 && shape_of(maker, in)[1] <= 12)
        keep(maker, fb_depth_to_space(maker->model, in, 2));
}

static void make_concat(Maker *maker)
{
    int32_t a = any(maker), b = any(maker);
    const int32_t *sa = shape_of(maker, a), *sb = shape_of(maker, b);
    if (a == b || sa[3] != sb[3])
        return;
    int32_t channels = sa[3], rows_a = sa[1] * sa[2], rows_b = sb[1] * sb[2];
    int32_t ra = fb_reshape(maker->model, a, 4, 1, rows_a, 1, channels);
    int32_t rb = fb_reshape(maker->model, b, 4, 1, rows_b, 1, channels);
    keep(maker, fb_concat(maker->model, 1, ra, rb));
}

static void make_reshape(Maker *maker)
{
    int32_t in = any(maker);
    const int32_t *shape = shape_of(maker, in);
    keep(maker, fb_reshape(maker->model, in, 4, 1, shape[2], shape[1], shape[3]));
}

static FbModel *make_network(uint64_t seed)
{
    static void (*const steps[])(Maker *) = {
        make_conv,  make_conv, make_depthwise,  make_depthwise,      make_activation, make_block,
        make_block, make_sum,  make_resize_add, make_depth_to_space, make_concat,     make_reshape,
    };
    Maker maker = {.model = fb_create(), .seed = seed};
    maker.model->seed = seed;
    keep(&maker, fb_input(maker.model, 1 + (int32_t)pick(&maker, 12), 1 + (int32_t)pick(&maker, 12),
                          any_channels(&maker)));
    /* Rare steps of kinds that are often refused: most networks should be run. */
    uint32_t n = 1 + pick(&maker, 6);
    for (uint32_t i = 0; i < n; i++)
        steps[pick(&maker, pick(&maker, 3) ? 7 : MIENI_COUNT_OF(steps))](&maker);
    if (maker.n_values == 1)
        keep(&maker, fb_conv(maker.model, maker.values[0], 3, 1, 1, FB_SAME, false));
    fb_output(maker.model, maker.values[maker.n_values - 1]);
    if (pick(&maker, 3) == 0 && maker.n_values > 2)
        fb_output(maker.model, maker.values[1 + pick(&maker, (uint32_t)maker.n_values - 2)]);
    return maker.model;
}

/* Keeps a network for a closer look, where MIEN_TEST_DUMP says. */
static void dump(const FbFile *file)
{
    const char *path = getenv("MIEN_TEST_DUMP");
    FILE *out = path ? fopen(path, "wb") : NULL;
    if (!out)
        return;
    fwrite(file->data, 1, file->size, out);
    fclose(out);
}

static NetworkCheck check_seed(uint64_t seed)
{
    FbModel *model = make_network(seed);
    FbFile file = fb_write(model);
    NetworkCheck check = network_check(file.data, file.size, 1e8, 1 << 24);
    if (*check.wrong) {
        dump(&file);
        print_error("seed %llu: %s\n", (unsigned long long)seed, check.wrong);
    }
    fb_file_free(&file);
    fb_destroy(model);
    return check;
}

static void plans_equal_graphs(void **state)
{
    (void)state;
    const char *one = getenv("MIEN_TEST_SEED");
    if (one) {
        NetworkCheck check = check_seed(strtoull(one, NULL, 10));
        print_message("%s %s\n", mien_status_name(check.status), check.error.text);
        assert_string_equal(check.wrong, "");
        return;
    }
    const char *wanted = getenv("MIEN_TEST_NETWORKS");
    uint64_t n = wanted ? strtoull(wanted, NULL, 10) : 3000;
    uint64_t n_compared = 0, n_wrong = 0;
    for (uint64_t seed = 1; seed <= n; seed++) {
        NetworkCheck check = check_seed(seed);
        if (check.status != MIEN_OK && check.status != MIEN_E_UNSUPPORTED)
            fail_msg("seed %llu: %s", (unsigned long long)seed, check.error.text);
        n_compared += check.compared;
        n_wrong += *check.wrong != 0;
    }
    print_message("%llu of %llu networks were planned and compared\n",
                  (unsigned long long)n_compared, (unsigned long long)n);
    assert_int_equal(n_wrong, 0);
    assert_true(n_compared > n / 3);
}

/* Changes one number that describes the network: a size, an index, an option. */
static void damage(FbFile *file, uint64_t *seed)
{
    for (;;) {
        const FbMark *mark = &file->marks[mieni_rng_below(seed, (uint32_t)file->n_marks)];
        bool is_vector = strstr(mark->name, "[]") != NULL;
        bool is_field = strchr(mark->name, '.') && !is_vector;
        if (is_vector && (strstr(mark->name, "data") || strstr(mark->name, "name")))
            continue;
        size_t at = mark->at;
        if (is_vector && mieni_rng_below(seed, 8))
            at += 4 + 4 * (size_t)mieni_rng_below(seed, MIENI_MAX(fb_get_u32(file, at), 1));
        else if (is_field && !strstr(mark->name, "options") && mieni_rng_below(seed, 2))
            continue; /* offsets: mostly they only lead astray */
        if (at + 4 > file->size)
            continue;
        uint32_t before = file->data[at];
        uint32_t value = mieni_rng_below(seed, 3) ? mieni_rng_below(seed, 24)
                                                  : before + mieni_rng_below(seed, 3) - 1;
        if (is_vector || strstr(mark->name, "buffer"))
            fb_put_u32(file, at, value);
        else
            fb_put_u8(file, at, (uint8_t)value);
        return;
    }
}

/* Sound networks of which one or two numbers are changed: mostly refused; what is accepted must
 * still be one that the operations' definitions accept, and compute what they say. */
static void damaged_graphs_are_refused(void **state)
{
    (void)state;
    const char *wanted = getenv("MIEN_TEST_NETWORKS");
    uint64_t n = wanted ? strtoull(wanted, NULL, 10) : 3000, n_ran = 0, n_wrong = 0;
    for (uint64_t seed = 1; seed <= n; seed++) {
        FbModel *model = make_network(seed / 4);
        FbFile file = fb_write(model);
        fb_destroy(model);
        uint64_t rng = seed;
        damage(&file, &rng);
        if (seed % 3 == 0)
            damage(&file, &rng);
        NetworkCheck check = network_check(file.data, file.size, 1e7, 1 << 22);
        n_ran += check.ran;
        if (check.problem && strcmp(check.problem, "too much work") != 0)
            snprintf(check.wrong, sizeof(check.wrong), "accepted, but it has %s", check.problem);
        if (*check.wrong) {
            print_error("seed %llu: %s\n", (unsigned long long)seed, check.wrong);
            n_wrong++;
            dump(&file);
        }
        fb_file_free(&file);
    }
    print_message("%llu of %llu were still run\n", (unsigned long long)n_ran,
                  (unsigned long long)n);
    assert_int_equal(n_wrong, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plans_equal_graphs),
    cmocka_unit_test(damaged_graphs_are_refused),
};

TEST_MAIN(tests)
