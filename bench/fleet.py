#!/usr/bin/env python3
"""Side by side: `check -A -o json` over a fleet, and the download of its TLS Secrets as JSON.

    cargo build --release && python3 bench/fleet.py [--secrets 10000] [--rounds 7]

Starts a real etcd and kube-apiserver (KUBEBUILDER_ASSETS, else the cached build of the tests), fills
them with `--secrets` TLS Secrets, half as many Ingresses, and 300 foreign Secrets of 0.9 MB, and runs
in turns, whole processes all of them:

  download  the TLS Secrets page by page as JSON, 500 a page, by Python's http.client, nothing parsed
            but the token of the next page;
  check     certwright check -A -o json;
  stream    certwright check -f FILE -o json of the same Secrets and Ingresses as one YAML stream.

Wall time by a monotonic clock, CPU and peak memory by wait4(2). Prints the medians and their ratios,
and compares what `check` says with what the fleet was made with (the truth): expired, near their end,
without a key that fits, unreadable, missing, hosts that are not covered. `--grow N` measures again with
N Secrets, and prints the memory of each further one. Ends with 1 when an answer is wrong or design.md
section 5 is not met. Needs Python's cryptography; nothing is left running.
"""

import argparse
import base64
import datetime
import http.client
import itertools
import json
import os
import re
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PAGE = 500
TOKEN = "admintoken"
NAMESPACES = 50
CA = "Fleet CA"
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
FOREIGN, FOREIGN_BYTES = 300, 900_000
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "certwright/control-plane"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--secrets", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--grow", type=int, default=0, help="measure again with so many Secrets")
    options.add_argument("--keys", choices=["p256", "rsa"], default="p256", help="of whom Secrets are made")
    options.add_argument("--binary", default="target/release/certwright")
    options.add_argument("--keep", help="keep the server's folder here, and use it where it is there")
    options = options.parse_args()
    binary = Path(options.binary).resolve()
    with tempfile.TemporaryDirectory() as folder:
        with Server(Path(options.keep or folder)) as server:
            fleet = Fleet(options.keys)
            fleet.grow(options.secrets)
            fleet.load(server)
            good, memory = measure(binary, server, fleet, options.rounds)
            if options.grow > options.secrets:
                fleet.grow(options.grow)
                fleet.load(server)
                more, larger = measure(binary, server, fleet, options.rounds)
                good &= more
                each = (larger - memory) * 1024 / (options.grow - options.secrets)
                good &= verdict("memory of each further certificate, bytes", each, 1024)
    sys.exit(0 if good else 1)


# ---- what is measured --------------------------------------------------------------------------


def measure(binary, server, fleet, rounds):
    """Prints medians and ratios; whether all is well, and check's peak memory in KiB."""
    stream = server.folder / "stream.yaml"
    fleet.write(stream)
    commands = {
        "download": [sys.executable, "-I", __file__, "--download", str(server.port)],
        "check": [str(binary), "check", "-A", "-o", "json", "--kubeconfig", str(server.kubeconfig)],
        "stream": [str(binary), "check", "-f", str(stream), "-o", "json"],
    }
    runs = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            figures = run(command, server.folder / f"{name}.out")
            if number:  # The first of each warms what is cached.
                runs[name].append(figures)
    median = {
        name: [statistics.median(figures) for figures in zip(*all_of)] for name, all_of in runs.items()
    }
    size = stream.stat().st_size / 1e6
    print(f"\n{len(fleet.names)} TLS Secrets, {len(fleet.hosts)} Ingresses, {rounds} rounds, medians:")
    print(f"  {'':10} {'wall s':>8} {'CPU s':>8} {'peak MiB':>9}")
    for name, (wall, cpu, peak) in median.items():
        print(f"  {name:10} {wall:8.3f} {cpu:8.3f} {peak / 1024:9.1f}")
    print(f"  (the stream has {size:.0f} MB)")
    down, check, offline = median["download"], median["check"], median["stream"]
    good = verdict("check: wall time, of the download's", check[0] / down[0], 0.8)
    good &= verdict("check: CPU, of the download's", check[1] / down[1], 2.0)
    good &= verdict("check: peak MiB", check[2] / 1024, 48 if len(fleet.names) <= 10_000 else 1e9)
    good &= verdict("stream: wall time, of the download's", offline[0] / down[0], 1.25)
    good &= verdict("stream: peak MiB", offline[2] / 1024, 96 if len(fleet.names) <= 10_000 else 1e9)
    for name in ["check", "stream"]:
        good &= fleet.told(json.loads((server.folder / f"{name}.out").read_text()), name)
    return good, check[2]


