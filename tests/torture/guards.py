"""
The guards that keep a document from being lost or doubled, each broken on purpose.

    .venv/bin/python tests/torture/guards.py [NAME …]

In a copy of the tree one line is taken out or turned round, and the test that is said to catch it
is run: it must fail. Exit 1 where a guard could be broken unseen, or is not there any more.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_LEFT_OUT: Final = shutil.ignore_patterns(".git", ".venv", ".torture", ".*_cache", "__pycache__")


@dataclass(frozen=True, slots=True)
class Guard:
    """What keeps something from happening, how it is broken, and which test sees that."""

    name: str
    file: str
    code: str
    broken: str
    test: str


GUARDS: Final = (
    Guard(
        "a file is durable before it has its name",
        "adapters/durable.py",
        "            os.fsync(self.file.fileno())\n        with passing(Step.RENAME, target):",
        "            pass\n        with passing(Step.RENAME, target):",
        "tests/flows/test_durability.py::test_what_gets_a_name_was_durable_before",
    ),
    Guard(
        "a name is durable before anybody relies on it",
        "adapters/durable.py",
        "            with passing(Step.SYNC_FOLDER, path):\n                os.fsync(handle)",
        "            with passing(Step.SYNC_FOLDER, path):\n                pass",
        "tests/flows/test_durability.py::test_a_name_is_durable_before_anybody_relies_on_it",
    ),
    Guard(
        "a commit waits for the disk",
        "adapters/database.py",
        '        connection.execute("pragma synchronous = full")\n'
        '        connection.execute("pragma foreign_keys = on")',
        '        connection.execute("pragma synchronous = off")\n'
        '        connection.execute("pragma foreign_keys = on")',
        "tests/flows/test_durability.py::test_every_durable_commit_waits_for_the_disk",
    ),
    Guard(
        "the axis hears `done` only of what is committed",
        "flows/pull.py",
        "        return self.queue.add(listed, writer.stored, None, now=now)",
        '        self.axis.acknowledge(listed.axis_id, "done")\n'
        "        return self.queue.add(listed, writer.stored, None, now=now)",
        "tests/flows/test_durability.py"
        "::test_the_axis_hears_done_only_of_what_is_durable_and_committed",
    ),
    Guard(
        "what is being sent is marked before it leaves",
        "adapters/outgoing.py",
        '                transaction.execute(_MARK, {"id": claim.item, "now": stamp(now)})',
        "                pass",
        "tests/flows/test_silence.py"
        "::test_a_crash_in_the_middle_of_sending_is_found_out_before_it_is_sent_again",
    ),
    Guard(
        "after silence the axis is asked before anything is sent again",
        "flows/push.py",
        "        if envelope.state is Sending.UNSURE:\n            self._ask",
        "        if False:\n            self._ask",
        "tests/flows/test_silence.py"
        "::test_after_silence_the_axis_is_asked_and_what_it_has_is_not_sent_again",
    ),
    Guard(
        "an axis that does not list a package yet has time",
        "flows/push.py",
        "        elif under_way > timedelta():",
        "        elif False:",
        "tests/flows/test_silence.py"
        "::test_after_silence_what_the_axis_does_not_have_is_sent_once_more",
    ),
    Guard(
        "what is to be sent is witnessed outside of the data folder",
        "flows/push.py",
        "            self.sends.note()",
        "            pass",
        "tests/flows/test_copies.py"
        "::test_an_older_state_put_back_sends_nothing_that_was_sent_since",
    ),
    Guard(
        "looking back overlaps",
        "flows/look_back.py",
        "        return min(datetime.fromisoformat(reached), now) - self.overlap",
        "        return min(datetime.fromisoformat(reached), now)",
        "tests/flows/test_look_back.py"
        "::test_the_axis_is_asked_with_dates_at_the_start_and_every_hour",
    ),
    Guard(
        "a drop that was sent before is known by its content",
        "flows/packing.py",
        "        same = earlier.fingerprint == mark",
        "        same = False",
        "tests/flows/test_duplicates.py",
    ),
    Guard(
        "an incoming copy is known by its content",
        "adapters/repeats.py",
        '        "fingerprint": fingerprint,',
        '        "fingerprint": "?" + fingerprint,',
        "tests/flows/test_repeats.py",
    ),
    Guard(
        "a claim that has gone to somebody else settles nothing",
        "adapters/work.py",
        "    if transaction.row(_DEMAND, _named(claim)) is None:",
        "    if False:",
        "tests/adapters/test_queue_outgoing.py",
    ),
    Guard(
        "one daemon works on a data folder",
        "adapters/lock.py",
        "            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "            pass",
        "tests/system/test_daemon.py",
    ),
)


def main() -> int:
    """Break the guards that are named, or all; tell what was seen."""
    wanted = sys.argv[1:]
    unseen = 0
    for guard in GUARDS:
        if wanted and not any(word in guard.name for word in wanted):
            continue
        seen = _caught(guard)
        unseen += not seen
        sys.stdout.write(f"{'caught' if seen else 'NOT CAUGHT'}: {guard.name} ({guard.test})\n")
        sys.stdout.flush()
    return 1 if unseen else 0


def _caught(guard: Guard) -> bool:
    with tempfile.TemporaryDirectory(prefix="edge-node-guard-") as place:
        tree = Path(place) / "tree"
        shutil.copytree(ROOT, tree, ignore=_LEFT_OUT)
        file = tree / "edge_node" / guard.file
        text = file.read_text(encoding="utf-8")
        if text.count(guard.code) != 1:
            sys.stdout.write(f"{guard.file} does not hold: {guard.code!r}\n")
            return False
        if _passes(tree, guard.test):
            file.write_text(text.replace(guard.code, guard.broken), encoding="utf-8")
            return not _passes(tree, guard.test)
        sys.stdout.write(f"{guard.test} fails as it is\n")
        return False


def _passes(tree: Path, test: str) -> bool:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        check=False,
    )
    return run.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
