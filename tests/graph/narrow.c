/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left out of a plan: exactly what no output depends on, and what is left has the same
 * bits. Small networks by hand, then random ones made of what a mixer is made of. The seed of one
 * that fails is printed; MIEN_TEST_SEED runs it alone.
 */
#include "base/rng.h"
#include "support/flatbuilder.h"
#include "support/network.h"
#include "support/test.h"

static bool is_like(const MieniPlan *plan, int32_t tensor, int32_t width, int32_t channels)
{
    return plan->tensors[tensor].width == width && plan->tensors[tensor].channels == channels;
}

/* Whatever was cut, tensors fit the operations that read and write them. */
static bool shapes_fit(const MieniPlan *plan)
{
    bool fit = true;
    double macs = 0;
    for (int32_t i = 0; i < plan->n_ops; i++) {
        const MieniOp *op = &plan->ops[i];
        const MieniTensor *out = &plan->tensors[op->output];
        macs += op->macs;
        if (op->kind == MIENI_OP_TRANSPOSE || op->kind == MIENI_OP_LAYER_NORM) {
            bool turned = op->kind == MIENI_OP_TRANSPOSE || op->norm.transposed;
            fit &= is_like(plan, op->inputs[0], turned ? out->channels : out->width,
                           turned ? out->width : out->channels) &&
                   (op->residual < 0 || is_like(plan, op->residual, out->width, out->channels));
        } else if (op->shape.out_channels) {
            fit &= is_like(plan, op->inputs[0], op->shape.in_width, op->shape.in_channels) &&
                   is_like(plan, op->output, op->shape.out_width, op->shape.out_channels);
            if (op->residual >= 0)
                fit &=
                    is_like(plan, op->residual,
                            op->shape.residual == MIENI_RESIDUAL_ADD ? out->width : 2 * out->width,
                            op->shape.residual_channels) &&
                    op->shape.residual_channels <= out->channels;
        }
    }
    return fit && macs == plan->macs;
}

/* Plans a network, compares what it computes, and returns its multiply-adds; -1 if its tensors do
 * not fit each other. */
static double check_file(const FbFile *file, NetworkCheck *check)
{
    MieniGraph *graph = NULL;
    MieniPlan *plan = NULL;
    double macs = 0;
    if (mieni_graph_read(file->data, file->size, &graph, NULL) == MIEN_OK &&
        mieni_plan_create(graph, &plan, NULL) == MIEN_OK)
        macs = shapes_fit(plan) ? plan->macs : -1;
    mieni_plan_destroy(plan);
    mieni_graph_destroy(graph);
    if (macs >= 0)
        *check = network_check(file->data, file->size, 1e8, 1 << 24);
    return macs;
}

static double check_model(FbModel *model)
{
    NetworkCheck check = {0};
    FbFile file = fb_write(model);
    double macs = check_file(&file, &check);
    fb_file_free(&file);
    fb_destroy(model);
    if (check.status != MIEN_OK)
        fail_msg("%s", check.error.text);
    assert_string_equal(check.wrong, "");
    assert_true(check.compared);
    return macs;
}

static int32_t product(FbModel *model, int32_t in, int32_t channels, bool relu)
{
    return fb_conv(model, in, channels, 1, 1, FB_SAME, relu);
}

/* x + product(relu(product(x))), as both halves of a mixer's block. */
static int32_t mix(FbModel *model, int32_t x, int32_t wide)
{
    int32_t normal = fb_layer_norm(model, x);
    int32_t channels = model->tensors[x].shape[3];
    return fb_add(model, x, product(model, product(model, normal, wide, true), channels, false),
                  false);
}

static int32_t mix_tokens(FbModel *model, int32_t x, int32_t wide)
{
    int32_t turned = fb_transpose(model, fb_layer_norm(model, x));
    int32_t tokens = model->tensors[x].shape[2];
    int32_t mixed = product(model, product(model, turned, wide, true), tokens, false);
    return fb_add(model, x, fb_transpose(model, mixed), false);
}

