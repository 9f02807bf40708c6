# SPDX-License-Identifier: Apache-2.0
"""The Face Landmarker on a video file, drawn by the Tasks API: landmarker_video.py MODEL IN OUT."""
import sys

import cv2
import mediapipe as mp
from mediapipe.tasks.python.vision import drawing_styles, drawing_utils

BaseOptions = mp.tasks.BaseOptions
FaceLandmarker = mp.tasks.vision.FaceLandmarker
FaceLandmarkerOptions = mp.tasks.vision.FaceLandmarkerOptions
FaceLandmarksConnections = mp.tasks.vision.FaceLandmarksConnections
VisionRunningMode = mp.tasks.vision.RunningMode

options = FaceLandmarkerOptions(
    base_options=BaseOptions(model_asset_path=sys.argv[1]),
    running_mode=VisionRunningMode.VIDEO)

cap = cv2.VideoCapture(sys.argv[2])
fps = cap.get(cv2.CAP_PROP_FPS)
frame_index = 0
n_faces = 0
with FaceLandmarker.create_from_options(options) as landmarker:
    while True:
        ok, frame = cap.read()
        if not ok:
            break
        rgb = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        mp_image = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)
        result = landmarker.detect_for_video(mp_image, int(1000 * frame_index / fps))
        for face_landmarks in result.face_landmarks:
            n_faces += 1
            drawing_utils.draw_landmarks(
                image=frame,
                landmark_list=face_landmarks,
                connections=FaceLandmarksConnections.FACE_LANDMARKS_CONTOURS,
                landmark_drawing_spec=None,
                connection_drawing_spec=drawing_styles.get_default_face_mesh_contours_style(1))
        frame_index += 1
cv2.imwrite(sys.argv[3], frame if frame is not None else rgb)
print(frame_index, n_faces)
