"""Fifty handshakes a second by each of some clients, each trusting by its own file, until standard input ends.

Prints a line for each that failed, and at the end how many there were and which certificates were served.
Usage: handshakes.py ADDRESS HOST FILE…
"""

import hashlib
import socket
import ssl
import sys
import threading
import time

address, host, *files = sys.argv[1:]
over = threading.Event()
lock = threading.Lock()
made, served = 0, set()


def shake(file):
    context = ssl.create_default_context(cafile=file)
    with socket.create_connection((address, 443), timeout=5) as plain:
        with context.wrap_socket(plain, server_hostname=host) as tls:
            return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()


def client(file):
    global made
    due = time.monotonic()
    while not over.is_set():
        try:
            seen = shake(file)
            with lock:
                made += 1
                served.add(seen)
        except OSError as error:
            print(f"failed: {file}: {error}", flush=True)
        due = max(due + 1 / 50, time.monotonic())
        over.wait(max(0, due - time.monotonic()))


threads = [threading.Thread(target=client, args=(file,)) for file in files]
for thread in threads:
    thread.start()
sys.stdin.read()
over.set()
for thread in threads:
    thread.join()
print(f"made: {made}")
for one in sorted(served):
    print(f"served: {one}")