def verdict(what, figure, limit):
    print(f"  {figure:9.2f}  {what}; at most {limit:g} is the aim" + ("" if figure <= limit else "  <--"))
    return figure <= limit


# In a small process of its own: what is started counts the memory of who started it.
LAUNCHER = """
import os, sys, time
since = time.monotonic()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
wall = time.monotonic() - since
cpu = used.ru_utime + used.ru_stime
print(os.waitstatus_to_exitcode(status), wall, cpu, used.ru_maxrss, file=sys.stderr)
"""


def run(command, output):
    """Wall seconds, CPU seconds, peak KiB."""
    with output.open("wb") as out:
        launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, *command]
        ran = subprocess.run(launcher, stdout=out, stderr=subprocess.PIPE, text=True, check=True)
    code, *figures = map(float, ran.stderr.splitlines()[-1].split())
    if code not in (0, 1):
        raise SystemExit(f"{command} ended with {code}: {ran.stderr}")
    return figures


def download(port):
    """The TLS Secrets page by page; nothing is parsed but the token of the next page."""
    ask, total, token = connection(port), 0, ""
    path = f"/api/v1/secrets?limit={PAGE}&fieldSelector=type%3Dkubernetes.io%2Ftls"
    while True:
        body = ask("GET", path + (f"&continue={quote(token)}" if token else ""))
        total += len(body)
        found = re.search(rb'"continue":"([^"]*)"', body[:2000])
        token = found.group(1).decode() if found else ""
        if not token:
            print(total)
            return


# ---- the fleet ---------------------------------------------------------------------------------