enum { TOKENS = 13, FEATURES = 12, WIDE_TOKENS = 20, WIDE = 24, SCORES = 5 };

/* The blendshapes' end: 1 token of the channel mix, 1 row of the weights that mix tokens. */
static void the_end_of_a_mixer(void **state)
{
    (void)state;
    FbModel *model = fb_create();
    int32_t x = product(model, fb_input(model, 1, TOKENS, 7), FEATURES, false);
    x = mix(model, mix_tokens(model, x, WIDE_TOKENS), WIDE);
    fb_output(model, product(model, fb_window(model, x, 1), SCORES, false));
    double want = TOKENS * 7 * FEATURES + FEATURES * TOKENS * WIDE_TOKENS +
                  FEATURES * WIDE_TOKENS * 1 + 2 * FEATURES * WIDE + FEATURES * SCORES;
    assert_int_equal(check_model(model), want);
}

/* Whoever reads more decides, and reads it unharmed. */
static void other_readers(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        FbModel *model = fb_create();
        int32_t first = product(model, fb_input(model, 1, TOKENS, 7), FEATURES, false);
        int32_t x = mix(model, first, WIDE);
        int32_t few = fb_window(model, x, 2), some = kind == 1 ? fb_window(model, x, 5) : x;
        double read = kind == 0 ? 2 : kind == 1 ? 5 : TOKENS;
        if (kind == 1 || kind == 2)
            fb_output(model, product(model, some, SCORES, true));
        if (kind == 3)
            fb_output(model, x);
        fb_output(model, product(model, few, SCORES, false));
        /* The first product keeps all: nothing is cut from the network's input. */
        double want = TOKENS * 7 * FEATURES + read * 2 * FEATURES * WIDE + 2 * FEATURES * SCORES +
                      (kind == 1 || kind == 2 ? read * FEATURES * SCORES : 0);
        assert_int_equal(check_model(model), want);
    }
}

/* A product of which two rows of weights are wanted turned; and then somebody wants all of them. */
static void channels_with_two_readers(void **state)
{
    (void)state;
    enum { ONE_READER, ANOTHER, THE_CALLER, N_KINDS };
    for (int kind = 0; kind < N_KINDS; kind++) {
        FbModel *model = fb_create();
        int32_t x = product(model, fb_input(model, 1, TOKENS, 7), FEATURES, false);
        int32_t rows = product(model, x, 10, false);
        int32_t turned = fb_window(model, fb_transpose(model, rows), 2);
        if (kind == ANOTHER)
            fb_output(model, product(model, rows, 3, false));
        if (kind == THE_CALLER)
            fb_output(model, rows);
        fb_output(model, product(model, turned, SCORES, false));
        double want = TOKENS * 7 * FEATURES + TOKENS * FEATURES * (kind == ONE_READER ? 2 : 10) +
                      2 * TOKENS * SCORES + (kind == ANOTHER ? TOKENS * 10 * 3 : 0);
        assert_int_equal(check_model(model), want);
    }
}

/* What writes into a concatenation writes all, whoever else reads how little of it. */
static void parts_are_not_cut(void **state)
{
    (void)state;
    FbModel *model = fb_create();
    int32_t x = product(model, fb_input(model, 1, TOKENS, 7), FEATURES, false);
    int32_t a = product(model, x, 6, false), b = product(model, x, 6, true);
    int32_t joined = fb_concat(model, 2, a, b);
    fb_output(model, product(model, fb_window(model, b, 1), SCORES, false));
    fb_output(model, product(model, joined, SCORES, false));
    double want = TOKENS * (7 * FEATURES + 2 * FEATURES * 6 + 2 * 6 * SCORES) + 6 * SCORES;
    assert_int_equal(check_model(model), want);
}

