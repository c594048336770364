"""
A webhook for boot.sh only: what is posted to it goes into a file, a JSON object a line.

    hook.py PORT FILE PASSWORDS

PASSWORDS is a file that holds user:password: a command line would be in the journal.
"""

import json
import sys
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

PORT, FILE, PASSWORDS = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
KNOWN = f"Basic {b64encode(PASSWORDS.read_bytes().strip()).decode()}"


class Hook(BaseHTTPRequestHandler):
    """Takes what those who know the password post."""

    def do_POST(self):
        """Keep one notice."""
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = self.headers["Authorization"] == KNOWN
        if known:
            with FILE.open("a") as out:
                out.write(json.dumps(told, ensure_ascii=False) + "\n")
        self.send_response(200 if known else 401)
        self.end_headers()


HTTPServer(("127.0.0.1", PORT), Hook).serve_forever()
