"""Types unfinished lines into a shell on a terminal of its own, and tells what came of them:
tab.py COMMAND... -- LINE...

The shell is interactive and its settings are the caller's: it says READY once it is, and answers ^X^P
with `LINE<`, what stands on its line and `>END`. In a LINE, \\t is Tab. A JSON object a line is printed:
"line", what stood on it at the end, and "shown", all that the terminal showed meanwhile. Each line is
wiped again, so that nothing is ever run.
"""

import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios

at = len(sys.argv) - 1 - sys.argv[::-1].index("--")
command, lines = sys.argv[1:at], sys.argv[at + 1 :]
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    os.execvp(command[0], command)


def until(pattern):
    """What the terminal shows up to the pattern, which it may have shown a part of already."""
    global shown
    while not (found := re.search(pattern, shown, re.DOTALL)):
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the shell has ended
            piece = b""
        if not piece:
            sys.exit("the shell ended: " + shown.decode(errors="replace"))
        shown += piece
    before, shown = shown[: found.start()], shown[found.end() :]
    return before.decode(errors="replace"), found


shown = b""
until(b"READY")
for line in lines:
    os.write(terminal, line.replace("\\t", "\t").encode() + b"\x18\x10")
    before, found = until(b"LINE<(.*?)>END")
    print(json.dumps({"line": found[1].decode(errors="replace"), "shown": before}))
    os.write(terminal, b"\x05\x15")  # to the end of the line, and all of it away
os.write(terminal, b"exit\r")
os.waitpid(child, 0)
