"""
Runs a command as if it were another moment: `python tests/troubles_at.py MOMENT ARGUMENTS…`.

Only what the command itself takes for now is another; the machine's clock is left alone.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from edge_node.cli import app, doctor

if __name__ == "__main__":
    moment = datetime.fromisoformat(sys.argv.pop(1))
    doctor.moment = lambda: moment
    app.main()
