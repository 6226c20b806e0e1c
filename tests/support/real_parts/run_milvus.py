"""Runs the real Milvus of the Python package `milvus` for as long as its standard input is open.

    python run_milvus.py FOLDER

FOLDER holds user.json: what the Helm chart gets as user.yaml. An init container of the chart merges
it into milvus.yaml, as is done here. Says "ready" and the health port when the server is up. It keeps ports, a lock and scratch files that are
one a machine: run it in namespaces of its own.
"""

import json
import os
import sys
from pathlib import Path

from milvus import default_server


def flat(values: dict, above: str = ""):
    """Each value with its place, such as common.security.tlsMode."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    base = folder / "milvus"
    default_server.set_base_dir(str(base))
    for key, value in flat(json.loads((folder / "user.json").read_text())):
        default_server.config.set(key, value)
    default_server.start()
    print(f"ready {default_server.webservice_port}", flush=True)
    sys.stdin.read()
    # The package's own stop leaves the server running when it is slow.
    os.killpg(os.getpgrp(), 9)


if __name__ == "__main__":
    main()
