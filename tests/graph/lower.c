/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small networks made by hand: which operations become one, which stay apart, what is refused and
 * with which words. Each that is planned is also run and compared with its operations one by one.
 */
#include "graph/plan.h"
#include "support/flatbuilder.h"
#include "support/network.h"
#include "support/test.h"

/* A plan in short: its operations' names, "+r" for a residual, "+p" for a pooled one, and the
 * activation; parted by commas. */
static void describe(const MieniPlan *plan, char *text, size_t size)
{
    static const char *const activations[] = {"", "+relu", "+prelu", "+sigmoid"};
    size_t length = 0;
    *text = 0;
    for (int32_t i = 0; i < plan->n_ops; i++) {
        const MieniOp *op = &plan->ops[i];
        const char *residual = op->shape.residual == MIENI_RESIDUAL_ADD       ? "+r"
                               : op->shape.residual == MIENI_RESIDUAL_MAXPOOL ? "+p"
                                                                              : "";
        length += (size_t)snprintf(text + length, size - length, "%s%s%s%s", i ? ", " : "",
                                   mieni_op_kind_name(op->kind), residual,
                                   activations[op->shape.activation]);
    }
}

/* Plans the network, which is destroyed; `want` is a plan in short. */
static void expect_plan(FbModel *model, const char *want)
{
    FbFile file = fb_write(model);
    MieniGraph *graph = NULL;
    MieniPlan *plan = NULL;
    MienError error = {0};
    if (mieni_graph_read(file.data, file.size, &graph, &error) != MIEN_OK ||
        mieni_plan_create(graph, &plan, &error) != MIEN_OK)
        fail_msg("refused: %s", error.text);
    char text[512];
    describe(plan, text, sizeof(text));
    mieni_plan_destroy(plan);
    mieni_graph_destroy(graph);
    assert_string_equal(text, want);
    NetworkCheck check = network_check(file.data, file.size, 1e8, 1 << 24);
    assert_int_equal(check.status, MIEN_OK);
    assert_true(check.ran && check.compared);
    assert_string_equal(check.wrong, "");
    fb_file_free(&file);
    fb_destroy(model);
}

/* The network is destroyed; it is refused with a text that has `place` and `what` in it. */
static void expect_refusal(FbModel *model, const char *place, const char *what)
{
    FbFile file = fb_write(model);
    NetworkCheck check = network_check(file.data, file.size, 1e8, 1 << 24);
    fb_file_free(&file);
    fb_destroy(model);
    if (check.status != MIEN_E_UNSUPPORTED || !strstr(check.error.text, place) ||
        !strstr(check.error.text, what))
        fail_msg("%s: '%s' lacks '%s' or '%s'", mien_status_name(check.status), check.error.text,
                 place, what);
}

/* A model, its input, and one output: what nearly every test begins and ends with. */
static int32_t x;

static FbModel *begin(int32_t height, int32_t width, int32_t channels)
{
    FbModel *model = fb_create();
    x = fb_input(model, height, width, channels);
    return model;
}

static FbModel *end(FbModel *model, int32_t output)
{
    fb_output(model, output);
    return model;
}

static void convolutions(void **state)
{
    (void)state;
    FbModel *m = begin(6, 5, 3);
    expect_plan(end(m, fb_conv(m, x, 4, 3, 1, FB_SAME, false)), "conv");
    m = begin(6, 5, 3);
    expect_plan(end(m, fb_conv(m, x, 4, 1, 1, FB_VALID, true)), "pointwise+relu");
    m = begin(6, 5, 3);
    expect_plan(end(m, fb_conv(m, x, 4, 1, 2, FB_SAME, false)), "conv");
    m = begin(5, 5, 3);
    expect_plan(end(m, fb_conv(m, x, 4, 5, 1, FB_VALID, false)), "fully connected");
    m = begin(6, 5, 9);
    expect_plan(end(m, fb_depthwise(m, x, 3, 1, FB_SAME)), "depthwise");
}

static void activations(void **state)
{
    (void)state;
    FbModel *m = begin(4, 4, 3);
    expect_plan(end(m, fb_prelu(m, fb_conv(m, x, 9, 3, 2, FB_SAME, false))), "conv+prelu");
    m = begin(4, 4, 3);
    expect_plan(end(m, fb_same_shape(m, FB_LOGISTIC, fb_conv(m, x, 1, 1, 1, FB_SAME, false))),
                "pointwise+sigmoid");
    m = begin(4, 4, 8);
    expect_plan(end(m, fb_same_shape(m, FB_RELU, fb_depthwise(m, x, 3, 2, FB_SAME))),
                "depthwise+relu");
}

