"""Runs a command on a terminal of its own and answers its questions:
ask.py [--columns=NUMBER] ANSWER... -- COMMAND...

An answer is typed once a question stands there and what is typed is no longer shown, or a question of
yes or no stands there; ^C and ^D are the keys, TERM is a signal instead. Prints all that the terminal showed, then whether what is typed
is shown again, and ends as the command does.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

at = sys.argv.index("--")
answers, command = sys.argv[1:at], sys.argv[at + 1 :]
columns = 0
if answers and answers[0].startswith("--columns="):
    columns = int(answers.pop(0).partition("=")[2])
child, terminal = pty.fork()
if child == 0:
    if columns:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    os.execvp(command[0], command)
shown = b""
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # the other end is closed
        break
    if not piece:
        break
    shown += piece
    is_yes_or_no = shown.endswith(b"[y/N] ")
    if answers and (shown.endswith(b": ") or is_yes_or_no):
        is_shown = lambda: termios.tcgetattr(terminal)[3] & termios.ECHO
        while not is_yes_or_no and is_shown() and not select.select([terminal], [], [], 0.01)[0]:
            pass
        # It was no question: more is said behind it.
        if not is_yes_or_no and is_shown():
            continue
        if answers[0] == "TERM":
            os.kill(child, signal.SIGTERM)
            del answers[0]
            continue
        answer = {"^C": b"\x03", "^D": b"\x04"}.get(answers[0], answers[0].encode() + b"\r")
        del answers[0]
        os.write(terminal, answer)
sys.stdout.buffer.write(shown)
print("typing is shown" if termios.tcgetattr(terminal)[3] & termios.ECHO else "typing is hidden")
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