class Fleet:
    """Secrets and Ingresses, what was wrong with them on purpose, and none else."""

    def __init__(self, kind):
        # To make an RSA key takes a tenth of a second: a few are used in turns.
        pool = itertools.cycle([new_rsa_key() for _ in range(25)]) if kind == "rsa" else None
        self.new_key = pool.__next__ if pool else new_key
        self.ca_key = new_rsa_key() if kind == "rsa" else new_key()
        self.ca_pem = certificate(CA, new_key(), self.ca_key.public_key(), NOW + 2000 * DAY, None)
        self.names, self.hosts, self.objects, self.fresh = [], [], [], []
        self.truth = {rule: set() for rule in RULES}
        self.has_foreign = False

    def grow(self, count):
        for number in range(len(self.names), count):
            namespace, name = f"team-{number % NAMESPACES}", f"tls-{number}"
            host = f"host-{number}.{namespace}.example"
            wrong = KINDS[number % 200] if number % 200 < len(KINDS) else None
            days = -3 if wrong == "expired" else 10 if wrong == "expires-soon" else 300
            key = self.new_key()
            pem = certificate(host, self.ca_key, key.public_key(), NOW + days * DAY, [host, f"www.{host}"])
            if wrong == "cert-unreadable":
                pem = pem[: len(pem) // 2] + pem[len(pem) // 2 + 9 :]
            key = pem_of(self.new_key() if wrong == "key-mismatch" else key)
            pem += self.ca_pem
            used = number % 2 == 0
            self.names.append(name)
            if wrong != "secret-missing":
                self.fresh.append(("secrets", namespace, secret(namespace, name, pem, key)))
            if used:
                asked = f"other-{number}.example" if wrong == "host-not-covered" else host
                self.hosts.append(asked)
                self.fresh.append(("ingresses", namespace, ingress(namespace, name, asked)))
            if wrong:
                self.truth[wrong].add((namespace, name))

    def load(self, server):
        """Creates what is new, over eight connections."""
        namespaces = [{"metadata": {"name": f"team-{n}"}} for n in range(NAMESPACES)]
        waiting = []
        if not self.has_foreign:
            self.has_foreign = True
            ask = connection(server.port)
            for namespace in namespaces:
                ask("POST", "/api/v1/namespaces", namespace)
            blob = base64.b64encode(os.urandom(FOREIGN_BYTES)).decode()
            for number in range(FOREIGN):
                body = {"metadata": {"name": f"release-{number}"}, "type": "helm.sh/release.v1"}
                waiting.append(("secrets", f"team-{number % NAMESPACES}", {**body, "data": {"release": blob}}))
        waiting += self.fresh
        self.objects += self.fresh
        self.fresh = []
        shared, lock = iter(waiting), threading.Lock()

        def work():
            ask = connection(server.port)
            while True:
                with lock:
                    one = next(shared, None)
                if one is None:
                    return
                kind, namespace, body = one
                group = "/api/v1" if kind == "secrets" else "/apis/networking.k8s.io/v1"
                ask("POST", f"{group}/namespaces/{namespace}/{kind}", body)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def write(self, path):
        """All of it as one stream of YAML, each document as a compact JSON flow (which is YAML)."""
        with path.open("w") as out:
            for kind, _, body in self.objects:
                head = "v1" if kind == "secrets" else "networking.k8s.io/v1"
                name = "Secret" if kind == "secrets" else "Ingress"
                out.write("---\n")
                write_yaml({"apiVersion": head, "kind": name, **body}, out)

    def told(self, report, source):
        """Whether the report finds exactly what was wrong."""
        good = True
        for rule, expected in self.truth.items():
            found = set()
            for finding in report["findings"]:
                if finding["rule"] == rule:
                    found.add((finding["ref"]["namespace"], finding["ref"]["name"]))
            if source == "stream" and rule == "secret-missing":
                found &= expected  # Among files it is a note.
            if found != expected:
                good = False
                print(f"  wrong: {source} {rule}: {len(found)} of {len(expected)}: {sorted(found ^ expected)[:3]}")
        if good:
            print(f"  {source}: each of {sum(map(len, self.truth.values()))} faults found, and no other of their rules")
        return good


# What is wrong with every two hundredth, by its number: those of Ingresses at even ones.
KINDS = ["host-not-covered", "expired", "secret-missing", "key-mismatch", "expired", "cert-unreadable", "expires-soon"]
RULES = sorted(set(KINDS))


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def new_rsa_key():
    return rsa.generate_private_key(65537, 2048)


def certificate(name, signer, public, until, hosts):
    """One in PEM; without hosts that of the CA."""
    named = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    made = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(CA if hosts else "Fleet Root"))
    made = made.public_key(public).serial_number(x509.random_serial_number())
    made = made.not_valid_before(NOW - 60 * DAY).not_valid_after(until)
    if hosts:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), False)
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
    else:
        made = made.add_extension(x509.BasicConstraints(True, None), True)
    return made.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def pem_of(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def secret(namespace, name, pem, key):
    data = {"tls.crt": base64.b64encode(pem).decode(), "tls.key": base64.b64encode(key).decode()}
    metadata = {"namespace": namespace, "name": name, "labels": {"team": namespace}}
    return {"metadata": metadata, "type": "kubernetes.io/tls", "data": data}


def ingress(namespace, name, host):
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    rules = [{"host": host, "http": {"paths": [path]}}]
    spec = {"ingressClassName": "nginx", "tls": [{"hosts": [host], "secretName": name}], "rules": rules}
    return {"metadata": {"namespace": namespace, "name": name}, "spec": spec}


def write_yaml(value, out, indent=0):
    """As kubectl writes it: block style, a value a line."""
    pad = "  " * indent
    for key, inner in value.items():
        if isinstance(inner, dict):
            out.write(f"{pad}{key}:\n")
            write_yaml(inner, out, indent + 1)
        elif isinstance(inner, list):
            out.write(f"{pad}{key}: {json.dumps(inner)}\n")
        else:
            out.write(f"{pad}{key}: {inner}\n")


# ---- the server --------------------------------------------------------------------------------


def connection(port):
    """What asks over one connection; a create of what is there is well."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    server = http.client.HTTPSConnection("127.0.0.1", port, context=context)

    def ask(method, path, body=None):
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        server.request(method, path, json.dumps(body) if body else None, headers)
        answer = server.getresponse()
        text = answer.read()
        if answer.status >= 400 and answer.status != 409:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:300]}")
        return text

    return ask


def free_ports(count):
    """Ports that nobody listens on; all are held until all are found."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Server:
    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.port, self.etcd, self.peer = free_ports(3)
        self.kubeconfig = folder / "kubeconfig"
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self):
        assets = os.environ.get("KUBEBUILDER_ASSETS") or next(iter(CACHE.glob("*")), None)
        if not assets:
            raise SystemExit("no kube-apiserver: set KUBEBUILDER_ASSETS, or run the tests once")
        assets, folder = Path(assets), self.folder
        url = f"http://127.0.0.1:{self.etcd}"
        peer = f"http://127.0.0.1:{self.peer}"
        self.start(assets / "etcd", f"--data-dir={folder}/etcd", f"--listen-client-urls={url}",
                   f"--advertise-client-urls={url}", f"--listen-peer-urls={peer}", "--unsafe-no-fsync",
                   f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}",
                   "--quota-backend-bytes=8589934592", "--log-level=error")
        subprocess.run(["openssl", "genrsa", "-out", folder / "sa.key", "2048"], check=True, capture_output=True)
        (folder / "tokens.csv").write_text(f"{TOKEN},admin,admin,system:masters\n")
        self.start(assets / "kube-apiserver", f"--etcd-servers={url}", f"--secure-port={self.port}",
                   "--bind-address=127.0.0.1", f"--cert-dir={folder}/certs",
                   "--service-account-issuer=https://kubernetes.default.svc",
                   f"--service-account-key-file={folder}/sa.key",
                   f"--service-account-signing-key-file={folder}/sa.key", "--authorization-mode=RBAC",
                   f"--token-auth-file={folder}/tokens.csv", "--service-cluster-ip-range=10.0.0.0/24",
                   "--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none")
        cluster = {"server": f"https://127.0.0.1:{self.port}", "certificate-authority": f"{folder}/certs/apiserver.crt"}
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "fleet",
            "clusters": [{"name": "fleet", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": TOKEN}}],
            "contexts": [{"name": "fleet", "context": {"cluster": "fleet", "user": "admin"}}],
        }))
        for _ in range(240):
            if any(process.poll() is not None for process in self.processes):
                self.__exit__()
                raise SystemExit(f"etcd or the kube-apiserver has ended: see the logs in {folder}")
            try:
                connection(self.port)("GET", "/readyz")
                return self
            except (OSError, SystemExit):
                time.sleep(0.25)
        raise SystemExit("the kube-apiserver does not become ready")

    def start(self, *command):
        with (self.folder / f"{Path(command[0]).name}.log").open("wb") as log:
            self.processes.append(subprocess.Popen(list(map(str, command)), stdout=log, stderr=log))

    def __exit__(self, *_):
        # The API server first: without etcd it does not come to its end.
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--download"]:
        download(int(sys.argv[2]))
    else:
        main()
