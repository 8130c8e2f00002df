"""Runs Espressif's command line tools for the tests, each call in a fork of this process.

The tools are imported once (a second each), and every call still starts from a clean state. A call is a JSON line on standard
input, {"id": N, "tool": NAME, "arguments": [...], "seconds": N}; its answer, whenever it is ready, a JSON line on standard output,
{"id": N, "status": N, "output": TEXT}.
"""

import fcntl
import importlib
import json
import os
import runpy
import signal
import sys
import tempfile
import traceback

import espefuse
import espsecure
import esptool

# tool -> (module, function): what the command of that name starts
ENTRIES = {
    "esptool": ("esptool", "_main"),
    "espefuse": ("espefuse", "_main"),
    "espsecure": ("espsecure", "_main"),
    "nvs_partition_gen": ("esp_idf_nvs_partition_gen.nvs_partition_gen", "main"),
    "srp_client": ("srp_client", "main"),  # beside this file
}
# tools that are a script beside the interpreter and no module
SCRIPTS = ["configure_esp_secure_cert"]


def perform(tool, arguments):
    """The call itself, in the child. Gives back the exit status."""
    sys.argv = [tool, *arguments]
    try:
        if tool in SCRIPTS:
            script = os.path.join(os.path.dirname(sys.executable), f"{tool}.py")
            runpy.run_path(script, run_name="__main__")
            return 0
        module, function = ENTRIES[tool]
        getattr(importlib.import_module(module), function)()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code)
            return 1
        return end.code or 0
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        return 1
    return 0


def answer(call):
    """Runs the call in a child, waits for it, and writes the answer as one line. Runs in a child itself, one for each call."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            signal.alarm(call["seconds"])  # ends the child where a tool waits for ever
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            status = perform(call["tool"], call["arguments"])
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        _, state = os.waitpid(child, 0)
        output.seek(0)
        line = json.dumps(
            {
                "id": call["id"],
                "status": os.waitstatus_to_exitcode(state),
                "output": output.read().decode("utf-8", "replace"),
            }
        )
    with open(__file__) as turn:  # a long line is written in pieces: one writer at a time
        fcntl.flock(turn, fcntl.LOCK_EX)
        print(line, flush=True)


print(json.dumps({"version": esptool.__version__}), flush=True)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    if os.fork() == 0:
        answer(json.loads(line))
        os._exit(0)
