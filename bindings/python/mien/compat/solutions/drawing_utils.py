# SPDX-License-Identifier: Apache-2.0
"""Draws results into BGR pictures: mp.solutions.drawing_utils. cv2 is imported on first use."""
import math
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple, Union

import numpy as np

from .._dataclass import dataclass
from ..framework.formats.location_data_pb2 import LocationData

WHITE_COLOR = (224, 224, 224)
BLACK_COLOR = (0, 0, 0)
RED_COLOR = (0, 0, 255)
GREEN_COLOR = (0, 128, 0)
BLUE_COLOR = (255, 0, 0)

# Landmarks that say of themselves that they are hidden, or not there, are left out.
_MIN_VISIBILITY = 0.5
_MIN_PRESENCE = 0.5


@dataclass
class DrawingSpec:
    """How to draw: a colour (blue, green, red), and sizes in pixels."""

    color: Tuple[int, int, int] = WHITE_COLOR
    thickness: int = 2
    circle_radius: int = 2


def _cv2() -> Any:
    try:
        import cv2
    except ImportError:
        raise ImportError("drawing needs OpenCV: pip install opencv-python-headless") from None
    return cv2


def _check_bgr(image: np.ndarray) -> Tuple[int, int]:
    """Height and width of a picture to draw into."""
    if image.shape[2] != 3:
        raise ValueError("Input image must contain three channel bgr data.")
    return image.shape[0], image.shape[1]


def _normalized_to_pixel_coordinates(normalized_x: float, normalized_y: float, image_width: int,
                                     image_height: int) -> Optional[Tuple[int, int]]:
    """The pixel of a normalised point; None if it is not in the picture."""
    for value in (normalized_x, normalized_y):
        inside = 0 < value < 1 or math.isclose(0, value) or math.isclose(1, value)
        if not inside:
            return None
    return (min(math.floor(normalized_x * image_width), image_width - 1),
            min(math.floor(normalized_y * image_height), image_height - 1))


def _points(landmark_list: Any) -> Any:
    """The landmarks of a NormalizedLandmarkList, or of a plain list of the Tasks API."""
    return getattr(landmark_list, "landmark", landmark_list)


def _value(landmark: Any, name: str) -> Optional[float]:
    """visibility or presence, None if it is unset."""
    if hasattr(landmark, "HasField") and not landmark.HasField(name):
        return None
    return getattr(landmark, name)


def _is_shown(landmark: Any) -> bool:
    visibility, presence = _value(landmark, "visibility"), _value(landmark, "presence")
    return ((visibility is None or visibility >= _MIN_VISIBILITY) and
            (presence is None or presence >= _MIN_PRESENCE))


def _lines(connections: Iterable[Any], n_landmarks: int) -> Iterable[Tuple[int, int]]:
    """Both ends of each connection: a pair, or a Connection of the Tasks API."""
    for connection in connections or ():
        start, end = ((connection.start, connection.end) if hasattr(connection, "start")
                      else (connection[0], connection[1]))
        if not (0 <= start < n_landmarks and 0 <= end < n_landmarks):
            raise ValueError("Landmark index is out of range. Invalid connection from landmark "
                             "#{} to landmark #{}.".format(start, end))
        yield start, end


def _spec(spec: Any, key: Any) -> DrawingSpec:
    return spec[key] if isinstance(spec, Mapping) else spec


def draw_detection(image: np.ndarray, detection: Any,
                   keypoint_drawing_spec: DrawingSpec = DrawingSpec(color=RED_COLOR),
                   bbox_drawing_spec: DrawingSpec = DrawingSpec()) -> None:
    """Draws the box and the key points of a detection."""
    location = detection.location_data
    if not location:
        return
    rows, columns = _check_bgr(image)
    if location.format != LocationData.RELATIVE_BOUNDING_BOX:
        raise ValueError("LocationData must be relative for this drawing function to work.")
    cv2 = _cv2()
    for keypoint in location.relative_keypoints:
        center = _normalized_to_pixel_coordinates(keypoint.x, keypoint.y, columns, rows)
        if center is not None:
            cv2.circle(image, center, keypoint_drawing_spec.circle_radius,
                       keypoint_drawing_spec.color, keypoint_drawing_spec.thickness)
    if not location.HasField("relative_bounding_box"):
        return
    box = location.relative_bounding_box
    corners = [_normalized_to_pixel_coordinates(x, y, columns, rows) for x, y in (
        (box.xmin, box.ymin), (box.xmin + box.width, box.ymin + box.height))]
    if None not in corners:
        cv2.rectangle(image, corners[0], corners[1], bbox_drawing_spec.color,
                      bbox_drawing_spec.thickness)


