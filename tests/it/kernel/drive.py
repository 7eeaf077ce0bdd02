"""Starts kernels through jupyter_client, as a Jupyter server does, and runs code in them.

usage: drive.py REQUEST < JSON: {"kernel": NAME, "env": {..}, "code": [..]}; prints what each piece of code printed, or
its error, as a JSON list. `env` is the whole environment of the server.
"""

import json
import sys

from jupyter_client.manager import start_new_kernel

request = json.load(sys.stdin)
manager, client = start_new_kernel(
    startup_timeout=60, kernel_name=request["kernel"], env=request["env"], cwd=request["cwd"]
)
told = []
try:
    for code in request["code"]:
        lines = []

        def hook(message):
            content = message["content"]
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                lines.append(content["text"])
            elif message["msg_type"] == "error":
                lines.append(content["ename"] + ": " + content["evalue"])

        client.execute_interactive(code, timeout=60, output_hook=hook)
        told.append("".join(lines))
    # The process that was started is the kernel itself: an interrupt reaches it.
    told.append(str(manager.provisioner.pid))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
json.dump(told, sys.stdout)
