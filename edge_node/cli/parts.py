"""Parts that need more than the core is installed with, and what is said where they lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Whoever starts a test axis without naming agencies gets these.
_AGENCIES: Final = (
    ("H99.01", "Đơn vị thử nghiệm 1"),
    ("H99.02", "Đơn vị thử nghiệm 2"),
    ("H99.03", "Đơn vị thử nghiệm 3"),
)


def serve_sandbox(
    folder: Path,
    *,
    host: str,
    port: int,
    faults: Path | None,
    ready: Callable[[str], None],
) -> None:
    """
    Serve the test axis in ``folder``; a new one gets three agencies with fresh secrets.

    The file ``faults`` says what it is to do wrong on purpose.
    """
    _demand_server()
    from edge_node.sandbox.faults import Faults  # noqa: PLC0415 - only here
    from edge_node.sandbox.faults_rules import read_rules_file  # noqa: PLC0415
    from edge_node.sandbox.serve import serve  # noqa: PLC0415
    from edge_node.sandbox.settings import SETTINGS_FILE, init_sandbox  # noqa: PLC0415

    rules = read_rules_file(faults) if faults else ()
    if not (folder / SETTINGS_FILE).exists():
        init_sandbox(folder, _AGENCIES)
    serve(folder, host=host, port=port, ready=ready, faults=Faults(rules))


def demonstrate(*, as_json: bool, folder: Path | None) -> bool:
    """Run the demo; False if anything was lost or doubled."""
    _demand_server()
    from edge_node.demo import show  # noqa: PLC0415 - only for the demo

    return show.demonstrate(as_json=as_json, folder=folder)


def _demand_server() -> None:
    """Make sure that the libraries of the test axis are there; NotAllowed."""
    try:
        import starlette  # noqa: F401, PLC0415 - an extra
        import uvicorn  # noqa: F401, PLC0415 - likewise
    except ModuleNotFoundError as error:
        raise NotAllowed(
            say("the test axis is not installed: {module} is missing", module=str(error.name)),
            hint=say("pip install 'edge-node[sandbox]'"),
        ) from error