def draw_landmarks(image: np.ndarray, landmark_list: Any, connections: Any = None,
                   landmark_drawing_spec: Optional[
                       Union[DrawingSpec, Mapping[int, DrawingSpec]]] = DrawingSpec(
                           color=RED_COLOR),
                   connection_drawing_spec: Union[
                       DrawingSpec, Mapping[Tuple[int, int], DrawingSpec]] = DrawingSpec(),
                   is_drawing_landmarks: bool = True) -> None:
    """Draws landmarks and the lines between them.

    landmark_drawing_spec: one for all, or one for each landmark; None draws no landmarks.
    connection_drawing_spec: one for all, or one for each connection.
    """
    if not landmark_list:
        return
    rows, columns = _check_bgr(image)
    cv2 = _cv2()
    landmarks = _points(landmark_list)
    pixels = {}  # type: Dict[int, Tuple[int, int]]
    for index, landmark in enumerate(landmarks):
        if _is_shown(landmark):
            pixel = _normalized_to_pixel_coordinates(landmark.x, landmark.y, columns, rows)
            if pixel is not None:
                pixels[index] = pixel
    for line in _lines(connections, len(landmarks)):
        if line[0] in pixels and line[1] in pixels:
            spec = _spec(connection_drawing_spec, line)
            cv2.line(image, pixels[line[0]], pixels[line[1]], spec.color, spec.thickness)
    if not is_drawing_landmarks or not landmark_drawing_spec:
        return
    for index, pixel in pixels.items():
        spec = _spec(landmark_drawing_spec, index)
        border = max(spec.circle_radius + 1, int(spec.circle_radius * 1.2))
        cv2.circle(image, pixel, border, WHITE_COLOR, spec.thickness)
        cv2.circle(image, pixel, spec.circle_radius, spec.color, spec.thickness)


def draw_axis(image: np.ndarray, rotation: np.ndarray, translation: np.ndarray,
              focal_length: Tuple[float, float] = (1.0, 1.0),
              principal_point: Tuple[float, float] = (0.0, 0.0), axis_length: float = 0.1,
              axis_drawing_spec: DrawingSpec = DrawingSpec()) -> None:
    """Draws the axes of an object: x red, y green, z blue.

    rotation [3, 3] and translation [3] take points of the object to the camera; focal_length and
    principal_point are those of the camera in units of half the picture.
    """
    rows, columns = _check_bgr(image)
    cv2 = _cv2()
    tips = axis_length * np.vstack([np.zeros(3), np.eye(3)])
    x, y, z = (tips @ np.asarray(rotation).T + translation).T
    depth = z + 1e-5  # an axis through the camera has no picture
    across = np.clip(principal_point[0] - focal_length[0] * x / depth, -1, 1)
    up = np.clip(principal_point[1] - focal_length[1] * y / depth, -1, 1)
    pixels = [(int((1 + a) / 2 * columns), int((1 - b) / 2 * rows)) for a, b in zip(across, up)]
    for tip, color in zip(pixels[1:], (RED_COLOR, GREEN_COLOR, BLUE_COLOR)):
        cv2.arrowedLine(image, pixels[0], tip, color, axis_drawing_spec.thickness)


def plot_landmarks(landmark_list: Any, connections: Any = None,
                   landmark_drawing_spec: DrawingSpec = DrawingSpec(color=RED_COLOR, thickness=5),
                   connection_drawing_spec: DrawingSpec = DrawingSpec(
                       color=BLACK_COLOR, thickness=5),
                   elevation: int = 10, azimuth: int = 10) -> None:
    """Plots landmarks and the lines between them with matplotlib, in three dimensions."""
    if not landmark_list:
        return
    import matplotlib.pyplot as plt

    def red_first(color: Tuple[int, int, int]) -> List[float]:
        return [value / 255 for value in reversed(color)]

    plt.figure(figsize=(10, 10))
    axes = plt.axes(projection="3d")
    axes.view_init(elev=elevation, azim=azimuth)
    landmarks = _points(landmark_list)
    # matplotlib's z points up, and its x to the viewer.
    places = {index: (-landmark.z, landmark.x, -landmark.y)
              for index, landmark in enumerate(landmarks) if _is_shown(landmark)}
    for place in places.values():
        axes.scatter3D(*[[value] for value in place], color=red_first(landmark_drawing_spec.color),
                       linewidth=landmark_drawing_spec.thickness)
    for start, end in _lines(connections, len(landmarks)):
        if start in places and end in places:
            axes.plot3D(*zip(places[start], places[end]),
                        color=red_first(connection_drawing_spec.color),
                        linewidth=connection_drawing_spec.thickness)
    plt.show()
