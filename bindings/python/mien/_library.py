# SPDX-License-Identifier: Apache-2.0
"""Finds and loads libmien, and makes exceptions of its failures."""
import ctypes
import os

from . import _abi

_NAME = "libmien.so.0"


class MienError(RuntimeError):
    """A call of the library failed.

    status is the name of the C status, such as "MIEN_E_DEVICE"; reason is a stable code for
    programs, such as "model-truncated", or empty.
    """

    def __init__(self, text: str, status: str = "", reason: str = "") -> None:
        super().__init__(text, status, reason)
        self.status = status
        self.reason = reason

    def __str__(self) -> str:
        return self.args[0]


class ArgumentError(MienError, ValueError):
    """An argument is not valid; nothing was changed."""


class DeviceError(MienError):
    """The device cannot be used, or has failed; reason says why."""


def _open(path: str) -> ctypes.CDLL:
    """Loads a library whose functions, and those of the libraries it needs, are resolved when they
    are first called: ctypes would resolve all at once, and FFmpeg's come to more than a hundred
    files. Raises OSError if it cannot be loaded."""
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = [ctypes.c_char_p, ctypes.c_int], ctypes.c_void_p
    handle = dlopen(os.fsencode(path), os.RTLD_LAZY)
    return ctypes.CDLL(path, handle=handle) if handle else ctypes.CDLL(path)


class Library:
    """A loaded library. Its functions get their prototypes when they are first used."""

    def __init__(self, name: str, prototypes: dict) -> None:
        own = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib", name)
        # The library of this package, or else the one that the system finds.
        self.path = own if os.path.exists(own) else name
        self._loaded = _open(self.path)
        self._prototypes = prototypes

    def __getattr__(self, name):
        if name not in self._prototypes:
            raise AttributeError(name)
        function = getattr(self._loaded, name)
        function.restype, function.argtypes = self._prototypes[name]
        setattr(self, name, function)
        return function


def _load() -> Library:
    try:
        loaded = Library(_NAME, _abi.FUNCTIONS)
    except OSError as error:
        raise ImportError("mien: cannot load libmien: {}; install a wheel of mien for this processor"
                          .format(error))
    version = loaded.mien_api_version()
    if version != _abi.API_VERSION:
        raise ImportError("mien: {} has API {}, this package wants {}; install both from one "
                          "release".format(loaded.path, version, _abi.API_VERSION))
    return loaded


library = _load()
__version__ = library.mien_version().decode()


def failure(status: int, text: str, reason: str = "") -> MienError:
    """The exception for a status other than MIEN_OK."""
    kind = {_abi.E_ARGUMENT: ArgumentError, _abi.E_DEVICE: DeviceError}.get(status, MienError)
    text = text or library.mien_status_text(status).decode()
    return kind(text, _abi.STATUS_NAMES.get(status, "MIEN_E_?"), reason)


def check(status: int, error: _abi.MienError) -> None:
    """Raises what a call that fills a MienError complains about."""
    if status != _abi.OK:
        raise failure(status, error.text.decode("utf-8", "replace"), error.reason.decode())
