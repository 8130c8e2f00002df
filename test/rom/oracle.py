"""Answers the tests' questions with Espressif's own ROM code; nothing of the ROM is in these files.

    python oracle.py FOLDER      the ROM's ELF files lie in FOLDER

A question is a JSON line on standard input, {"id": N, "do": "converse" or "boot", ...} (loader.py, boot.py); its answer a JSON line on
standard output, {"id": N, "answer": {...}} or {"id": N, "error": TEXT}.
"""

import json
import sys
import traceback

from boot import boot
from loader import converse

WORK = {"converse": converse, "boot": boot}

print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    question = json.loads(line)
    try:
        result = {"answer": WORK[question["do"]](question, sys.argv[1])}
    except Exception:
        result = {"error": traceback.format_exc()}
    print(json.dumps({"id": question["id"], **result}), flush=True)
