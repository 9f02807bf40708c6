# SPDX-License-Identifier: Apache-2.0
"""Model files: found like the command line tool finds them, loaded once, shared by engines."""
import ctypes
import os

from . import _abi
from ._lazy import defer
from ._library import MienError, check, library
from ._typing import Any, List, Optional, Union

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    from ._records import CatalogEntry

defer(__name__, (), {"CatalogEntry": "_records"})


def _catalog_entry(entry: Any) -> "CatalogEntry":
    from ._records import CatalogEntry
    wheel = entry.wheel_sha256
    return CatalogEntry(entry.name.decode(), entry.file.decode(), entry.size_bytes,
                        entry.sha256.decode(), entry.licence.decode(), entry.url.decode(),
                        entry.title.decode(), wheel.decode() if wheel else None)


def catalog() -> "List[CatalogEntry]":
    """The model files that mien knows."""
    n = ctypes.c_size_t()
    entries = library.mien_model_catalog(ctypes.byref(n))
    return [_catalog_entry(entries[i]) for i in range(n.value)]


def _xdg(variable: str, below_home: str) -> Optional[str]:
    folder = os.environ.get(variable, "")
    if folder.startswith("/"):
        return os.path.join(folder, "mien/models")
    home = os.environ.get("HOME")
    return os.path.join(home, below_home, "mien/models") if home else None


def _folders() -> List[str]:
    """The order of `mien models`; keep in step with tools/mien/store.c."""
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    folders = [os.environ.get("MIEN_MODEL_DIR"), _xdg("XDG_DATA_HOME", ".local/share"),
               _xdg("XDG_CACHE_HOME", ".cache")]
    folders += [os.path.join(folder, "mien/models") for folder in shared.split(":")
                if folder.startswith("/")]
    return [folder for folder in folders if folder]


def find_model(name: str) -> str:
    """Path of a model file by its catalogue name or file name, such as "face_mesh".

    Looks into $MIEN_MODEL_DIR and the XDG data and cache folders, where `mien models fetch` puts
    files. Raises FileNotFoundError if none of them has it, ValueError for an unknown name.
    """
    found = library.mien_model_catalog_find(name.encode())
    if not found:
        known = ", ".join(entry.name for entry in catalog())
        raise ValueError("there is no model {!r}; the names are: {}".format(name, known))
    entry = found[0]
    file = entry.file.decode()
    for folder in _folders():
        path = os.path.join(folder, file)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError("model {0} ({1}) is not on this machine; get it with: mien models "
                            "fetch {0}, or set MIEN_MODEL_DIR to a folder that has it (from {2})"
                            .format(entry.name.decode(), file, entry.url.decode()))


class Model:
    """A loaded model file: a path, the bytes of a file, or a name of the catalogue.

    Immutable; any number of engines and threads may share it.
    """

    def __init__(self, source: Union[str, bytes, "os.PathLike[str]"]) -> None:
        self._pointer = ctypes.c_void_p()
        error = _abi.MienError()
        if isinstance(source, (bytes, bytearray, memoryview)):
            data = bytes(source)
            status = library.mien_model_load_memory(data, len(data), ctypes.byref(self._pointer),
                                                    ctypes.byref(error))
            check(status, error)
            return
        path = os.fspath(source)
        found = None
        if not os.path.exists(path):
            found = library.mien_model_catalog_find(os.fsencode(path))
            if not found:
                raise FileNotFoundError("{}: neither a file nor the name of a model that mien knows"
                                        .format(os.fsdecode(path)))
            path = find_model(os.fsdecode(path))
        status = library.mien_model_load_file(os.fsencode(path), ctypes.byref(self._pointer),
                                              ctypes.byref(error))
        check(status, error)
        if found:
            self._refuse_wrong_file(path, found[0])

    def _refuse_wrong_file(self, path: str, entry: Any) -> None:
        if self.sha256.encode() not in (entry.sha256, entry.wheel_sha256):
            raise MienError("{0} is not the {1} that mien knows (its SHA-256 differs); remove it "
                            "and run: mien models fetch {1}".format(path, entry.name.decode()),
                            "MIEN_E_FORMAT", "model-hash")

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, 64 hexadecimal digits."""
        return library.mien_model_sha256(self._pointer).decode()

    @property
    def name(self) -> Optional[str]:
        """The catalogue's name of this very file, or None."""
        name = library.mien_model_name(self._pointer)
        return name.decode() if name else None

    @property
    def n_networks(self) -> int:
        """1 for a .tflite file, more for a .task bundle."""
        return library.mien_model_n_networks(self._pointer)

    def __repr__(self) -> str:
        return "<mien.Model {}>".format(self.name or self.sha256[:16])

    def __del__(self, destroy: Any = library.mien_model_destroy) -> None:
        if getattr(self, "_pointer", None):
            destroy(self._pointer)