/* Pixels that others look at from their neighbours', and pooled ones. */
static void neighbours_are_not_cut(void **state)
{
    (void)state;
    FbModel *model = fb_create();
    int32_t x = product(model, fb_input(model, 1, 2 * TOKENS, 7), FEATURES, false);
    int32_t half = fb_conv(model, x, FEATURES, 1, 2, FB_SAME, false);
    int32_t sum = fb_add(model, product(model, half, FEATURES, false), fb_maxpool(model, x), false);
    fb_output(model, product(model, fb_window(model, sum, 1), SCORES, false));
    double want = 2 * TOKENS * 7 * FEATURES + 2 * TOKENS * FEATURES * FEATURES + FEATURES * SCORES;
    assert_int_equal(check_model(model), want);

    /* x has a border, for the convolution. */
    model = fb_create();
    x = product(model, fb_input(model, 1, TOKENS, 7), FEATURES, false);
    fb_output(model, fb_conv(model, x, 2, 3, 1, FB_SAME, false));
    int32_t window = fb_window(model, product(model, product(model, x, 9, false), 8, false), 1);
    fb_output(model, product(model, window, SCORES, false));
    want = TOKENS * (7 * FEATURES + 9 * FEATURES * 2 + FEATURES * 9) + 9 * 8 + 8 * SCORES;
    assert_int_equal(check_model(model), want);
}

typedef struct Maker {
    FbModel *model;
    uint64_t seed;
    int32_t values[32];
    int32_t n_values;
} Maker;

static uint32_t pick(Maker *maker, uint32_t n)
{
    return mieni_rng_below(&maker->seed, n);
}

/* The newest value mostly. */
static int32_t any(Maker *maker)
{
    uint32_t n = (uint32_t)maker->n_values;
    return maker->values[pick(maker, 5) ? n - 1 : pick(maker, n)];
}

static const int32_t *shape_of(const Maker *maker, int32_t value)
{
    return maker->model->tensors[value].shape;
}

static void keep(Maker *maker, int32_t value)
{
    if (maker->n_values < 32)
        maker->values[maker->n_values++] = value;
}

static void make_product(Maker *maker)
{
    int32_t value = any(maker);
    int32_t out = product(maker->model, value, 1 + (int32_t)pick(maker, 20), pick(maker, 2));
    if (pick(maker, 4) == 0)
        out = fb_prelu(maker->model, out);
    if (pick(maker, 4) == 0) /* not only what is read once may be cut */
        keep(maker, value);
    keep(maker, out);
}

static void make_mix(Maker *maker)
{
    keep(maker, mix(maker->model, any(maker), 1 + (int32_t)pick(maker, 20)));
}

static void make_mix_tokens(Maker *maker)
{
    keep(maker, mix_tokens(maker->model, any(maker), 1 + (int32_t)pick(maker, 20)));
}

static void make_norm(Maker *maker)
{
    keep(maker, fb_layer_norm(maker->model, any(maker)));
}

static void make_transpose(Maker *maker)
{
    keep(maker, fb_transpose(maker->model, any(maker)));
}

/* Also over neighbouring pixels, which stops what moves towards the input. */
static void make_conv(Maker *maker)
{
    int32_t in = any(maker);
    keep(maker, fb_conv(maker->model, in, 1 + (int32_t)pick(maker, 9), 1 + (int32_t)pick(maker, 3),
                        1, FB_SAME, false));
}

static void make_depthwise(Maker *maker)
{
    keep(maker, product(maker->model, fb_depthwise(maker->model, any(maker), 3, 1, FB_SAME),
                        1 + (int32_t)pick(maker, 9), false));
}

static void make_window(Maker *maker)
{
    int32_t in = any(maker), width = shape_of(maker, in)[2];
    keep(maker, fb_window(maker->model, in, 1 + (int32_t)pick(maker, (uint32_t)width)));
}

static void make_sum(Maker *maker)
{
    int32_t a = any(maker);
    const int32_t *shape = shape_of(maker, a);
    int32_t b = product(maker->model, a, shape[3] + (int32_t)pick(maker, 2) * 3, false);
    int32_t more = shape_of(maker, b)[3] - shape[3];
    keep(maker, fb_add(maker->model, more ? fb_pad(maker->model, a, 0, 0, 0, 0, more) : a, b,
                       pick(maker, 2)));
}

