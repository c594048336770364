"""Runs a program of this machine to its end, and says what it said where it fails."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from edge_node.domain.message import Message

_WITHIN: Final = 300.0  # seconds
_SHOWN: Final = 600  # letters of what it said


class ProgramFailed(NotAllowed):
    """A program of this machine is not there, did not end, or ended badly; `reason` says how."""

    def __init__(
        self, message: Message, *, reason: Message | str, hint: Message | None = None
    ) -> None:
        """Keep what it said, or what became of it, beside our sentence."""
        super().__init__(message, hint=hint)
        self.reason = reason


def run_program(
    command: Sequence[str],
    *,
    within: float = _WITHIN,
    folder: Path | None = None,
    umask: int = -1,
    environ: Mapping[str, str] | None = None,
    as_user: tuple[int, int, Sequence[int]] | None = None,
) -> str:
    """
    Return what a program says on stdout; ProgramFailed, with what it said on stderr.

    ``as_user`` is user, group and further groups, by number; ``folder`` is where it works,
    ``environ`` its environment where it is not ours.
    """
    user, group, groups = as_user or (None, None, None)
    try:
        answer = subprocess.run(  # noqa: S603 - our own words, and names that were checked
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=within,
            check=False,
            cwd=folder,
            umask=umask,
            env=environ,
            user=user,
            group=group,
            extra_groups=groups,
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(command, say("it did not end within {time} s", time=int(within))) from error
    except OSError as error:
        raise _failed(command, error.strerror or type(error).__name__) from error
    if answer.returncode:
        words = answer.stderr.decode("utf-8", "replace").strip()[-_SHOWN:]
        raise _failed(command, words or say("exit status {code}", code=answer.returncode))
    return answer.stdout.decode("utf-8", "replace")


def _failed(command: Sequence[str], reason: Message | str) -> ProgramFailed:
    words = say("{program} failed: {reason}", program=command[0], reason=reason)
    return ProgramFailed(words, reason=reason)
