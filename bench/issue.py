#!/usr/bin/env python3
"""Side by side: a key and a certificate on disk, by certwright and by what people use instead.

    cargo build --release && python3 bench/issue.py [--rounds 60] [--binary target/release/certwright]

Whole processes, one after the other in every round, each in an empty folder in memory (/dev/shm):
so all of them see the same machine at the same time. A round in which somebody else uses more than
a twentieth of the machine is run again. Prints medians and ratios of medians, and ends with 1 when certwright is slower than design.md §5 allows: RSA-2048 at most 0.6 times the fastest of
the others, P-256 at most 0.7 times one `openssl req -x509`.

mkcert and cfssl are taken from PATH or from ~/.cache/certwright/bench, and built there by Go (from
the module proxy) when they are missing; without Go they are left out, and it is said.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOST = "a.example"
MODULES = {
    "mkcert": "filippo.io/mkcert@v1.4.4",
    "cfssl": "github.com/cloudflare/cfssl/cmd/cfssl@v1.6.5",
}
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "certwright/bench"
SUBJECT = f"/CN={HOST}"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=60)
    options.add_argument("--binary", default="target/release/certwright")
    options = options.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        folder = Path(folder)
        tools = {name: found(name) for name in MODULES}
        late = False
        for title, key_type, limit, measure in [
            ("RSA-2048", "rsa", 0.6, "the fastest of the others"),
            ("P-256", "ec", 0.7, "openssl req -x509"),
        ]:
            commands = contestants(key_type, Path(options.binary).resolve(), tools, folder)
            medians = race(commands, options.rounds, folder)
            others = {name: median for name, median in medians.items() if name != "certwright"}
            against = others.get(measure) or min(others.values())
            ratio = medians["certwright"] / against
            late |= ratio > limit
            print(f"{title}, {options.rounds} rounds, median of each:")
            for name, median in sorted(medians.items(), key=lambda pair: pair[1]):
                print(f"  {median:7.1f} ms  {median / against:5.2f}  {name}")
            print(f"  certwright takes {ratio:.2f} times {measure}; at most {limit} was the aim\n")
    sys.exit(1 if late else 0)


def found(name):
    """The program, built by Go when it is nowhere."""
    known = shutil.which(name) or shutil.which(name, path=CACHE)
    if known is None and shutil.which("go"):
        print(f"building {name} (once) in {CACHE}", file=sys.stderr)
        environment = {**os.environ, "GOBIN": str(CACHE), "GOWORK": "off"}
        subprocess.run(["go", "install", MODULES[name]], env=environment, check=True)
        known = shutil.which(name, path=CACHE)
    if known is None:
        print(f"{name} is left out: it is not in PATH, and there is no Go", file=sys.stderr)
    return known


def contestants(key_type, binary, tools, folder):
    """Each a list of commands that are run one after the other, standard output to a file."""
    rsa = key_type == "rsa"
    openssl_key = ["-newkey", "rsa:2048"] if rsa else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    generate = ["genrsa", "-out", "k", "2048"] if rsa else ["ecparam", "-genkey", "-name", "prime256v1", "-out", "k"]
    commands = {
        "certwright": [[binary, "issue", HOST, "--key-type", "rsa-2048" if rsa else "p256"]],
        "the guide's three openssl commands": [
            ["openssl", *generate],
            ["openssl", "req", "-new", "-key", "k", "-out", "r", "-subj", SUBJECT],
            ["openssl", "x509", "-req", "-days", "99999", "-in", "r", "-signkey", "k", "-out", "c"],
        ],
        "openssl req -x509": [
            ["openssl", "req", "-x509", *openssl_key, "-nodes", "-days", "365", "-subj", SUBJECT]
            + ["-addext", f"subjectAltName=DNS:{HOST}", "-keyout", "k", "-out", "c"]
        ],
    }
    if tools["mkcert"]:
        kind = [] if rsa else ["-ecdsa"]
        commands["mkcert"] = [[tools["mkcert"], *kind, "-cert-file", "c", "-key-file", "k", HOST]]
    if tools["cfssl"]:
        wish = folder / f"{key_type}.json"
        key = {"algo": "rsa", "size": 2048} if rsa else {"algo": "ecdsa", "size": 256}
        wish.write_text(json.dumps({"CN": HOST, "hosts": [HOST], "key": key}))
        commands["cfssl"] = [[tools["cfssl"], "selfsign", "-loglevel=5", HOST, str(wish)]]
    return commands


def race(commands, rounds, folder):
    times = {name: [] for name in commands}
    for _ in range(2):  # to warm up, and for mkcert to make its CA
        one_round(commands, folder)
    disturbed, enough = 0, 20 * rounds
    while len(times["certwright"]) < rounds:
        taken, others = one_round(commands, folder)
        if others > 0.05 and disturbed < enough:
            disturbed += 1
            time.sleep(0.5)
            continue
        for name, milliseconds in taken.items():
            times[name].append(milliseconds)
    if disturbed == enough:
        print("somebody else is busy on this machine all the time: do not trust these figures")
    elif disturbed:
        print(f"{disturbed} rounds were run again, for somebody else was busy", file=sys.stderr)
    return {name: statistics.median(taken) for name, taken in times.items()}


def one_round(commands, folder):
    """Milliseconds by name, and which part of the machine somebody else used meanwhile."""
    environment = {**os.environ, "HOME": str(folder), "CAROOT": str(folder / "mkcert-ca")}
    environment.pop("KUBECONFIG", None)
    times = {}
    start, machine, own = time.perf_counter(), machine_seconds(), own_seconds()
    for name, steps in commands.items():
        place = folder / "round"
        place.mkdir()
        begun = time.perf_counter()
        for step in steps:
            with open(place / "stdout", "w") as stdout:
                subprocess.run(
                    step, cwd=place, env=environment, stdin=subprocess.DEVNULL,
                    stdout=stdout, stderr=subprocess.DEVNULL, check=True,
                )  # fmt: skip
        times[name] = 1000 * (time.perf_counter() - begun)
        shutil.rmtree(place)
    capacity = (time.perf_counter() - start) * os.cpu_count()
    return times, (machine_seconds() - machine - (own_seconds() - own)) / capacity


def machine_seconds():
    """Processor time used by everybody since the machine started (proc(5): all but idle, iowait)."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


if __name__ == "__main__":
    main()
