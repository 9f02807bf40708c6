# SPDX-License-Identifier: Apache-2.0
"""mediapipe.python.solutions, by which some programs import mediapipe.solutions: the same modules."""
import sys

from .. import solutions

sys.modules[__name__ + ".solutions"] = solutions
for _name in solutions.__all__:
    sys.modules["{}.solutions.{}".format(__name__, _name)] = getattr(solutions, _name)

__all__ = ["solutions"]
