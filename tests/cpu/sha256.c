/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "base/rng.h"
#include "cpu/sha256.h"
#include "support/test.h"

/* Source: FIPS 180-2, appendix B, and NIST's SHA256ShortMsg vectors for the others. */
static void known_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } known[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
         "lmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(known); i++) {
        char hex[65];
        mieni_sha256_hex(known[i].text, strlen(known[i].text), hex);
        assert_string_equal(hex, known[i].hex);
    }
}

static void a_million_a(void **state)
{
    (void)state;
    size_t n = 1000000;
    char *data = malloc(n);
    assert_non_null(data);
    memset(data, 'a', n);
    char hex[65];
    mieni_sha256_hex(data, n, hex);
    free(data);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* The rest of a block with its length takes one block or two: the hash of all lengths around the
 * edges, chained into one, against Python's hashlib. */
static void every_length(void **state)
{
    (void)state;
    char hex[65] = "";
    uint8_t data[136 + 64];
    for (size_t n = 0; n <= 136; n++) {
        memset(data, (int)n, n);
        memcpy(data + n, hex, strlen(hex));
        mieni_sha256_hex(data, n + strlen(hex), hex);
    }
    assert_string_equal(hex, "bfd02ba11ec070b3e4398d8d16fc120e6c22790525b10f696e235d494f3e2fbc");
}

/* Some blocks at once, from any state: plain C and the processor's own instructions agree. */
static void instructions(void **state)
{
    (void)state;
    if (!mieni_sha256_x86_runs())
        skip();
    uint8_t blocks[64 * 7];
    uint64_t random = 1;
    for (int round = 0; round < 1000; round++) {
        uint32_t plain[8], own[8];
        for (size_t i = 0; i < sizeof(blocks); i++)
            blocks[i] = (uint8_t)mieni_rng_next(&random);
        for (int i = 0; i < 8; i++)
            plain[i] = own[i] = (uint32_t)mieni_rng_next(&random);
        mieni_sha256_blocks(plain, blocks, (size_t)round % 8);
        mieni_sha256_x86_blocks(own, blocks, (size_t)round % 8);
        assert_memory_equal(plain, own, sizeof(plain));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(known_texts),
    cmocka_unit_test(a_million_a),
    cmocka_unit_test(every_length),
    cmocka_unit_test(instructions),
};

TEST_MAIN(tests)
