"""Holds the floor under the line coverage of the pure rooms: python coverage_floor.py REPORT."""

from __future__ import annotations

import json
import sys
from pathlib import Path

FLOORS = {"edge_node/domain/": 95.0, "edge_node/protocol/": 95.0}


def main(report: Path) -> int:
    """Return 1 and say so if a room is covered less than its floor demands."""
    files = json.loads(report.read_text())["files"]
    low = False
    for room, floor in FLOORS.items():
        summaries = [file["summary"] for name, file in files.items() if name.startswith(room)]
        lines = sum(summary["num_statements"] for summary in summaries)
        covered = sum(summary["covered_lines"] for summary in summaries)
        share = 100 * covered / lines
        low = low or share < floor
        sys.stdout.write(f"{room} {share:.1f} % of {lines} lines (floor {floor:.0f} %)\n")
    return int(low)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