static void activations_that_do_not_fuse(void **state)
{
    (void)state;
    FbModel *m = begin(4, 4, 3);
    expect_refusal(end(m, fb_same_shape(m, FB_RELU, x)), "operator 0 (RELU)",
                   "does not follow a convolution");
    m = begin(4, 4, 3);
    int32_t y = fb_conv(m, x, 4, 3, 1, FB_SAME, true);
    expect_refusal(end(m, fb_prelu(m, y)), "operator 1 (PRELU)", "does not follow");
    /* The value without activation is read by another one, or returned. */
    m = begin(4, 4, 3);
    y = fb_conv(m, x, 4, 3, 1, FB_SAME, false);
    fb_output(m, fb_same_shape(m, FB_RELU, y));
    expect_refusal(end(m, fb_conv(m, y, 2, 1, 1, FB_SAME, false)), "operator 1 (RELU)",
                   "that only it reads");
    m = begin(4, 4, 3);
    y = fb_conv(m, x, 4, 3, 1, FB_SAME, false);
    fb_output(m, y);
    expect_refusal(end(m, fb_same_shape(m, FB_RELU, y)), "operator 1 (RELU)", "that only it reads");
    /* A shape of its own would be written past the end of its memory. */
    m = begin(4, 4, 3);
    y = fb_same_shape(m, FB_RELU, fb_conv(m, x, 16, 3, 1, FB_SAME, false));
    m->tensors[y].shape[1] = m->tensors[y].shape[2] = m->tensors[y].shape[3] = 1;
    expect_refusal(end(m, y), "operator 1 (RELU)", "changes the shape");
    m = begin(4, 4, 3);
    y = fb_prelu(m, fb_conv(m, x, 16, 3, 1, FB_SAME, false));
    m->tensors[m->ops[1].inputs[1]].shape[2] = 8;
    m->tensors[m->ops[1].inputs[1]].data_bytes = 32;
    expect_refusal(end(m, y), "operator 1 (PRELU)", "unexpected size");
}

static void pads(void **state)
{
    (void)state;
    FbModel *m = begin(5, 6, 3);
    int32_t y = fb_pad(m, x, 1, 2, 0, 3, 0);
    expect_plan(end(m, fb_conv(m, y, 4, 3, 2, FB_VALID, false)), "conv");
    m = begin(5, 6, 9);
    y = fb_pad(m, x, 2, 2, 2, 2, 0);
    expect_plan(end(m, fb_depthwise(m, y, 5, 2, FB_VALID)), "depthwise");
    /* A 1x1 kernel behind a pad: what it makes is larger than what it reads. */
    m = begin(5, 6, 9);
    y = fb_pad(m, x, 1, 1, 1, 1, 0);
    expect_plan(end(m, fb_conv(m, y, 4, 1, 1, FB_VALID, false)), "conv");
    m = begin(5, 6, 9);
    y = fb_pad(m, fb_depthwise(m, x, 3, 1, FB_SAME), 1, 1, 1, 1, 0);
    expect_plan(end(m, fb_conv(m, y, 4, 1, 1, FB_VALID, false)), "depthwise, conv");
    /* Pads of which all or nothing lies beyond what is read. */
    m = begin(4, 4, 8);
    y = fb_pad(m, x, 3, 0, 0, 3, 0);
    expect_plan(end(m, fb_conv(m, y, 4, 2, 3, FB_VALID, false)), "conv");
    m = begin(3, 3, 8);
    y = fb_pad(m, x, 0, 1, 0, 1, 0);
    expect_plan(end(m, fb_conv(m, y, 4, 3, 2, FB_VALID, false)), "fully connected");
}