static void make_join(Maker *maker)
{
    int32_t in = any(maker), channels = shape_of(maker, in)[3];
    int32_t a = product(maker->model, in, channels, false);
    int32_t b = product(maker->model, in, channels, pick(maker, 2));
    keep(maker, fb_concat(maker->model, 2, a, b));
}

static FbModel *make_network(uint64_t seed)
{
    static void (*const steps[])(Maker *) = {
        make_product, make_mix,  make_mix_tokens, make_norm, make_transpose, make_window,
        make_window,  make_conv, make_depthwise,  make_sum,  make_join,
    };
    Maker maker = {.model = fb_create(), .seed = seed};
    maker.model->seed = seed;
    int32_t input =
        fb_input(maker.model, 1, 2 + (int32_t)pick(&maker, 20), 1 + (int32_t)pick(&maker, 20));
    keep(&maker, product(maker.model, input, 1 + (int32_t)pick(&maker, 20), false));
    if (pick(&maker, 4) == 0)
        maker.values[0] = input;
    uint32_t n = 1 + pick(&maker, 6);
    for (uint32_t i = 0; i < n; i++)
        steps[pick(&maker, MIENI_COUNT_OF(steps))](&maker);
    make_window(&maker);
    fb_output(maker.model, product(maker.model, maker.values[maker.n_values - 1], 3, false));
    if (pick(&maker, 3) == 0 && maker.n_values > 3)
        fb_output(maker.model, product(maker.model, maker.values[1 + pick(&maker, 2)], 2, false));
    return maker.model;
}

static NetworkCheck check_seed(uint64_t seed)
{
    FbModel *model = make_network(seed);
    FbFile file = fb_write(model);
    NetworkCheck check = {0};
    if (check_file(&file, &check) < 0)
        snprintf(check.wrong, sizeof(check.wrong), "tensors that do not fit their operations");
    if (*check.wrong)
        print_error("seed %llu: %s\n", (unsigned long long)seed, check.wrong);
    fb_file_free(&file);
    fb_destroy(model);
    return check;
}

static void random_networks(void **state)
{
    (void)state;
    const char *one = getenv("MIEN_TEST_SEED"), *wanted = getenv("MIEN_TEST_NETWORKS");
    uint64_t first = one ? strtoull(one, NULL, 10) : 1;
    uint64_t n = one ? 1 : wanted ? strtoull(wanted, NULL, 10) : 2000;
    uint64_t n_compared = 0, n_narrowed = 0, n_wrong = 0;
    for (uint64_t seed = first; seed < first + n; seed++) {
        NetworkCheck check = check_seed(seed);
        if (check.status != MIEN_OK && check.status != MIEN_E_UNSUPPORTED)
            fail_msg("seed %llu: %s", (unsigned long long)seed, check.error.text);
        if (check.problem)
            fail_msg("seed %llu: %s", (unsigned long long)seed, check.problem);
        if (one && check.status != MIEN_OK)
            print_message("%s\n", check.error.text);
        n_compared += check.compared;
        n_narrowed += check.narrowed;
        n_wrong += *check.wrong != 0;
    }
    print_message("%llu of %llu networks compared, something left out of %llu\n",
                  (unsigned long long)n_compared, (unsigned long long)n,
                  (unsigned long long)n_narrowed);
    assert_int_equal(n_wrong, 0);
    assert_true(one || (n_compared > n / 3 && n_narrowed > n / 6));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_end_of_a_mixer),        cmocka_unit_test(other_readers),
    cmocka_unit_test(channels_with_two_readers), cmocka_unit_test(parts_are_not_cut),
    cmocka_unit_test(neighbours_are_not_cut),    cmocka_unit_test(random_networks),
};

TEST_MAIN(tests)
