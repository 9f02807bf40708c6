# SPDX-License-Identifier: Apache-2.0
"""The Face Landmarker on what a camera gives: landmarker_live.py MODEL IN."""
import sys
import time

import cv2
import mediapipe as mp

BaseOptions = mp.tasks.BaseOptions
FaceLandmarker = mp.tasks.vision.FaceLandmarker
FaceLandmarkerOptions = mp.tasks.vision.FaceLandmarkerOptions
FaceLandmarkerResult = mp.tasks.vision.FaceLandmarkerResult
VisionRunningMode = mp.tasks.vision.RunningMode

seen = []


def print_result(result: FaceLandmarkerResult, output_image: mp.Image, timestamp_ms: int):
    seen.append((timestamp_ms, len(result.face_landmarks), output_image.width))


options = FaceLandmarkerOptions(
    base_options=BaseOptions(model_asset_path=sys.argv[1]),
    running_mode=VisionRunningMode.LIVE_STREAM,
    result_callback=print_result)

cap = cv2.VideoCapture(sys.argv[2])
with FaceLandmarker.create_from_options(options) as landmarker:
    for i in range(40):
        ok, frame = cap.read()
        if not ok:
            break
        mp_image = mp.Image(image_format=mp.ImageFormat.SRGB,
                            data=cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        landmarker.detect_async(mp_image, i * 33)
        time.sleep(0.01)
times = [time_ms for time_ms, _, _ in seen]
assert times == sorted(set(times)), times
print(len(seen), max(n for _, n, _ in seen), seen[0][2])
