"""Runs a command on a terminal of its own and answers its questions: ask.py ANSWER... -- COMMAND...

An answer is typed once a question stands there and what is typed is no longer shown; ^C and ^D are
the keys, TERM is a signal instead. Prints all that the terminal showed, then whether what is typed
is shown again, and ends as the command does.
"""

import os
import pty
import signal
import sys
import termios

at = sys.argv.index("--")
answers, command = sys.argv[1:at], sys.argv[at + 1 :]
child, terminal = pty.fork()
if child == 0:
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
    if answers and shown.endswith(b": "):
        while termios.tcgetattr(terminal)[3] & termios.ECHO:
            os.sched_yield()
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