static void pads_that_do_not_fuse(void **state)
{
    (void)state;
    FbModel *m = begin(5, 6, 3);
    int32_t y = fb_pad(m, x, 1, 1, 1, 1, 0);
    expect_refusal(end(m, fb_conv(m, y, 4, 3, 1, FB_SAME, false)), "operator 0 (PAD)",
                   "does not belong to a block");
    m = begin(5, 6, 3);
    expect_refusal(end(m, fb_pad(m, x, 1, 1, 1, 1, 0)), "operator 0 (PAD)",
                   "does not belong to a block");
    m = begin(5, 6, 3);
    y = fb_pad(m, x, 1, 1, 1, 1, 4);
    expect_refusal(end(m, fb_conv(m, y, 4, 3, 1, FB_VALID, false)), "operator 0 (PAD)",
                   "pads in a way");
    m = begin(5, 6, 3);
    y = fb_pad(m, x, 1, 1, 1, 1, 0);
    m->tensors[y].shape[1] = 100;
    expect_refusal(end(m, fb_conv(m, y, 4, 3, 1, FB_VALID, false)), "operator 0 (PAD)",
                   "pads in a way");
    /* Padded values next to the pad: one that reads them without is no convolution. */
    m = begin(5, 6, 3);
    y = fb_pad(m, x, 1, 1, 1, 1, 0);
    fb_output(m, fb_conv(m, y, 4, 3, 1, FB_VALID, false));
    expect_refusal(end(m, fb_maxpool(m, y)), "operator", "does not belong to a block");
}

static void depthwise_and_pointwise(void **state)
{
    (void)state;
    /* The bias of the depthwise goes through the pointwise. */
    FbModel *m = begin(7, 6, 5);
    int32_t y = fb_depthwise(m, x, 3, 2, FB_SAME);
    expect_plan(end(m, fb_prelu(m, fb_conv(m, y, 12, 1, 1, FB_SAME, false))),
                "depthwise+pointwise+prelu");
    m = begin(7, 6, 5);
    y = fb_depthwise(m, fb_pad(m, x, 2, 1, 1, 2, 0), 3, 2, FB_VALID);
    expect_plan(end(m, fb_conv(m, y, 12, 1, 1, FB_VALID, true)), "depthwise+pointwise+relu");
    /* An activation in between, a second reader, or a shape in between keep them apart. */
    m = begin(7, 6, 5);
    y = fb_same_shape(m, FB_RELU, fb_depthwise(m, x, 3, 1, FB_SAME));
    expect_plan(end(m, fb_conv(m, y, 12, 1, 1, FB_SAME, false)), "depthwise+relu, pointwise");
    m = begin(7, 6, 5);
    y = fb_depthwise(m, x, 3, 1, FB_SAME);
    fb_output(m, fb_conv(m, y, 12, 1, 1, FB_SAME, false));
    expect_plan(end(m, fb_conv(m, y, 3, 1, 1, FB_SAME, false)), "depthwise, pointwise, pointwise");
    m = begin(7, 6, 5);
    y = fb_depthwise(m, x, 3, 1, FB_SAME);
    fb_output(m, fb_conv(m, y, 12, 1, 1, FB_SAME, false));
    expect_plan(end(m, y), "depthwise, pointwise");
    m = begin(7, 6, 5);
    y = fb_depthwise(m, x, 3, 1, FB_SAME);
    expect_plan(end(m, fb_conv(m, y, 12, 1, 2, FB_SAME, false)), "depthwise, conv");
    m = begin(7, 6, 5);
    y = fb_depthwise(m, x, 3, 1, FB_SAME);
    m->tensors[y].shape[3] = 10;
    expect_refusal(end(m, fb_conv(m, y, 12, 1, 1, FB_SAME, false)),
                   "operator 0 (DEPTHWISE_CONV_2D)", "do not fit");
}

static void residuals(void **state)
{
    (void)state;
    FbModel *m = begin(6, 6, 9);
    int32_t y = fb_conv(m, x, 9, 3, 1, FB_SAME, false);
    expect_plan(end(m, fb_add(m, y, x, true)), "conv+r+relu");
    m = begin(6, 6, 9);
    y = fb_conv(m, x, 12, 1, 1, FB_SAME, false);
    expect_plan(end(m, fb_prelu(m, fb_add(m, fb_pad(m, x, 0, 0, 0, 0, 3), y, false))),
                "pointwise+r+prelu");
    m = begin(7, 6, 9);
    y = fb_conv(m, fb_depthwise(m, x, 3, 2, FB_SAME), 12, 1, 1, FB_SAME, false);
    expect_plan(end(m, fb_add(m, fb_pad(m, fb_maxpool(m, x), 0, 0, 0, 0, 3), y, false)),
                "depthwise+pointwise+p");
    m = begin(6, 7, 9);
    y = fb_conv(m, x, 12, 3, 2, FB_SAME, false);
    expect_plan(end(m, fb_add(m, y, fb_maxpool(m, fb_pad(m, x, 0, 0, 0, 0, 3)), true)),
                "conv+p+relu");
    /* Of two convolutions the later one takes the sum, whatever the order of the inputs. */
    for (int i = 0; i < 2; i++) {
        m = begin(6, 6, 9);
        int32_t a = fb_conv(m, x, 8, 3, 1, FB_SAME, false);
        int32_t b = fb_conv(m, x, 8, 1, 1, FB_SAME, false);
        expect_plan(end(m, i ? fb_add(m, a, b, false) : fb_add(m, b, a, false)),
                    "conv, pointwise+r");
    }
    /* One that others read too cannot take it; the other then does. */
    m = begin(6, 6, 9);
    int32_t a = fb_conv(m, x, 8, 3, 1, FB_SAME, false);
    int32_t b = fb_conv(m, a, 8, 1, 1, FB_SAME, false);
    expect_plan(end(m, fb_add(m, a, b, false)), "conv, pointwise+r");
}

