/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/sha256.h"
#include "mien/model.h"
#include "support/test.h"

static bool is_sha256(const char *text)
{
    return strlen(text) == 64 && !text[strspn(text, "0123456789abcdef")];
}

static void entries_are_complete(void **state)
{
    (void)state;
    size_t n;
    const MienCatalogEntry *entries = mien_model_catalog(&n);
    assert_int_equal(n, 7);
    for (size_t i = 0; i < n; i++) {
        const MienCatalogEntry *entry = &entries[i];
        assert_true(entry->size_bytes > 0);
        assert_true(is_sha256(entry->sha256));
        assert_string_equal(entry->licence, "Apache-2.0");
        assert_true(*entry->title);
        /* The address and the path in the wheel end with the file's name. */
        assert_int_equal(strncmp(entry->url, "https://", 8), 0);
        assert_string_equal(strrchr(entry->url, '/') + 1, entry->file);
        assert_int_equal(entry->wheel_path != NULL, entry->wheel_sha256 != NULL);
        assert_int_equal(entry->wheel_path != NULL, entry->wheel_size_bytes > 0);
        if (entry->wheel_path) {
            assert_string_equal(strrchr(entry->wheel_path, '/') + 1, entry->file);
            assert_true(is_sha256(entry->wheel_sha256));
        }
    }
}

static void entries_are_found(void **state)
{
    (void)state;
    size_t n;
    const MienCatalogEntry *entries = mien_model_catalog(&n);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(mien_model_catalog_find(entries[i].name), &entries[i]);
        assert_ptr_equal(mien_model_catalog_find(entries[i].file), &entries[i]);
    }
    assert_null(mien_model_catalog_find("face"));
    assert_null(mien_model_catalog_find(""));
    assert_null(mien_model_catalog_find(NULL));
    assert_ptr_equal(mien_model_catalog(NULL), entries);
}

static void hashes_are_those_of_the_files(void **state)
{
    (void)state;
    size_t n;
    const MienCatalogEntry *entries = mien_model_catalog(&n);
    int n_found = 0;
    for (size_t i = 0; i < n; i++) {
        char name[128];
        snprintf(name, sizeof(name), "models/%s", entries[i].file);
        const char *path = test_find_data(name);
        if (!path)
            continue;
        n_found++;
        size_t size;
        void *data = test_read_file(path, &size);
        char sha256[65];
        mieni_sha256_hex(data, size, sha256);
        free(data);
        bool official = strcmp(sha256, entries[i].sha256) == 0;
        bool wheel = entries[i].wheel_sha256 && strcmp(sha256, entries[i].wheel_sha256) == 0;
        assert_true(official || wheel);
        assert_int_equal(size, official ? entries[i].size_bytes : entries[i].wheel_size_bytes);
    }
    if (!n_found)
        test_skip("no models: `mien models fetch` gets them");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(entries_are_complete),
    cmocka_unit_test(entries_are_found),
    cmocka_unit_test(hashes_are_those_of_the_files),
};

TEST_MAIN(tests)
