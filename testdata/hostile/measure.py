"""How long, and how much memory, certwright needs for each hostile file: `measure.py BINARY`.

Ends with 1 when a file takes more than 200 ms of processor time or 64 MiB in any format. Processor
time and not the clock's, so that a busy machine changes little; who shares the core and its caches
can still double it (157 and 241 ms of the same file in one run of CI), so what is over the limit is
run twice more, and the least counts: that is what the program needs. Made for the release build; the
least that it can say of memory is what Python itself uses (about 10 MiB).
"""

import os
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is to lie beside the files of the repository
import make  # noqa: E402

MILLISECONDS, MEBIBYTES = 200, 64


def main(binary):
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        make.main(["--big", folder])
        for path in sorted([*make.FILES.iterdir(), *Path(folder).iterdir()]):
            for form in ["table", "wide", "json"]:
                runs.append((*needed([binary, "inspect", str(path), "-o", form]), path.name, form))
    for title, unit, column, limit in [
        ("processor time", "ms", 0, MILLISECONDS),
        ("memory", "MiB", 1, MEBIBYTES),
    ]:
        runs.sort(key=lambda run: -run[column])
        print(f"{title}, the most of {len(runs)} runs (at most {limit} {unit} each):")
        for run in runs[:5]:
            print(f"  {run[column]:6.1f} {unit}  {run[2]} as {run[3]}")
    over = [run for run in runs if run[0] > MILLISECONDS or run[1] > MEBIBYTES]
    sys.exit(1 if over else 0)


def needed(command):
    time, memory = measured(command)
    for _ in range(2):
        if time > MILLISECONDS:
            time = min(time, measured(command)[0])
    return time, memory


def measured(command):
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        os.execv(command[0], command)
    _, status, used = os.wait4(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 3, 4), (command, status)
    return 1000 * (used.ru_utime + used.ru_stime), used.ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1])