static void residuals_that_do_not_fuse(void **state)
{
    (void)state;
    /* Both are read by others. */
    FbModel *m = begin(6, 6, 9);
    int32_t a = fb_conv(m, x, 9, 3, 1, FB_SAME, false);
    fb_output(m, a);
    expect_refusal(end(m, fb_add(m, a, x, false)), "operator 1 (ADD)",
                   "adds to something that is no convolution");
    m = begin(6, 6, 9);
    a = fb_conv(m, x, 9, 3, 1, FB_SAME, true);
    expect_refusal(end(m, fb_add(m, a, x, false)), "operator 1 (ADD)",
                   "adds to something that is no convolution");
    m = begin(6, 6, 9);
    a = fb_conv(m, x, 9, 3, 1, FB_SAME, false);
    expect_refusal(end(m, fb_add(m, a, a, false)), "operator 1 (ADD)", "different shapes");
    m = begin(6, 6, 9);
    a = fb_conv(m, x, 9, 3, 2, FB_SAME, false);
    int32_t y = fb_maxpool(m, fb_maxpool(m, x));
    m->tensors[a].shape[1] = m->tensors[a].shape[2] = 2;
    m->ops[0].options[1].value = m->ops[0].options[2].value = 4;
    expect_refusal(end(m, fb_add(m, a, y, false)), "(ADD)", "shortcut that mien does not know");
    /* A pool that does not go beyond the border leaves out the last column of an odd width. */
    m = begin(6, 7, 9);
    a = fb_conv(m, x, 9, 3, 2, FB_SAME, false);
    y = fb_maxpool(m, x);
    m->ops[1].options[0].value = FB_VALID;
    expect_refusal(end(m, fb_add(m, a, y, false)), "operator 1 (MAX_POOL_2D)", "no 2x2 maximum");
    /* The shortcut is made after the convolution: nothing of it is there yet. */
    m = begin(6, 6, 9);
    a = fb_conv(m, x, 12, 3, 1, FB_SAME, false);
    int32_t b = fb_conv(m, x, 8, 1, 1, FB_SAME, false);
    expect_refusal(end(m, fb_add(m, a, fb_pad(m, b, 0, 0, 0, 0, 4), false)), "operator 3 (ADD)",
                   "shortcut that mien does not know");
    /* The same for one whose parts are joined. */
    m = begin(4, 1, 9);
    a = fb_conv(m, x, 5, 1, 1, FB_SAME, false);
    b = fb_conv(m, x, 5, 3, 2, FB_SAME, false);
    int32_t c = fb_conv(m, x, 5, 3, 2, FB_SAME, false);
    expect_refusal(end(m, fb_add(m, a, fb_concat(m, 1, b, c), false)), "operator 4 (ADD)",
                   "shortcut that mien does not know");
    m = begin(4, 1, 9);
    b = fb_conv(m, x, 5, 3, 2, FB_SAME, false);
    c = fb_conv(m, x, 5, 3, 2, FB_SAME, false);
    a = fb_conv(m, x, 5, 1, 1, FB_SAME, false);
    expect_plan(end(m, fb_add(m, a, fb_concat(m, 1, b, c), false)), "conv, conv, pointwise+r");
}

