# SPDX-License-Identifier: Apache-2.0
"""Many files on many machines, with Ray Data: https://github.com/ray-project/ray

    import ray
    from mien.ray import FaceLandmarks

    files = ray.data.from_items([{"path": path} for path in paths])
    rows = files.map_batches(FaceLandmarks, batch_size=1, concurrency=4,
                             fn_constructor_kwargs={"device": "cpu", "max_faces": 2})
    rows.write_parquet("faces")

A row of the dataset is a file, not a frame: each actor reads its files itself, and faces are followed
within a file. An actor that dies is replaced by Ray, and its file begins anew, so that the rows are
those of `mien run`, however many actors there are and whatever happens to them. With GPUs: device
"cuda:0" and num_gpus=1, or less for several actors on one.

Ray reports its use to its makers; RAY_USAGE_STATS_ENABLED=0 turns that off.
"""
from typing import Any, Dict, List

from .engine import Engine
from .media import Reader
from .model import Model


class FaceLandmarks:
    """For map_batches: files in a column "path" to a table with a row a face and frame.

    Columns: path, frame (from 0), timestamp (seconds), face_id, score, presence, box (left, top,
    width, height in pixels), landmarks (x, y, z one after the other); if they are asked for,
    blendshapes and matrix (16 numbers, row by row). Frames without a face have no row. A file that
    cannot be read has one row, with its error; so has one that is damaged, behind its faces.

    engine: options of mien.Engine: model, device, max_faces ...
    """

    def __init__(self, **engine: Any) -> None:
        # What both engines share is loaded once.
        model = engine.pop("model", "face_mesh")
        self._options = dict(engine, model=Model(model) if isinstance(model, str) else model)
        self._engines = {}  # type: Dict[str, Engine]
        self._engine("video")

    def _engine(self, mode: str) -> Engine:
        """Pictures and video need engines of their own, as in the command line tool."""
        if mode not in self._engines:
            self._engines[mode] = Engine(mode=mode, **self._options)
        return self._engines[mode]

    def __call__(self, batch: Dict[str, Any]) -> Any:
        rows = []  # type: List[Dict[str, Any]]
        for path in batch["path"]:
            rows += self.process_file(str(path))
        return _table(rows)

    def process_file(self, path: str) -> List[Dict[str, Any]]:
        """The rows of one file."""
        rows = []  # type: List[Dict[str, Any]]
        index = -1
        try:
            with Reader(path) as reader:
                engine = self._engine("image" if reader.info.is_picture else "video")
                engine.reset()
                for index, frame in enumerate(reader):
                    rows += _rows(path, index, engine.process(frame, frame.timestamp_us))
        except RuntimeError as error:
            if getattr(error, "status", "") not in ("MIEN_E_IO", "MIEN_E_FORMAT",
                                                    "MIEN_E_UNSUPPORTED"):
                raise  # not the file's fault: Ray tries again
            rows.append({"path": path, "frame": index + 1, "error": str(error)})
        return rows


def _rows(path: str, index: int, result: Any) -> List[Dict[str, Any]]:
    seconds = result.timestamp_us / 1e6
    rows = []
    for i in range(len(result)):
        row = {"path": path, "frame": index, "timestamp": seconds,
               "face_id": int(result.face_ids[i]), "score": result.scores[i],
               "presence": result.presences[i], "box": result.boxes[i],
               "landmarks": result.landmarks[i].ravel()}
        if result.blendshapes is not None:
            row["blendshapes"] = result.blendshapes[i]
        if result.matrices is not None:
            row["matrix"] = result.matrices[i].ravel()
        rows.append(row)
    return rows


def _table(rows: List[Dict[str, Any]]) -> Any:
    """An Arrow table, with the same columns whatever is in it."""
    import pyarrow
    floats = pyarrow.list_(pyarrow.float32())
    kinds = [("path", pyarrow.string()), ("frame", pyarrow.int64()),
             ("timestamp", pyarrow.float64()), ("face_id", pyarrow.int32()),
             ("score", pyarrow.float32()), ("presence", pyarrow.float32()), ("box", floats),
             ("landmarks", floats), ("blendshapes", floats), ("matrix", floats),
             ("error", pyarrow.string())]
    return pyarrow.table({name: pyarrow.array([row.get(name) for row in rows], kind)
                          for name, kind in kinds}, pyarrow.schema(kinds))
