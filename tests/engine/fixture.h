/* SPDX-License-Identifier: Apache-2.0 */
/* Models, engines and comparisons for the tests of the engine. */
#ifndef MIEN_TESTS_ENGINE_FIXTURE_H
#define MIEN_TESTS_ENGINE_FIXTURE_H

#include "mien/engine.h"
#include "support/test.h"

#define MESH "face_landmark.tflite"
#define ATTENTION "face_landmark_with_attention.tflite"
#define BUNDLE "face_landmarker.task"
#define SHORT_RANGE "face_detection_short_range.tflite"
#define FULL_RANGE "face_detection_full_range_sparse.tflite"

/* A model of the shared folder, loaded once; the test is skipped without it. Owner: the fixture. */
MienModel *fixture_model(const char *file);

/* Defaults with the mesh and the short-range detector set. */
MienEngineOptions fixture_options(MienMode mode);

/* Creates an engine; the test fails if it cannot. */
MienEngine *fixture_engine(const MienEngineOptions *options);

/* Processes one picture; the test fails if it cannot. */
const MienResult *fixture_process(MienEngine *engine, const MienImage *image, int64_t timestamp_us);

/* The same, cloned. */
MienResult *fixture_keep(MienEngine *engine, const MienImage *image, int64_t timestamp_us);

/* Tells whether two results are the same bit for bit, timestamps and ids included. */
bool same_result(const MienResult *a, const MienResult *b);

/* Fails with `what` if two results are not the same bit for bit. */
void assert_same_result(const char *what, const MienResult *got, const MienResult *want);

/* Fails unless `error` has this status, a reason, and one line of text that has `word` in it. */
void assert_error(const MienError *error, MienStatus status, const char *word);

/* Fails unless `text` is one line that is not empty and has `word` in it. */
void assert_line(const char *text, const char *word);

/* A grey picture without a face. Owner of the pixels: the fixture. */
MienImage fixture_blank(int32_t width, int32_t height);

/* Frees what the fixture holds: the group teardown of every test program that uses it. */
int fixture_finish(void **state);

#endif