static void resizing(void **state)
{
    (void)state;
    FbModel *m = begin(8, 6, 3);
    int32_t small = fb_conv(m, x, 9, 3, 2, FB_SAME, false);
    int32_t large = fb_conv(m, x, 9, 1, 1, FB_SAME, false);
    expect_plan(end(m, fb_add(m, fb_resize(m, small, 8, 6), large, false)),
                "conv, pointwise, resize+add");
    m = begin(8, 6, 3);
    small = fb_conv(m, x, 9, 3, 2, FB_SAME, false);
    large = fb_conv(m, x, 9, 1, 1, FB_SAME, false);
    expect_plan(end(m, fb_add(m, large, fb_resize(m, small, 8, 6), false)),
                "conv, pointwise, resize+add");
    m = begin(8, 6, 3);
    small = fb_conv(m, x, 3, 3, 2, FB_SAME, false);
    expect_refusal(end(m, fb_resize(m, small, 8, 6)), "operator 1 (RESIZE_BILINEAR)",
                   "does not belong to a block");
    m = begin(8, 6, 3);
    int32_t y = fb_resize(m, x, 4, 4);
    m->ops[0].options[1].value = 0;
    expect_refusal(end(m, y), "operator 0 (RESIZE_BILINEAR)", "half-pixel");
    /* More channels than there are would be read from beyond. */
    m = begin(8, 6, 8);
    small = fb_conv(m, x, 1, 3, 2, FB_SAME, false);
    y = fb_resize(m, small, 8, 6);
    m->tensors[y].shape[3] = 8;
    expect_refusal(end(m, fb_add(m, y, x, false)), "operator 1 (RESIZE_BILINEAR)",
                   "changes the number of channels");
    m = begin(8, 6, 8);
    y = fb_resize(m, fb_conv(m, x, 8, 3, 2, FB_SAME, false), 8, 6);
    expect_refusal(end(m, fb_add(m, y, x, true)), "operator 2 (ADD)", "a sum that mien");
}

static void shapes_and_parts(void **state)
{
    (void)state;
    FbModel *m = begin(4, 4, 12);
    int32_t y = fb_conv(m, x, 8, 3, 1, FB_SAME, false);
    expect_plan(end(m, fb_reshape(m, y, 2, 1, 128)), "conv");
    m = begin(4, 4, 12);
    expect_plan(end(m, fb_depth_to_space(m, x, 2)), "depth to space");
    m = begin(4, 4, 8);
    int32_t a = fb_reshape(m, fb_conv(m, x, 6, 1, 1, FB_SAME, false), 3, 1, 32, 3);
    int32_t b = fb_reshape(m, fb_conv(m, x, 3, 3, 2, FB_SAME, true), 3, 1, 4, 3);
    expect_plan(end(m, fb_concat(m, 1, a, b)), "pointwise, conv+relu");
    m = begin(4, 4, 8);
    a = fb_conv(m, x, 6, 1, 1, FB_SAME, false);
    b = fb_conv(m, x, 6, 1, 1, FB_SAME, false);
    expect_refusal(end(m, fb_concat(m, 3, a, b)), "operator 2 (CONCATENATION)",
                   "along an inner dimension");
    m = begin(4, 4, 8);
    a = fb_conv(m, x, 6, 1, 1, FB_SAME, false);
    expect_refusal(end(m, fb_concat(m, 1, a, a)), "operator 1 (CONCATENATION)",
                   "not computed for it");
    m = begin(4, 4, 8);
    expect_refusal(end(m, fb_concat(m, 1, x, x)), "operator 0 (CONCATENATION)",
                   "not computed for it");
    m = begin(4, 4, 8);
    a = fb_conv(m, x, 6, 1, 1, FB_SAME, false);
    b = fb_conv(m, x, 6, 1, 1, FB_SAME, false);
    y = fb_concat(m, 1, a, b);
    m->tensors[y].shape[1] = 100;
    expect_refusal(end(m, y), "operator 2 (CONCATENATION)", "output of another size");
    m = begin(4, 4, 8);
    a = fb_reshape(m, fb_conv(m, x, 6, 1, 1, FB_SAME, false), 3, 1, 32, 3);
    b = fb_reshape(m, fb_conv(m, x, 6, 1, 1, FB_SAME, false), 3, 1, 48, 2);
    y = fb_concat(m, 1, a, b);
    m->tensors[y].shape[1] = 64;
    expect_refusal(end(m, y), "operator 4 (CONCATENATION)", "shapes that do not fit");
    m = begin(4, 4, 8);
    y = fb_reshape(m, x, 2, 1, 128);
    m->tensors[y].shape[1] = 127;
    expect_refusal(end(m, y), "operator 0 (RESHAPE)", "changes the number of elements");
    m = begin(4, 4, 8);
    y = fb_reshape(m, x, 2, 1, 128);
    m->tensors[y].type = FB_I32;
    expect_refusal(end(m, y), "operator 0 (RESHAPE)", "something else than float32");
    /* Memory that was made as one shape is not read as another. */
    m = begin(4, 3, 8);
    y = fb_reshape(m, fb_conv(m, x, 8, 1, 1, FB_SAME, false), 4, 1, 3, 4, 8);
    expect_refusal(end(m, fb_conv(m, y, 4, 3, 8, FB_SAME, false)), "operator 2 (CONV_2D)",
                   "given another shape");
    m = begin(4, 3, 8);
    a = fb_conv(m, x, 8, 3, 2, FB_SAME, false);
    y = fb_reshape(m, x, 4, 1, 3, 4, 8);
    expect_refusal(end(m, fb_add(m, a, fb_maxpool(m, y), false)), "operator 2 (MAX_POOL_2D)",
                   "given another shape");
    m = begin(4, 4, 8);
    y = fb_reshape(m, fb_conv(m, x, 8, 1, 1, FB_SAME, false), 4, 1, 4, 4, 8);
    expect_refusal(end(m, fb_conv(m, y, 4, 3, 1, FB_SAME, false)), "", "border reads a reshaped");
}

