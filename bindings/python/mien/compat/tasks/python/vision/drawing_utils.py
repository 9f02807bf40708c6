# SPDX-License-Identifier: Apache-2.0
"""The same as in solutions: it takes the landmarks and connections of both."""
from ....solutions.drawing_utils import (
    BLACK_COLOR, BLUE_COLOR, GREEN_COLOR, RED_COLOR, WHITE_COLOR, DrawingSpec,
    _normalized_to_pixel_coordinates as _normalized_to_pixel_coordinates, draw_axis, draw_detection,
    draw_landmarks, plot_landmarks,
)

__all__ = ["BLACK_COLOR", "BLUE_COLOR", "DrawingSpec", "GREEN_COLOR", "RED_COLOR", "WHITE_COLOR",
           "draw_axis", "draw_detection", "draw_landmarks", "plot_landmarks"]
