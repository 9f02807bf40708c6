# SPDX-License-Identifier: Apache-2.0
"""What only engines with a callback need: the callback, and an end before the interpreter's."""
import atexit
import threading
import weakref

from . import _abi
from ._library import failure
from ._typing import Any, Callable

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    from .engine import Engine

# Engines whose own threads call into Python must be gone before the interpreter is.
_open = weakref.WeakSet()  # type: weakref.WeakSet[Engine]


@atexit.register
def _close_all() -> None:
    for engine in list(_open):
        engine.close()


def opened(engine: "Engine") -> None:
    """Closes the engine at the end of the program, unless somebody did so before."""
    _open.add(engine)


def closed(engine: "Engine") -> None:
    _open.discard(engine)


def run_beside(function: Callable[..., None], *args: Any) -> None:
    """Calls the function from a thread that the end of the program waits for."""
    threading.Thread(target=function, args=args).start()


def answer_of(engine: "Engine") -> Callable[..., None]:
    """The function that the library calls with results; knows its engine only weakly."""
    of = weakref.ref(engine)

    def answer(_user: Any, status: int, pointer: Any, timestamp_us: int) -> None:
        engine = of()  # type: Any
        if engine is None:
            return
        engine._stream_thread = threading.get_ident()
        try:
            if status == _abi.OK:
                engine._on_result(engine._take(pointer), timestamp_us)
            else:
                engine._on_result(failure(status, ""), timestamp_us)
        except Exception:  # pylint: disable=broad-except
            import logging
            logging.getLogger("mien").exception("on_result failed")

    return answer