static const uint16_t halves[] = {0x3c00, 0xc000, 0x3555, 0x0001, 0x8000, 0x7bff};

/* A pointwise of 3x3 pixels whose filter is `halves`, behind a DEQUANTIZE. */
static FbModel *pointwise_of_halves(void)
{
    FbModel *m = begin(3, 3, 2);
    int32_t half = fb_constant(m, FB_F16, halves, sizeof(halves), 4, 3, 1, 1, 2);
    int32_t filter = fb_tensor(m, FB_F32, 4, 3, 1, 1, 2);
    fb_op(m, FB_DEQUANTIZE, filter, 1, half);
    int32_t y = fb_tensor(m, FB_F32, 4, 1, 3, 3, 3);
    FbOp *op = fb_op(m, FB_CONV_2D, y, 2, x, filter);
    fb_option(op, 1, 4, 1);
    fb_option(op, 2, 4, 1);
    return end(m, y);
}

static void constants(void **state)
{
    (void)state;
    expect_plan(pointwise_of_halves(), "pointwise");

    /* A sparse filter behind a DENSIFY. */
    FbModel *m = begin(3, 3, 4);
    static const float few[] = {0, 1, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0};
    int32_t sparse = fb_constant(m, FB_F32, few, sizeof(few), 4, 3, 1, 1, 4);
    fb_make_sparse(m, sparse, 3);
    int32_t filter = fb_tensor(m, FB_F32, 4, 3, 1, 1, 4);
    fb_op(m, FB_DENSIFY, filter, 1, sparse);
    int32_t y = fb_tensor(m, FB_F32, 4, 1, 3, 3, 3);
    FbOp *op = fb_op(m, FB_CONV_2D, y, 3, x, filter, -1);
    fb_option(op, 1, 4, 1);
    fb_option(op, 2, 4, 1);
    expect_plan(end(m, y), "pointwise");

    /* Returned constants would be nobody's to write. */
    m = begin(3, 3, 2);
    int32_t half = fb_constant(m, FB_F16, halves, sizeof(halves), 4, 1, 1, 3, 2);
    y = fb_tensor(m, FB_F32, 4, 1, 1, 3, 2);
    fb_op(m, FB_DEQUANTIZE, y, 1, half);
    expect_refusal(end(m, y), "operator 0 (DEQUANTIZE)", "returns a constant");
    m = begin(3, 3, 2);
    y = fb_tensor(m, FB_F32, 4, 1, 3, 3, 2);
    fb_op(m, FB_DEQUANTIZE, y, 1, x);
    expect_refusal(end(m, y), "operator 0 (DEQUANTIZE)", "not constant");
    m = begin(3, 3, 2);
    y = fb_conv(m, x, 4, 1, 1, FB_SAME, false);
    m->ops[0].inputs[1] = x;
    expect_refusal(end(m, y), "operator 0 (CONV_2D)", "no constant filter");
}

/* A file of halves is planned without a copy of its weights, unless it lies at an odd address; the
 * numbers are the same. */
