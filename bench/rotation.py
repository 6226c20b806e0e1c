#!/usr/bin/env python3
"""Side by side: `rotate --all` of P-256 Secrets, with and without backups, and bare PATCH requests.

    cargo build --release && python3 bench/rotation.py [--secrets 1000] [--rounds 5]

Starts the API server of bench/fleet.py, makes the Secrets, and runs in turns, over as many connections each:

  bare     one merge patch a Secret with a certificate and key of the same size, by Python's http.client;
  rotate   certwright rotate --all --no-backup, a whole process: list, keys, certificates, one write a Secret;
  first    certwright rotate --all where no backup is there yet: one read and two writes a Secret;
  again    the same where there is one: three reads and two writes, and a create that is refused.

Prints the medians and the rates relative to the bare one. Nothing is left running.
"""

import argparse
import base64
import datetime
import http.client
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import fleet
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

NAMESPACE = "rotation"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--secrets", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--connections", type=int, default=8)
    options.add_argument("--binary", default="target/release/certwright")
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, fleet.Server(Path(folder)) as server:
        names = fill(server, options.secrets)
        times = {name: [] for name in ("bare", "rotate", "first", "again")}
        for _ in range(options.rounds):
            times["bare"].append(bare(server, names, options.connections))
            times["rotate"].append(rotate(options, server, ["--no-backup"]))
            times["first"].append(rotate(options, server, []))
            times["again"].append(rotate(options, server, []))
            in_turns(names, options.connections, lambda ask, name: ask("DELETE", path(f"{name}-previous")), server)
        base = statistics.median(times["bare"])
        for name, all_of in times.items():
            median = statistics.median(all_of)
            print(f"{name:8} {median:6.2f} s  {options.secrets / median:6.0f}/s  {base / median:5.2f} of bare")


def path(name=""):
    return f"/api/v1/namespaces/{NAMESPACE}/secrets" + (f"/{name}" if name else "")


def self_signed(host):
    key = fleet.new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(fleet.NOW - fleet.DAY)
    made = made.not_valid_after(fleet.NOW + datetime.timedelta(days=300))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    pem = made.sign(key, hashes.SHA256()).public_bytes(fleet.serialization.Encoding.PEM).decode()
    return {"tls.crt": base64.b64encode(pem.encode()).decode(),
            "tls.key": base64.b64encode(fleet.pem_of(key)).decode()}


def fill(server, count):
    ask = fleet.connection(server.port)
    ask("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    names = [f"tls-{number}" for number in range(count)]
    for name in names:
        body = {"metadata": {"name": name}, "type": "kubernetes.io/tls", "data": self_signed(f"{name}.example")}
        ask("POST", path(), body)
    return names


def connection(port):
    """As fleet's, with merge patches."""
    context = fleet.ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, fleet.ssl.CERT_NONE
    server = http.client.HTTPSConnection("127.0.0.1", port, context=context)

    def ask(method, where, body=None):
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {fleet.TOKEN}", "Content-Type": kind}
        server.request(method, where, body, headers)
        answer = server.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {where}: {answer.status} {text[:300]}")

    return ask


def in_turns(names, connections, work, server):
    shared, lock = iter(names), threading.Lock()

    def run():
        ask = connection(server.port)
        while True:
            with lock:
                name = next(shared, None)
            if name is None:
                return
            work(ask, name)

    threads = [threading.Thread(target=run) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def bare(server, names, connections):
    """A pair for each is made before the clock starts: two by turns are enough."""
    bodies = [json.dumps({"data": self_signed("bare.example")}) for _ in range(2)]
    begun = time.monotonic()
    in_turns(names, connections, lambda ask, name: ask("PATCH", path(name), bodies[len(name) % 2]), server)
    return time.monotonic() - begun


def rotate(options, server, more):
    command = [options.binary, "rotate", "--all", "--yes", "--max=1000000", "-n", NAMESPACE, "-o", "json", *more]
    begun = time.monotonic()
    ran = subprocess.run(command, env={**os.environ, "KUBECONFIG": str(server.kubeconfig)}, capture_output=True)
    took = time.monotonic() - begun
    if ran.returncode != 0:
        raise SystemExit(f"rotate ended with {ran.returncode}: {ran.stderr.decode()[:500]}")
    return took


if __name__ == "__main__":
    main()
