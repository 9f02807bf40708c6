/* SPDX-License-Identifier: Apache-2.0 */
#include "mien/model.h"

#include <string.h>

#define ASSETS "https://storage.googleapis.com/mediapipe-assets/modules/"
#define BUNDLES "https://storage.googleapis.com/mediapipe-models/"

/*
 * Source of the hashes: the files at the official addresses, and those in the wheel mediapipe
 * 0.10.21 of the Python package index. Both editions of a file hold the same network: constants
 * are byte-equal and TFLite's outputs bit-identical; what differs is the metadata around them.
 */
static const MienCatalogEntry entries[] = {
    {
        .name = "face_mesh",
        .file = "face_landmark.tflite",
        .size_bytes = 1241896,
        .sha256 = "c603fa6149219a3e9487dc9abd7a0c24474c77263273d24868378cdf40aa26d1",
        .licence = "Apache-2.0",
        .url = ASSETS "face_landmark/face_landmark.tflite",
        .wheel_path = "mediapipe/modules/face_landmark/face_landmark.tflite",
        .title = "468 landmarks",
        .wheel_sha256 = "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        .wheel_size_bytes = 1242398,
    },
    {
        .name = "face_mesh_attention",
        .file = "face_landmark_with_attention.tflite",
        .size_bytes = 2495952,
        .sha256 = "883b7411747bac657c30c462d305d312e9dec6adbf8b85e2f5d8d722fca9455d",
        .licence = "Apache-2.0",
        .url = ASSETS "face_landmark/face_landmark_with_attention.tflite",
        .wheel_path = "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite",
        .title = "478 landmarks, with refined eyes, irises and lips",
        .wheel_sha256 = "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
        .wheel_size_bytes = 2495106,
    },
    {
        .name = "face_detector_short",
        .file = "face_detection_short_range.tflite",
        .size_bytes = 229032,
        .sha256 = "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
        .licence = "Apache-2.0",
        .url = ASSETS "face_detection/face_detection_short_range.tflite",
        .wheel_path = "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        .title = "face detector for faces within 2 m",
        .wheel_sha256 = "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        .wheel_size_bytes = 229714,
    },
    {
        .name = "face_detector_full",
        .file = "face_detection_full_range.tflite",
        .size_bytes = 1083984,
        .sha256 = "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
        .licence = "Apache-2.0",
        .url = ASSETS "face_detection/face_detection_full_range.tflite",
        .title = "face detector for faces within 5 m, dense weights",
    },
    {
        .name = "face_detector_full_sparse",
        .file = "face_detection_full_range_sparse.tflite",
        .size_bytes = 680736,
        .sha256 = "671dd2f9ed11a78436fc21cc42357a803dfc6f73e9fb86541be942d5716c2dce",
        .licence = "Apache-2.0",
        .url = ASSETS "face_detection/face_detection_full_range_sparse.tflite",
        .wheel_path = "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite",
        .title = "face detector for faces within 5 m",
        .wheel_sha256 = "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        .wheel_size_bytes = 676746,
    },
    {
        .name = "face_landmarker",
        .file = "face_landmarker.task",
        .size_bytes = 3758596,
        .sha256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        .licence = "Apache-2.0",
        .url = BUNDLES "face_landmarker/face_landmarker/float16/1/face_landmarker.task",
        .title = "bundle of the second generation: detector, 478 landmarks, blendshapes",
    },
    {
        .name = "iris_landmark",
        .file = "iris_landmark.tflite",
        .size_bytes = 2640568,
        .sha256 = "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
        .licence = "Apache-2.0",
        .url = ASSETS "iris_landmark/iris_landmark.tflite",
        .wheel_path = "mediapipe/modules/iris_landmark/iris_landmark.tflite",
        .title = "iris and eye contour of one eye",
        .wheel_sha256 = "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
        .wheel_size_bytes = 2640568,
    },
};

#define N_ENTRIES (sizeof(entries) / sizeof(entries[0]))

const MienCatalogEntry *mien_model_catalog(size_t *n_entries)
{
    if (n_entries)
        *n_entries = N_ENTRIES;
    return entries;
}

const MienCatalogEntry *mien_model_catalog_find(const char *name)
{
    if (!name)
        return NULL;
    for (size_t i = 0; i < N_ENTRIES; i++)
        if (!strcmp(entries[i].name, name) || !strcmp(entries[i].file, name))
            return &entries[i];
    return NULL;
}
