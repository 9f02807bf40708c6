/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/detector.h"

#include "engine/engine_private.h"

int32_t detect(MienEngine *engine, const MienImage *image, MieniDetection *detections)
{
    MieniStage *stage = &engine->detector;
    MieniJob *job = &stage->jobs[0];
    MieniRect whole = {0.5f, 0.5f, 1, 1, 0};
    MieniView view;
    MienError error = {0};
    assert_int_equal(mieni_view_init(&view, image, &error), MIEN_OK);
    assert_int_equal(mieni_crop_init(&job->crop, &view, &whole, &stage->crop), MIEN_OK);
    job->picture = &view;
    assert_int_equal(engine->choice.backend->plan_run(stage->plan, 1, job, &error), MIEN_OK);
    int32_t n = mieni_nms_weighted(job->detections, job->n_detections, MIENI_NMS_IOU_LEGACY,
                                   engine->scratch);
    assert_true(n <= MAX_DETECTIONS);
    for (int32_t i = 0; i < n; i++) {
        detections[i] = job->detections[i];
        mieni_detection_project(&detections[i], &job->crop.region, view.upright_width,
                                view.upright_height);
    }
    return n;
}