static void weights_stay_halves(void **state)
{
    (void)state;
    FbModel *m = pointwise_of_halves();
    FbFile file = fb_write(m);
    char *copy = malloc(file.size + 1);
    assert_non_null(copy);
    for (size_t odd = 0; odd < 2; odd++) {
        MieniGraph *graph = NULL;
        MieniPlan *plan = NULL;
        memcpy(copy + odd, file.data, file.size);
        assert_int_equal(mieni_graph_read(copy + odd, file.size, &graph, NULL), MIEN_OK);
        assert_int_equal(mieni_plan_create(graph, &plan, NULL), MIEN_OK);
        const MieniConvWeights *weights = &plan->ops[0].weights;
        const char *kept = (const char *)weights->halves;
        assert_true(odd ? !kept : kept > copy && kept < copy + file.size);
        assert_true(odd ? weights->weights != NULL : !weights->weights);
        for (size_t i = 0; i < MIENI_COUNT_OF(halves); i++)
            assert_true(mieni_weight(weights, i) == mieni_half_to_float(halves[i]));
        mieni_plan_destroy(plan);
        mieni_graph_destroy(graph);
    }
    free(copy);
    fb_file_free(&file);
    fb_destroy(m);
}

/* A factor of as many numbers as there are; more would be read from beyond. */
static void products(void **state)
{
    (void)state;
    static const float number[] = {0.5f};
    FbModel *m = begin(4, 4, 3);
    int32_t y = fb_conv(m, x, 3, 1, 1, FB_SAME, false);
    int32_t factor = fb_constant(m, FB_F32, number, sizeof(number), 1, 1);
    int32_t z = fb_tensor(m, FB_F32, 4, 1, 4, 4, 3);
    fb_op(m, FB_MUL, z, 2, y, factor);
    expect_refusal(end(m, z), "operator 1 (MUL)", "does not belong to a block");
    m = begin(4, 4, 3);
    y = fb_conv(m, x, 3, 1, 1, FB_SAME, false);
    factor = fb_constant(m, FB_F32, number, sizeof(number), 1, 1);
    z = fb_tensor(m, FB_F32, 4, 1, 40, 40, 3);
    fb_op(m, FB_MUL, z, 2, y, factor);
    expect_refusal(end(m, z), "operator 1 (MUL)", "changes the number of elements");
}

static void ends(void **state)
{
    (void)state;
    FbModel *m = begin(4, 4, 3);
    fb_input(m, 4, 4, 3);
    expect_refusal(end(m, fb_conv(m, x, 3, 1, 1, FB_SAME, false)), "", "exactly one picture");
    m = begin(4, 4, 3);
    int32_t y = fb_conv(m, x, 3, 1, 1, FB_SAME, false);
    for (int i = 0; i < 7; i++)
        fb_output(m, y);
    expect_refusal(end(m, y), "", "8 outputs");
    m = begin(4, 4, 3);
    m->tensors[x].shape[0] = 2;
    expect_refusal(end(m, fb_conv(m, x, 3, 1, 1, FB_SAME, false)), "", "exactly one picture");
    m = begin(4, 4, 3);
    expect_refusal(end(m, fb_same_shape(m, FB_SOFTMAX, x)), "operator 0 (SOFTMAX)",
                   "does not know this operation");
    m = begin(4, 4, 3);
    y = fb_maxpool(m, x);
    m->ops[0].code = FB_AVERAGE_POOL_2D;
    expect_refusal(end(m, y), "operator 0 (AVERAGE_POOL_2D)", "does not know this operation");
    /* Nothing to do: what comes in goes out. */
    m = begin(4, 4, 3);
    expect_plan(end(m, fb_reshape(m, x, 2, 1, 48)), "");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(convolutions),
    cmocka_unit_test(activations),
    cmocka_unit_test(activations_that_do_not_fuse),
    cmocka_unit_test(pads),
    cmocka_unit_test(pads_that_do_not_fuse),
    cmocka_unit_test(depthwise_and_pointwise),
    cmocka_unit_test(residuals),
    cmocka_unit_test(residuals_that_do_not_fuse),
    cmocka_unit_test(resizing),
    cmocka_unit_test(shapes_and_parts),
    cmocka_unit_test(constants),
    cmocka_unit_test(weights_stay_halves),
    cmocka_unit_test(products),
    cmocka_unit_test(ends),
};

TEST_MAIN(tests)
