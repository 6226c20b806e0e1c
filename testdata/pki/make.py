"""Makes the inputs of the scenario tests: ../scenarios/<name>/in/*.

    python3 testdata/pki/make.py            all scenarios
    python3 testdata/pki/make.py guide      only those named

Every scenario is judged at NOW. A run rewrites in/ (and the marker offline-only) of each scenario
and nothing else there: README.md and the expected outputs beside it are other people's.

A second run gives the same bytes. Keys are the files next to this one, made once if missing and
never again; serials come from a hash of the scenario and a counter, dates from NOW; RSA PKCS#1 v1.5
and Ed25519 signatures are deterministic, and ECDSA is asked to be (RFC 6979). What cannot be made
twice alike (the guide's certificate, encrypted keys, a PKCS#12) is kept as a file here too.

Needs Python 3.11, `cryptography` 45 or newer; `openssl` and `faketime` only to make missing files.
These keys are public: TEST ONLY.
"""

import base64
import hashlib
import ipaddress
import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 11, 21)  # UTC; the instant at which every scenario is judged
SECOND = timedelta(seconds=1)
YEAR = 365  # days
PKI = Path(__file__).resolve().parent
SCENARIOS = PKI.parent / "scenarios"

# Nine, so that no two Secrets of one scenario share a key unless they mean to.
RSA_POOL = [f"rsa-2048-{n:02}" for n in range(1, 10)]
CURVES = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}


# ---- keys and other files that are made once -------------------------------------------------


def kept(name, make):
    """The bytes of the file `name` in this folder; made, and kept for good, if it is missing."""
    path = PKI / name
    if not path.exists():
        path.write_bytes(make())
    return path.read_bytes()


def key(name):
    """The private key of that name: rsa-<bits>[-n], ec-<curve>[-n], ed25519."""
    return serialization.load_pem_private_key(kept(f"{name}.pem", lambda: pkcs8(new_key(name))), None)


def new_key(name):
    """A fresh key of the kind its name tells."""
    kind, *rest = name.split("-")
    if kind == "rsa":
        return rsa.generate_private_key(65537, int(rest[0]))
    if kind == "ec":
        return ec.generate_private_key(CURVES[rest[0]]())
    return ed25519.Ed25519PrivateKey.generate()


def key_pem(private, form, encryption=serialization.NoEncryption()):
    return private.private_bytes(serialization.Encoding.PEM, form, encryption)


def pkcs8(private):
    """BEGIN PRIVATE KEY: what OpenSSL 3 writes."""
    return key_pem(private, serialization.PrivateFormat.PKCS8)


def traditional(private):
    """BEGIN RSA PRIVATE KEY (PKCS#1) or BEGIN EC PRIVATE KEY (SEC1)."""
    return key_pem(private, serialization.PrivateFormat.TraditionalOpenSSL)


def sec1_with_parameters():
    """What `openssl ecparam -name prime256v1 -genkey` writes: the curve's OID in a block of its own first."""
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    return parameters + traditional(key("ec-p256-01"))


def encrypted_pkcs8():
    """BEGIN ENCRYPTED PRIVATE KEY around rsa-2048-03; the passphrase is `test`. Salted, so kept."""
    cipher = serialization.BestAvailableEncryption(b"test")
    return kept("encrypted-pkcs8.pem", lambda: key_pem(key(RSA_POOL[2]), serialization.PrivateFormat.PKCS8, cipher))


def encrypted_rsa():
    """BEGIN RSA PRIVATE KEY with Proc-Type: 4,ENCRYPTED around rsa-2048-04; passphrase `test`. Salted, so kept."""
    cipher = serialization.BestAvailableEncryption(b"test")
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return kept("encrypted-rsa.pem", lambda: key_pem(key(RSA_POOL[3]), form, cipher))


def keystore(pair):
    """A PKCS#12 of the pair, password `changeit`. Salted, so kept under the certificate's fingerprint."""
    name = f"keystore-{pair.chain[0].fingerprint(hashes.SHA256()).hex()[:8]}.p12"
    cipher = serialization.BestAvailableEncryption(b"changeit")
    return kept(name, lambda: pkcs12.serialize_key_and_certificates(b"tls", pair.key, pair.chain[0], None, cipher))


def odd_pair(name, *genpkey):
    """A self-signed certificate for NAME.odd.example whose key is made so by openssl, and that key.

    Most of these signatures are drawn anew each time, so both are kept, in one file."""

    def make():
        with tempfile.TemporaryDirectory() as folder:
            files = {"key": Path(folder) / "key", "crt": Path(folder) / "crt"}
            if isinstance(genpkey[0], int):
                files["key"].write_bytes(rsa_with_exponent(*genpkey))
            elif genpkey[0] == "DSA":
                subprocess.run(["openssl", "dsaparam", "-genkey", "-out", files["key"], "2048"], check=True)
            else:
                subprocess.run(["openssl", "genpkey", "-out", files["key"], "-algorithm", *genpkey], check=True)
            host = f"{name}.odd.example"
            subprocess.run(
                ["faketime", "2026-11-01 00:00:00 UTC", "openssl", "req", "-x509", "-new", "-days", "300"]
                + ["-key", files["key"], "-out", files["crt"], "-subj", f"/CN={host}"]
                + ["-addext", f"subjectAltName=DNS:{host}", "-addext", "basicConstraints=critical,CA:FALSE"]
                + ["-addext", "extendedKeyUsage=serverAuth"],
                check=True,
            )
            return files["key"].read_bytes() + files["crt"].read_bytes()

    key, mark, crt = kept(f"odd-{name}.pem", make).partition(b"-----BEGIN CERTIFICATE-----")
    return {"tls.crt": mark + crt, "tls.key": key}


def rsa_with_exponent(bits, exponent):
    """An RSA key with this public exponent, as PKCS#1; openssl makes few of them."""
    while True:
        made = rsa.generate_private_key(65537, bits).private_numbers()
        p, q = made.p, made.q
        if math.gcd(exponent, (p - 1) * (q - 1)) == 1:
            break
    d = pow(exponent, -1, (p - 1) * (q - 1))

    def value(tag, content):
        length = len(content).to_bytes((len(content).bit_length() + 7) // 8 or 1, "big")
        return bytes([tag]) + (length if len(content) < 128 else bytes([0x80 | len(length)]) + length) + content

    numbers = [0, p * q, exponent, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]
    body = value(0x30, b"".join(value(2, n.to_bytes(n.bit_length() // 8 + 1, "big")) for n in numbers))
    return b"-----BEGIN RSA PRIVATE KEY-----\n" + base64.encodebytes(body) + b"-----END RSA PRIVATE KEY-----\n"


def guide_pair():
    """Key and certificate of the guide, by its three openssl commands, as of 2026-03-02 09:30:00 UTC."""
    files = {"tls.crt": PKI / "guide.crt.pem", "tls.key": PKI / "guide.key.pem"}
    if not all(path.exists() for path in files.values()):
        run_guide(files)
    return {entry: path.read_bytes() for entry, path in files.items()}


def run_guide(files):
    """Runs the commands under a clock set back, so that the certificate is already valid at NOW."""
    commands = [
        ["openssl", "genrsa", "-out", "tls.key", "2048"],
        ["openssl", "req", "-new", "-key", "tls.key", "-out", "tls.csr", "-subj", "/CN=my-release.milvus.io"],
        ["openssl", "x509", "-req", "-days", "99999", "-in", "tls.csr", "-signkey", "tls.key", "-out", "tls.crt"],
    ]
    with tempfile.TemporaryDirectory() as folder:
        for command in commands:
            clock = ["faketime", "2026-03-02 09:30:00 UTC"]
            subprocess.run(clock + command, cwd=folder, check=True, capture_output=True)
        for entry, path in files.items():
            path.write_bytes(Path(folder, entry).read_bytes())


# ---- certificates ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """A private key and its certificate, with what follows the certificate in tls.crt."""

    key: object
    chain: tuple

    @property
    def data(self):
        return {"tls.crt": pem(*self.chain), "tls.key": pkcs8(self.key)}

    def with_chain(self, *others):
        return replace(self, chain=self.chain + others)


def pem(*certificates):
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def name_of(*attributes):
    """A subject from (OID, text) or (OID, text, ASN.1 string type) tuples."""
    return x509.Name([x509.NameAttribute(*attribute) for attribute in attributes])


def cn(text):
    return name_of((NameOID.COMMON_NAME, text))


def serial(label):
    """Sixteen bytes, positive, the same for the same label."""
    return int.from_bytes(hashlib.sha256(label.encode()).digest()[:16]) >> 1 | 1 << 126


def certificate(label, private, subject, begin, end, *, issuer=None, san=(), ca=False, usage=None, extra=(), number=None, states=True, ids=True):
    """One certificate; self-signed unless `issuer` (a Pair) is given. `usage` replaces serverAuth, `number` the serial; `extra` are extensions.
    Without `states` it has no key usages, as of `openssl req -x509`, else those of a CA or of the kind in `states`; without `ids` no key identifiers."""
    public = private.public_key()
    issuer_name, signer = (issuer.chain[0].subject, issuer.key) if issuer else (subject, private)
    builder = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer_name, public_key=public)
        .serial_number(number or serial(label))
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
    )
    if states:
        signs = ca and states != "leaf"
        builder = builder.add_extension(key_usage(signs, isinstance(private, rsa.RSAPrivateKey)), critical=True)
    if ids:
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        builder = builder.add_extension(authority, critical=False)
    usage = ([] if ca or not states else [ExtendedKeyUsageOID.SERVER_AUTH]) if usage is None else usage
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    if san:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(san)), critical=False)
    for extension in extra:
        builder = builder.add_extension(extension, critical=False)
    return sign(builder, signer)


def key_usage(ca, with_rsa):
    return x509.KeyUsage(not ca, False, with_rsa and not ca, False, False, ca, ca, False, False)


def sign(builder, signer):
    """Signs in the one way that gives the same bytes every time."""
    digest = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    steady = True if isinstance(signer, ec.EllipticCurvePrivateKey) else None
    return builder.sign(signer, digest, ecdsa_deterministic=steady)


def bent(made, signer, *changes):
    """What no library will sign: `made` with bytes exchanged for as many others, signed again by an RSA key."""
    der = made.public_bytes(serialization.Encoding.DER)
    for old, new in changes:
        assert old in der and len(old) == len(new), (old, new)
        der = der.replace(old, new)
    size = signer.key_size // 8
    start, length = 4, int.from_bytes(der[6:8]) + 4
    digest = hashes.SHA1() if SHA1_WITH_RSA in der else hashes.SHA256()
    signature = signer.sign(der[start : start + length], padding.PKCS1v15(), digest)
    return x509.load_der_x509_certificate(der[:-size] + signature)


SHA256_WITH_RSA = bytes.fromhex("2a864886f70d01010b")
SHA1_WITH_RSA = bytes.fromhex("2a864886f70d010105")


def general_names(names):
    """SAN entries: an IP address where the text is one, else a DNS name."""
    for name in names:
        try:
            yield x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            yield x509.DNSName(name)


def test_ca(label, private, common_name, years, issuer=None, end=None):
    """A CA certificate whose life ends at `end`, or in a bit less than `years`."""
    end = end or datetime(2026 + years, 1, 1)
    begin = end - timedelta(days=years * YEAR)
    subject = name_of((NameOID.ORGANIZATION_NAME, "Example Org"), (NameOID.COMMON_NAME, common_name))
    made = certificate(label, key(private), subject, begin, end, issuer=issuer, ca=True)
    return Pair(key(private), (made,))


def root_ca():
    return test_ca("root", "rsa-2048-root", "Example Test Root", 20)


def intermediate_ca():
    return test_ca("intermediate", "rsa-2048-intermediate", "Example Test Intermediate", 10, root_ca())


# ---- manifests ---------------------------------------------------------------------------------


class Block(str):
    """Text to be written as a literal block scalar (|)."""


def scalar(value):
    """A YAML scalar, plain where no reader can take it for anything but a string."""
    if not isinstance(value, str):
        return json.dumps(value)  # null, true, false, numbers, {} and []
    plain = re.fullmatch(r"[A-Za-z/][A-Za-z0-9._/+=-]*", value)
    if plain and value.lower() not in ("true", "false", "null", "yes", "no", "on", "off", "y", "n"):
        return value
    return json.dumps(value)


def lines(value, pad=""):
    """The lines of a mapping or a list in block style, lists not indented, as kubectl prints them."""
    if isinstance(value, list):
        for item in value:
            if isinstance(item, (dict, list)) and item:
                first, *rest = lines(item, pad + "  ")
                yield f"{pad}- {first.lstrip()}"
                yield from rest
            else:
                yield f"{pad}- {scalar(item)}"
        return
    for name, item in value.items():
        if isinstance(item, Block):
            yield f"{pad}{scalar(name)}: |"
            yield from (f"{pad}  {line}".rstrip("\n") for line in item.splitlines())
        elif isinstance(item, (dict, list)) and item:
            yield f"{pad}{scalar(name)}:"
            yield from lines(item, pad if isinstance(item, list) else pad + "  ")
        else:
            yield f"{pad}{scalar(name)}: {scalar(item)}"


def to_yaml(*objects):
    return "---\n".join("\n".join(lines(o)) + "\n" for o in objects)


def b64(data):
    return base64.b64encode(data).decode()


def secret(name, data, *, kind="kubernetes.io/tls", labels=None, annotations=None, owner=None, immutable=None):
    """A Secret as `kubectl get -o yaml` orders it; `data` is a Pair or a mapping of bytes; kind None leaves type out."""
    data = data.data if isinstance(data, Pair) else data
    metadata = {"annotations": annotations, "labels": labels, "name": name, "ownerReferences": owner and [owner]}
    document = {
        "apiVersion": "v1",
        "data": {entry: b64(value) for entry, value in data.items()},
        "immutable": immutable,
        "kind": "Secret",
        "metadata": {k: v for k, v in metadata.items() if v},
        "type": kind,
    }
    return {k: v for k, v in document.items() if v is not None}


def owner_reference(api_version, kind, name, controller=True):
    uid = hashlib.sha256(f"{kind}/{name}".encode()).hexdigest()
    uid = f"{uid[:8]}-{uid[8:12]}-4{uid[13:16]}-8{uid[17:20]}-{uid[20:32]}"
    return {"apiVersion": api_version, "blockOwnerDeletion": True, "controller": controller, "kind": kind,
            "name": name, "uid": uid}  # fmt: skip


def ingress(name, hosts, *, tls=None, annotations=None, ingress_class="nginx"):
    """An Ingress; `hosts` maps each rule's host to its Secret, or to None for plain HTTP; `tls` overrides spec.tls."""
    if tls is None:
        tls = [{"hosts": [h for h in hosts if hosts[h] == s], "secretName": s} for s in dict.fromkeys(hosts.values()) if s]
    spec = {"ingressClassName": ingress_class, "rules": [rule(host, name) for host in hosts], "tls": tls}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"annotations": annotations, "name": name} if annotations else {"name": name},
        "spec": {k: v for k, v in spec.items() if v},
    }


def rule(host, service, port=80):
    backend = {"service": {"name": service, "port": {"number": port}}}
    http = {"http": {"paths": [{"backend": backend, "path": "/", "pathType": "Prefix"}]}}
    return {"host": host, **http} if host else http


def config_map(name, data):
    return {"apiVersion": "v1", "data": data, "kind": "ConfigMap", "metadata": {"name": name}}


# ---- scenarios ---------------------------------------------------------------------------------

ALL = {}


@dataclass
class Scenario:
    """One scenario while it is being made: its files, Secrets, Ingresses, and how many certificates it has."""

    name: str
    files: dict = field(default_factory=dict)
    secrets: list = field(default_factory=list)
    ingresses: list = field(default_factory=list)
    made: int = 0

    def pair(self, *names, left=200.5, life=YEAR, begin=None, end=None, subject=None, use=None, issuer=None, san=None, **more):
        """A leaf: for these SANs, `life` days long with `left` days to go at NOW, or from `begin` to `end`."""
        private = key(use or RSA_POOL[self.made % len(RSA_POOL)])
        self.made += 1
        end = end or (begin + timedelta(days=life) if begin else NOW + timedelta(days=left))
        begin = begin or end - timedelta(days=life)
        subject = cn(names[0]) if subject is None else subject
        label = f"{self.name}/{self.made}"
        san = tuple(general_names(names)) if san is None else san
        return Pair(private, (certificate(label, private, subject, begin, end, issuer=issuer, san=san, **more),))

    def secret(self, name, data, **more):
        self.secrets.append(secret(name, data, **more))

    def ingress(self, name, hosts, **more):
        self.ingresses.append(ingress(name, hosts, **more))

    def file(self, name, content):
        self.files[name] = content

    def write(self, offline_only):
        folder = SCENARIOS / self.name
        shutil.rmtree(folder / "in", ignore_errors=True)
        (folder / "in").mkdir(parents=True)
        if self.secrets:
            self.file("secrets.yaml" if len(self.secrets) > 1 else "secret.yaml", to_yaml(*self.secrets))
        if self.ingresses:
            self.file("ingresses.yaml" if len(self.ingresses) > 1 else "ingress.yaml", to_yaml(*self.ingresses))
        for name, content in self.files.items():
            (folder / "in" / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        marker = folder / "offline-only"
        marker.touch() if offline_only else marker.unlink(missing_ok=True)


def scenario(make=None, *, offline_only=False):
    """Registers the function as the scenario of its name (with hyphens)."""
    if make is None:
        return lambda function: scenario(function, offline_only=offline_only)
    ALL[make.__name__.replace("_", "-")] = (make, offline_only)
    return make


# -- the guide


@scenario
def guide(s):
    text = to_yaml(secret("my-release-milvus-tls", guide_pair()))
    s.file("secret.yaml", text.replace("metadata:\n", "metadata:\n  creationTimestamp: null\n"))
    s.file("ingress.yaml", guide_ingress())


@scenario
def guide_rotated(s):
    begin = datetime(2026, 11, 20, 23, 45)
    s.secret("my-release-milvus-tls", s.pair("my-release.milvus.io", begin=begin, life=825))
    s.file("ingress.yaml", guide_ingress())


def guide_ingress():
    return textwrap.dedent("""\
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: my-release-milvus
        spec:
          tls:
            - hosts:
                - my-release.milvus.io
              secretName: my-release-milvus-tls
          rules:
            - host: my-release.milvus.io
              http:
                paths:
                  - path: /
                    pathType: Prefix
                    backend:
                      service:
                        name: my-release-milvus
                        port:
                          number: 19530
        """)


# -- dates


@scenario
def expired(s):
    s.secret("shop-tls", s.pair("shop.example", left=-2.5))
    s.secret("shop-2025-tls", s.pair("shop.example", left=-380.5))
    s.secret("blog-tls", s.pair("blog.example"))
    s.ingress("shop", {"shop.example": "shop-tls"})
    s.ingress("blog", {"blog.example": "blog-tls"})


@scenario
def expires_soon(s):
    for name, life, left in [
        ("year-31-days-left", YEAR, 31.5),
        ("year-29-days-left", YEAR, 29.5),
        ("year-6-days-left", YEAR, 6.5),
        ("nine-days-4-left", 9, 4),
        ("nine-days-2-left", 9, 2),
        ("nine-days-12-hours-left", 9, 0.5),
    ]:
        s.secret(name, s.pair(f"{name}.shop.example", life=life, left=left))
    s.ingress("shop", hosts_by_secret(s, "shop.example"))


def hosts_by_secret(s, domain, strip=""):
    """For scenarios in which the Secret `x` (less `strip`) serves the host x.<domain>."""
    return {f"{made['metadata']['name'].removesuffix(strip)}.{domain}": made["metadata"]["name"] for made in s.secrets}


@scenario
def to_the_second(s):
    lead, near = NOW + timedelta(days=30), NOW + timedelta(days=7)
    for name, dates in {
        "ends-now": {"end": NOW},
        "ended-a-second-ago": {"end": NOW - SECOND},
        "ends-at-lead": {"end": lead},
        "ends-just-inside-lead": {"end": lead - SECOND},
        "ends-at-7-days": {"end": near},
        "ends-just-inside-7-days": {"end": near - SECOND},
        "begins-now": {"begin": NOW},
        "begins-in-a-second": {"begin": NOW + SECOND},
    }.items():
        s.secret(name, s.pair(f"{name}.clock.example", **dates))
    s.ingress("clock", hosts_by_secret(s, "clock.example"))


@scenario
def not_yet_valid(s):
    s.secret("next-year-tls", s.pair("next.shop.example", begin=datetime(2027, 1, 1)))
    s.secret("five-minutes-tls", s.pair("shop.example", begin=NOW - timedelta(minutes=5)))
    s.ingress("shop", {"shop.example": "five-minutes-tls", "next.shop.example": "next-year-tls"})


@scenario
def no_expiry_date(s):
    dates = {"begin": datetime(2026, 1, 1), "end": datetime(9999, 12, 31, 23, 59, 59)}
    s.secret("device-tls", s.pair("device.example", **dates))
    s.ingress("device", {"device.example": "device-tls"})


# -- what a Secret holds


@scenario
def cert_missing(s):
    s.secret("pending-tls", {"tls.crt": b"", "tls.key": pkcs8(key(RSA_POOL[0]))})
    s.secret("placeholder-tls", {"tls.crt": b"", "tls.key": b""})
    s.secret("app-config", {"tls.crt": b"", "debug": b"false"}, kind="Opaque")
    s.ingress("shop", {"shop.example": "pending-tls"})
    s.ingress("blog", {"blog.example": "placeholder-tls"})


@scenario
def cert_unreadable(s):
    prose, cut, swapped, der, request, text = (s.pair(f"{n}.shop.example") for n in (
        "prose", "cut", "swapped", "der", "request", "text"))  # fmt: skip
    s.secret("prose-tls", {**prose.data, "tls.crt": b"to be filled in by the platform team\n"})
    s.secret("cut-tls", {**cut.data, "tls.crt": cut.data["tls.crt"][:700]})
    s.secret("swapped-tls", {"tls.crt": swapped.data["tls.key"], "tls.key": swapped.data["tls.crt"]})
    s.secret("der-tls", {**der.data, "tls.crt": der.chain[0].public_bytes(serialization.Encoding.DER)})
    s.secret("request-tls", {**request.data, "tls.crt": signing_request(request)})
    s.secret("text-tls", {**text.data, "tls.crt": printed(text) + text.data["tls.crt"]})
    s.ingress("shop", {f"{n}.shop.example": f"{n}-tls" for n in ("prose", "cut", "swapped", "der", "request", "text")})


def signing_request(pair):
    builder = x509.CertificateSigningRequestBuilder(pair.chain[0].subject)
    return builder.sign(pair.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def printed(pair):
    """The kind of heading that `openssl x509 -text` and `openssl s_client` leave above the block."""
    made = pair.chain[0]
    return textwrap.dedent(f"""\
        Certificate:
            Data:
                Version: 3 (0x2)
                Issuer: {made.issuer.rfc4514_string()}
                Validity
                    Not After : {made.not_valid_after_utc:%b %e %H:%M:%S %Y} GMT
        """).encode()


# -- what else stands in tls.crt, tls.key and ca.crt


DH_PARAMETERS = b"-----BEGIN DH PARAMETERS-----\nMAYCAQsCAQI=\n-----END DH PARAMETERS-----\n"


@scenario
def pem_instead(s):
    names = ("twice", "body", "line", "escaped", "utf16", "quoted", "path", "blank", "fine")
    pairs = {n: s.pair(f"{n}.pem.example") for n in names}
    crt = {n: pair.data["tls.crt"] for n, pair in pairs.items()}
    values = {
        "twice": base64.b64encode(crt["twice"]),
        "body": b"".join(crt["body"].splitlines()[1:-1]),
        "line": crt["line"].replace(b"\n", b" "),
        "escaped": crt["escaped"].replace(b"\n", b"\\n"),
        "utf16": crt["utf16"].decode().encode("utf-16"),
        "quoted": b'"' + crt["quoted"].rstrip() + b'"\n',
        "path": b"/etc/ssl/private/path.pem.example.crt\n",
        "blank": b"REPLACE_ME",
        "fine": b"subject=CN = fine.pem.example\nissuer=CN = fine.pem.example\n" + crt["fine"],
    }
    for name in names:
        s.secret(f"{name}-tls", {**pairs[name].data, "tls.crt": values[name]})
    s.ingress("pem", hosts_by_secret(s, "pem.example", strip="-tls"))


@scenario
def key_instead(s):
    twice, der, wrong = (s.pair(f"{n}.key.example") for n in ("twice", "der", "certificate"))
    der_key = der.key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    s.secret("twice-tls", {**twice.data, "tls.key": base64.b64encode(twice.data["tls.key"])})
    s.secret("der-tls", {**der.data, "tls.key": der_key})
    s.secret("certificate-tls", {**wrong.data, "tls.key": wrong.data["tls.crt"]})
    s.secret("ecparam-tls", {**s.pair("ecparam.key.example", use="ec-p256-01").data, "tls.key": sec1_with_parameters()})
    s.ingress("key", hosts_by_secret(s, "key.example", strip="-tls"))


@scenario
def pem_joined(s):
    middle = intermediate_ca()
    joined, alone, spaced = (s.pair(f"{n}.joined.example", issuer=middle) for n in ("joined", "alone", "spaced"))
    s.secret("joined-tls", {**joined.data, "tls.crt": joined.data["tls.crt"].rstrip() + pem(*middle.chain)})
    s.secret("alone-tls", {**alone.data, "tls.crt": alone.data["tls.crt"].rstrip()})
    s.secret("spaced-tls", {**spaced.data, "tls.crt": spaced.data["tls.crt"] + b"\n\n" + pem(*middle.chain)})
    s.ingress("joined", hosts_by_secret(s, "joined.example", strip="-tls"))


@scenario
def pem_beside(s):
    nginx, contour, unused, behind, both, two, dh, plain = (s.pair(f"{n}.beside.example", left=20.5) for n in (
        "nginx", "contour", "unused", "behind", "both", "two", "dh", "plain"))  # fmt: skip
    s.secret("nginx-tls", {**nginx.data, "tls.crt": nginx.data["tls.key"] + nginx.data["tls.crt"]})
    s.secret("contour-tls", {**contour.data, "tls.crt": contour.data["tls.crt"] + contour.data["tls.key"]})
    s.secret("unused-tls", {**unused.data, "tls.crt": unused.data["tls.key"] + unused.data["tls.crt"]})
    s.secret("behind-tls", {**behind.data, "tls.crt": behind.data["tls.crt"] + behind.data["tls.key"]})
    s.secret("both-tls", {**both.data, "tls.key": both.data["tls.key"] + both.data["tls.crt"]})
    s.secret("two-tls", {**two.data, "tls.crt": two.data["tls.crt"] + pem(root_ca().chain[0])})
    s.secret("dh-tls", {**dh.data, "tls.crt": dh.data["tls.crt"] + DH_PARAMETERS})
    s.secret("plain-tls", {**plain.data, "tls.crt": b"Bag Attributes\n    friendlyName: plain\n" + plain.data["tls.crt"]})
    s.ingress("nginx", {f"{n}.beside.example": f"{n}-tls" for n in ("nginx", "behind", "plain")})
    s.ingress("contour", {"contour.beside.example": "contour-tls"}, ingress_class="contour")


@scenario
def ca_crt_unusable(s):
    root, middle = root_ca(), intermediate_ca()
    other = test_ca("another root", "ec-p256-01", "Example Other Root", 20)
    ended = test_ca("ended root", "ec-p256-02", "Example Ended Root", 10, end=NOW - timedelta(days=30))
    own = lambda name, by=root, **more: s.pair(f"{name}.ca.example", issuer=by, **more)
    blank, key_in_it, far, late, late_haproxy, clients, whole, empty = (own("blank"), own("key"), own("far"), own("late", ended),
        own("proxy", other), own("clients"), own("whole", middle).with_chain(*middle.chain), own("empty"))  # fmt: skip
    ending = test_ca("ending root", "ec-p256-03", "Example Ending Root", 10, end=NOW + timedelta(days=9))
    soon = own("soon", ending)
    s.secret("soon-tls", {"ca.crt": pem(*ending.chain), **soon.data})
    s.secret("blank-tls", {"ca.crt": b"\n", **blank.data})
    s.secret("key-tls", {"ca.crt": pem(*root.chain) + key_in_it.data["tls.key"], **key_in_it.data})
    s.secret("far-tls", {"ca.crt": pem(*other.chain), **far.data})
    s.secret("late-tls", {"ca.crt": pem(*ended.chain), **late.data})
    s.secret("proxy-tls", {"ca.crt": pem(*root.chain), **late_haproxy.data})
    s.secret("clients-tls", {"ca.crt": pem(*other.chain), **clients.data})
    s.secret("whole-tls", {"ca.crt": pem(*root.chain), **whole.data})
    s.secret("empty-tls", {"ca.crt": b"", **empty.data})
    s.secret("bundle", {"ca.crt": pem(*root.chain, *ended.chain), "tls.crt": b"", "tls.key": b""})
    s.secret("spoilt-bundle", {"ca.crt": base64.b64encode(pem(*root.chain)), "tls.crt": b"", "tls.key": b""})
    s.ingress("front", {f"{n}.ca.example": f"{n}-tls" for n in ("blank", "key", "far", "late", "whole", "empty", "soon")})
    s.ingress("proxy", {"proxy.ca.example": "proxy-tls"}, ingress_class="haproxy")
    s.ingress("mutual", {"clients.ca.example": "clients-tls"}, annotations={"nginx.ingress.kubernetes.io/auth-tls-secret": "default/clients-tls"})
    previous = s.pair("again.ca.example", use="ec-p521", begin=NOW - timedelta(days=300))
    again = s.pair("again.ca.example", use="ec-p384")
    s.secret("again-tls", {"ca.crt": previous.data["tls.crt"], **again.data})
    s.ingress("again", {"again.ca.example": "again-tls"})
    verifies = lambda secret: {"nginx.ingress.kubernetes.io/auth-tls-secret": secret}
    s.secret("past-clients", {"ca.crt": pem(*ended.chain)}, kind="Opaque")
    s.secret("line-clients", {"ca.crt": b"\n"}, kind="Opaque")
    s.secret("good-clients", {"ca.crt": pem(*other.chain)}, kind="Opaque")
    for name, reference in [("past", "default/past-clients"), ("line", "default/line-clients"), ("good", "default/good-clients"), ("bare", "good-clients")]:
        s.ingress(f"mutual-{name}", {"clients.ca.example": "clients-tls"}, annotations=verifies(reference))


@scenario
def verified_by(s):
    other = test_ca("another root", "ec-p256-01", "Example Other Root", 20)
    pair = s.pair("front.verify.example")
    s.secret("front-tls", pair)
    s.secret("pair-alone", s.pair("pair.verify.example"))
    s.secret("nothing", {"note": b"the CA will be put here\n"}, kind="Opaque")
    s.secret("good", {"ca.crt": pem(*other.chain)}, kind="Opaque")
    s.secret("good-pair", {"ca.crt": pem(*other.chain), **s.pair("good.verify.example").data})
    prefix = "nginx.ingress.kubernetes.io/"
    for name, annotation, secret in [
        ("absent", "auth-tls-secret", "default/absent"), ("far", "auth-tls-secret", "certs/absent"),
        ("open", "auth-tls-secret", "default/pair-alone"), ("closed", "auth-tls-secret", "default/nothing"),
        ("good", "auth-tls-secret", "default/good"), ("good-pair", "auth-tls-secret", "default/good-pair"),
        ("own", "auth-tls-secret", "/good"),
        ("backend-absent", "proxy-ssl-secret", "default/absent"), ("backend-open", "proxy-ssl-secret", "default/pair-alone"),
        ("backend-good", "proxy-ssl-secret", "default/good-pair"),
    ]:  # fmt: skip
        s.ingress(name, {"front.verify.example": "front-tls"}, annotations={prefix + annotation: secret})
    s.ingress("haproxy", {"front.verify.example": "front-tls"}, annotations={"haproxy-ingress.github.io/auth-tls-secret": "default/absent"}, ingress_class="haproxy")


@scenario(offline_only=True)
def contour_delegation(s):
    delegation = lambda namespace, secret_name, *targets: {
        "apiVersion": "projectcontour.io/v1", "kind": "TLSCertificateDelegation",
        "metadata": {"name": secret_name.replace("*", "any"), "namespace": namespace},
        "spec": {"delegations": [{"secretName": secret_name, "targetNamespaces": list(targets)}]},
    }  # fmt: skip
    names = ("named", "anywhere", "refused", "listed")
    for name in names:
        s.secrets.append(namespaced("certs", secret(f"{name}-tls", s.pair(f"{name}.example"))))
    s.secrets.append(namespaced("all", secret("any-tls", s.pair("any.example"))))
    s.secrets.append(namespaced("untold", secret("untold-tls", s.pair("untold.example"))))
    s.file("delegations.yaml", to_yaml(
        delegation("certs", "named-tls", "blog", "shop"), delegation("certs", "anywhere-tls", "*"),
        delegation("certs", "refused-tls", "blog"), delegation("certs", "listed-tls", "blog", "*"),
        delegation("all", "*", "shop"),
    ))  # fmt: skip
    for name, namespace in [*((name, "certs") for name in names), ("any", "all"), ("untold", "untold")]:
        annotations = {"projectcontour.io/tls-cert-namespace": namespace}
        s.ingresses.append(namespaced("shop", ingress(name, {f"{name}.example": f"{name}-tls"}, annotations=annotations, ingress_class="contour")))


@scenario
def expired_root(s):
    root = test_ca("expired root", "ec-p256-01", "Example Past Root", 10, end=NOW - timedelta(days=200))
    middle = test_ca("younger intermediate", "rsa-2048-intermediate", "Example Young Intermediate", 10, root)
    sent, vault, left_out = (s.pair(f"{n}.root.example", issuer=middle) for n in ("sent", "vault", "without"))
    s.secret("sent-tls", sent.with_chain(*middle.chain, *root.chain))
    s.secret("vault-tls", {**vault.data, "tls.crt": pem(*root.chain, *middle.chain, *vault.chain)})
    s.secret("without-tls", left_out.with_chain(*middle.chain))
    s.ingress("root", {f"{n}.root.example": f"{n}-tls" for n in ("sent", "vault", "without")})


@scenario
def own_key_names(s):
    pay, named, mixed = (s.pair(f"{n}.own.example") for n in ("pay", "named", "mixed"))
    s.secret("pay-tls", {"pay.crt": pay.data["tls.crt"], "pay.key": pay.data["tls.key"]}, kind="Opaque")
    s.secret("named-tls", {"cert.pem": named.data["tls.crt"], "note.txt": b"by hand", "privkey.pem": named.data["tls.key"],
        "tls.crt": b"", "tls.key": b""})  # fmt: skip
    s.secret("mixed-tls", {"other.crt": mixed.data["tls.crt"], **mixed.data})
    s.ingress("own", {f"{n}.own.example": f"{n}-tls" for n in ("pay", "named", "mixed")})
    authority = test_ca("own-key-names/ca", "ec-p256-01", "Example Own CA", 10)
    server = s.pair("ca.own.example", issuer=authority)
    s.secret("ca-tls", {"ca.crt": pem(*authority.chain), "ca.key": authority.data["tls.key"],
        "server.crt": server.data["tls.crt"], "server.key": server.data["tls.key"]}, kind="Opaque")  # fmt: skip
    certbot = s.pair("certbot.own.example", issuer=intermediate_ca())
    s.secret("certbot-tls", {"cert.pem": certbot.data["tls.crt"], "chain.pem": pem(*intermediate_ca().chain),
        "fullchain.pem": certbot.with_chain(*intermediate_ca().chain).data["tls.crt"], "privkey.pem": certbot.data["tls.key"]}, kind="Opaque")  # fmt: skip
    one, two = s.pair("one.own.example"), s.pair("two.own.example", use="ec-p256-02")
    both = {"one.crt": one.data["tls.crt"], "one.key": one.data["tls.key"], "two.crt": two.data["tls.crt"], "two.key": two.data["tls.key"]}
    s.secret("two-tls", both, kind="Opaque")
    s.secret("any-tls", both, kind="Opaque")
    apart = s.pair("apart.own.example", use="ec-p256-03")
    s.secret("apart-tls", {"apart.crt": apart.data["tls.crt"], "apart.key": pkcs8(key("ec-p384"))}, kind="Opaque")
    s.ingress("more", {f"{n}.own.example": f"{n}-tls" for n in ("ca", "certbot", "two", "apart")})
    s.ingress("any", {"one.own.example": "any-tls", "two.own.example": "any-tls"})


@scenario
def key_missing(s):
    s.secret("shop-tls", {**s.pair("shop.example").data, "tls.key": b""})
    s.secret("blog-tls", s.pair("blog.example"))
    s.secret("trusted", {"tls.crt": pem(root_ca().chain[0])}, kind="Opaque")
    s.ingress("shop", {"shop.example": "shop-tls"})
    s.ingress("blog", {"blog.example": "blog-tls"})


@scenario
def key_unreadable(s):
    public = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    keys = {
        "garbage": (RSA_POOL[0], b"-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n"),
        "public": (RSA_POOL[1], key(RSA_POOL[1]).public_key().public_bytes(*public)),
        "encrypted-pkcs8": (RSA_POOL[2], encrypted_pkcs8()),
        "encrypted-rsa": (RSA_POOL[3], encrypted_rsa()),
        "parameters-first": ("ec-p256-01", sec1_with_parameters()),
    }
    for name, (use, text) in keys.items():
        pair = s.pair(f"{name}-tls.shop.example", use=use)
        s.secret(f"{name}-tls", {**pair.data, "tls.key": text})
    s.ingress("shop", hosts_by_secret(s, "shop.example"))


@scenario
def key_mismatch(s):
    for name, of_certificate, of_secret in [
        ("other-rsa-tls", RSA_POOL[0], pkcs8(key(RSA_POOL[1]))),
        ("other-kind-tls", "ec-p256-01", pkcs8(key(RSA_POOL[2]))),
        ("other-form-tls", RSA_POOL[3], traditional(key(RSA_POOL[3]))),
    ]:
        pair = s.pair(f"{name}.shop.example", use=of_certificate)
        s.secret(name, {**pair.data, "tls.key": of_secret})
    s.ingress("shop", hosts_by_secret(s, "shop.example"))


@scenario
def key_types(s):
    for name, use, form in [
        ("rsa-1024-pkcs1", "rsa-1024", traditional),
        ("rsa-2048-pkcs1", RSA_POOL[0], traditional),
        ("rsa-2048-pkcs8", RSA_POOL[1], pkcs8),
        ("rsa-3072-pkcs8", "rsa-3072", pkcs8),
        ("rsa-4096-pkcs1", "rsa-4096", traditional),
        ("rsa-4096-pkcs8", "rsa-4096", pkcs8),
        ("p256-parameters-first", "ec-p256-01", lambda _: sec1_with_parameters()),
        ("p256-sec1", "ec-p256-02", traditional),
        ("p256-pkcs8", "ec-p256-03", pkcs8),
        ("p384-sec1", "ec-p384", traditional),
        ("p384-pkcs8", "ec-p384", pkcs8),
        ("p521-sec1", "ec-p521", traditional),
        ("p521-pkcs8", "ec-p521", pkcs8),
        ("ed25519-pkcs8", "ed25519", pkcs8),
    ]:
        pair = s.pair(f"{name}.keys.example", use=use)
        s.secret(name, {**pair.data, "tls.key": form(pair.key)})
    s.ingress("keys", hosts_by_secret(s, "keys.example"))


@scenario
def odd_keys(s):
    curve = lambda name, *more: ("EC", "-pkeyopt", f"ec_paramgen_curve:{name}", *more)
    odd = {
        "secp256k1": curve("secp256k1"),
        "explicit": curve("P-256", "-pkeyopt", "ec_param_enc:explicit"),
        "brainpool": curve("brainpoolP256r1"),
        "p224": curve("secp224r1"),
        "dsa": ("DSA",),
        "pss": ("RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"),
        "ed448": ("ED448",),
        "ed25519": ("ED25519",),
        "exponent-1": (2048, 1),
        "exponent-3": (2048, 3),
        "exponent-of-32-bits": (2048, 2**31 + 11),
        "exponent-of-33-bits": (2048, 2**32 + 15),
        "exponent-of-34-bits": (2048, 2**33 + 17),
        "exponent-of-65-bits": (2048, 2**64 + 13),
        "exponent-of-65-bits-long": (4096, 2**64 + 13),
        "rsa-9216": (9216, 65537),
    }
    for name, how in odd.items():
        s.secret(f"{name}-tls", odd_pair(name, *how))
    hosts = {f"{name}.odd.example": f"{name}-tls" for name in odd}
    by_go = ["explicit", "pss", "ed448", "exponent-1", "exponent-of-33-bits"]
    elsewhere = [f"{name}.odd.example" for name in ["secp256k1", "ed25519", *by_go]]
    s.ingress("nginx", {host: secret for host, secret in hosts.items() if not host.startswith("secp")})
    s.ingress("contour", {host: hosts[host] for host in elsewhere}, ingress_class="contour")
    s.secret("unserved-p224-tls", odd_pair("p224"))
    s.secret("unserved-ed448-tls", odd_pair("ed448"))


@scenario
def pem_oddities(s):
    oddities = {
        "crlf": lambda crt: crt.replace(b"\n", b"\r\n"),
        "bom": lambda crt: b"\xef\xbb\xbf" + crt,
        "leading-text": lambda crt: b"subject=CN = leading-text.pem.example\n\n" + crt,
        "trailing-spaces": lambda crt: crt.replace(b"\n", b"  \n"),
        "no-last-newline": lambda crt: crt.rstrip(b"\n"),
        "indented": lambda crt: b"".join(b"  " + line for line in crt.splitlines(True)),
    }
    for name, bend in oddities.items():
        data = s.pair(f"{name}.pem.example").data
        s.secret(name, {**data, "tls.crt": bend(data["tls.crt"])})
    leaf = s.pair("bad-block.pem.example", issuer=intermediate_ca())
    bad = b"-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"
    chain = leaf.data["tls.crt"] + bad + pem(intermediate_ca().chain[0])
    s.secret("bad-block", {**leaf.data, "tls.crt": chain})
    s.ingress("pem", hosts_by_secret(s, "pem.example"))


# -- what certificates should not be


@scenario
def san_malformed(s):
    dns = {
        "address": ("10.0.0.1", "fine.san.example"), "url": ("https://url.san.example",), "dot": ("dot.san.example.",),
        "port": ("port.san.example:443",), "fine": ("fine.san.example", "x_y.san.example", "localhost", "*.san.example", "xn--mnchen-3ya.example"),
    }  # fmt: skip
    for name, names in dns.items():
        s.secret(f"{name}-tls", s.pair(subject=cn(f"{name}.san.example"), san=tuple(map(x509.DNSName, names))))
    for name, content in {"short-address": b"\x30\x12\x87\x03\x0a\x00\x00\x82\x0bsan.example", "empty": b"\x30\x00", "null": b"\x05\x00"}.items():
        san = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), content)
        s.secret(f"{name}-tls", s.pair(subject=cn(f"{name}.san.example"), san=(), extra=(san,)))
    s.ingress("fine", {"fine.san.example": "fine-tls"})


@scenario
def weak_crypto(s):
    s.secret("rsa-1024-tls", s.pair("small.example", use="rsa-1024"))
    s.secret("sha1-tls", sha1(s.pair("old.example")))
    s.secret("fine-tls", s.pair("fine.example"))
    middle = intermediate_ca()
    s.secret("sha1-by-ca-tls", sha1(s.pair("by-ca.example", issuer=middle), middle.key).with_chain(*middle.chain))
    root = sha1(root_ca())
    s.secret("sha1-root-tls", s.pair("root.example", issuer=middle).with_chain(*middle.chain, *root.chain))
    s.ingress("shop", {f"{n}.example": f"{t}-tls" for n, t in {
        "small": "rsa-1024", "old": "sha1", "fine": "fine", "by-ca": "sha1-by-ca", "root": "sha1-root"}.items()})  # fmt: skip


def sha1(pair, signer=None):
    """The pair with its certificate signed over SHA-1, by `signer` or by itself."""
    return replace(pair, chain=(bent(pair.chain[0], signer or pair.key, (SHA256_WITH_RSA, SHA1_WITH_RSA)),))


@scenario
def usages(s):
    usage = ExtendedKeyUsageOID
    s.secret("ca-tls", s.pair("ca.use.example", ca=True))
    s.secret("unused-ca-tls", s.pair("unused.use.example", ca=True))
    s.secret("client-tls", s.pair("client.use.example", usage=[usage.CLIENT_AUTH]))
    s.secret("unused-client-tls", s.pair("unused.use.example", usage=[usage.CLIENT_AUTH]))
    s.secret("any-tls", s.pair("any.use.example", usage=[usage.ANY_EXTENDED_KEY_USAGE]))
    s.secret("both-tls", s.pair("both.use.example", usage=[usage.CLIENT_AUTH, usage.SERVER_AUTH]))
    s.secret("none-tls", s.pair("none.use.example", usage=[]))
    s.ingress("use", {f"{n}.use.example": f"{n}-tls" for n in ("ca", "client", "any", "both", "none")})


@scenario
def chains(s):
    root, middle = root_ca().chain[0], intermediate_ca()
    lone = test_ca("lone intermediate", "ec-p256-03", "Example Lone Intermediate", 10, root_ca())
    short = test_ca("short intermediate", "ec-p256-02", "Example Short Intermediate", 10, root_ca(), NOW + timedelta(days=90))
    cross = Pair(middle.key, (certificate("cross", middle.key, middle.chain[0].subject, datetime(2020, 1, 1),
        datetime(2035, 1, 1), issuer=test_ca("old root", "ec-p256-01", "Example Old Root", 20), ca=True),))  # fmt: skip
    logged = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), b"\x04\x02\x00\x00")
    access = x509.AuthorityInformationAccess([x509.AccessDescription(
        x509.AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://ca.example/middle.crt"))])  # fmt: skip
    leaf = lambda name, by=middle, **more: s.pair(f"{name}.chain.example", issuer=by, **more)
    turned = leaf("turned")
    s.secret("turned-tls", {**turned.data, "tls.crt": pem(middle.chain[0], turned.chain[0])})
    s.secret("mixed-tls", leaf("mixed").with_chain(root, *middle.chain))
    s.secret("gap-tls", leaf("gap").with_chain(root))
    s.secret("logged-tls", leaf("logged", extra=(logged, access)))
    s.secret("bare-tls", leaf("bare"))
    s.secret("by-root-tls", leaf("by-root", root_ca()))
    s.secret("by-lone-tls", leaf("by-lone", lone))
    s.secret("short-tls", leaf("short", short).with_chain(*short.chain))
    s.secret("crossed-tls", leaf("crossed").with_chain(*cross.chain, *middle.chain))
    s.secret("whole-tls", leaf("whole").with_chain(*middle.chain))
    s.ingress("chain", hosts_by_secret(s, "chain.example", strip="-tls"))


@scenario
def chain_above(s):
    root, middle = root_ca(), intermediate_ca()
    web = test_ca("chain-above/web", "ec-p256-01", "Example Web CA", 10, root)
    shop = test_ca("chain-above/shop", "ec-p256-02", "Example Shop CA", 10, root)
    first, second = (test_ca(f"chain-above/{n}", use, f"Example CA {n}", 20) for n, use in ((1, "ec-p256-03"), (2, "ec-p384")))
    other = test_ca("chain-above/other", "ec-p521", "Example Other Root", 20)
    past = test_ca("chain-above/past", "ec-p256-01", "Example Past Root", 10, end=NOW - timedelta(days=30))
    below = lambda by, name, *above, ca, **more: s.secret(f"{name}-tls", {
        "ca.crt": pem(*ca), **s.pair(f"{name}.above.example", issuer=by, **more).with_chain(*above).data})  # fmt: skip
    below(middle, "root", ca=root.chain)
    below(middle, "both", ca=(*middle.chain, *root.chain))
    below(middle, "past", ca=past.chain)
    below(middle, "proxy", ca=root.chain)
    below(web, "seen", ca=root.chain)
    below(web, "whole", *web.chain, ca=root.chain)
    below(shop, "named", ca=root.chain)
    below(second, "either", ca=first.chain)
    below(other, "strange", ca=root.chain)
    below(other, "good", ca=other.chain, use="ec-p256-03")
    below(web, "astray", ca=other.chain)
    s.ingress("proxy", {"proxy.above.example": "proxy-tls"}, ingress_class="haproxy")
    s.ingress("above", {f"{n}.above.example": f"{n}-tls" for n in ("root", "both", "past", "seen", "whole", "named", "either", "strange", "good", "astray")})


@scenario
def serials(s):
    def numbered(name, number):
        made = s.pair(f"{name}.serial.example", number=1)
        versioned = bytes.fromhex("a003020102") + b"\x02\x01"
        return replace(made, chain=(bent(made.chain[0], made.key, (versioned + b"\x01", versioned + number)),))

    s.secret("zero-tls", numbered("zero", b"\x00"))
    s.secret("negative-tls", numbered("negative", b"\xff"))
    s.secret("one-tls", numbered("one", b"\x01"))
    for name in ("twin-a", "twin-b"):
        s.secret(f"{name}-tls", s.pair(f"{name}.serial.example", issuer=root_ca(), number=4711))
    s.secret("copy-tls", s.pair("copy.serial.example"))
    s.secret("copy-of-copy-tls", s.secrets[-1]["data"] and {k: base64.b64decode(v) for k, v in s.secrets[-1]["data"].items()})
    s.ingress("serial", {f"{n}.serial.example": f"{n}-tls" for n in ("zero", "negative", "one", "twin-a", "twin-b", "copy")})


@scenario
def lifetimes(s):
    s.secret("limit-tls", s.pair("limit.life.example", life=825, left=700))
    s.secret("over-tls", s.pair("over.life.example", life=826, left=700))
    s.secret("decade-tls", s.pair("decade.life.example", life=3650, left=3000))
    s.secret("decade-ca-tls", s.pair(subject=cn("Example Internal CA"), life=3650, left=3000, ca=True))
    s.ingress("life", {f"{n}.life.example": f"{n}-tls" for n in ("limit", "over", "decade")})


@scenario
def shared_key(s):
    s.secret("blue-tls", s.pair("blue.example", use=RSA_POOL[0]))
    s.secret("green-tls", s.pair("green.example", use=RSA_POOL[0]))
    wild = s.pair("*.wild.example", use=RSA_POOL[1])
    s.secret("wild-tls", wild)
    s.secret("wild-copy-tls", wild)
    s.ingress("front", {"blue.example": "blue-tls", "green.example": "green-tls", "a.wild.example": "wild-tls", "b.wild.example": "wild-copy-tls"})


@scenario
def trailing_data(s):
    def padded(name, extra, label="CERTIFICATE"):
        made = s.pair(f"{name}.tail.example")
        body = base64.encodebytes(made.chain[0].public_bytes(serialization.Encoding.DER) + extra)
        text = f"-----BEGIN {label}-----\n".encode() + body + f"-----END {label}-----\n".encode()
        return {**made.data, "tls.crt": text}

    s.secret("padded-tls", padded("padded", b"\0\0\0"))
    s.secret("plain-tls", padded("plain", b""))
    s.secret("trusted-tls", padded("trusted", bytes.fromhex("300c300a06082b06010505070301"), "TRUSTED CERTIFICATE"))
    s.ingress("tail", hosts_by_secret(s, "tail.example", strip="-tls"))


# -- names


@scenario
def cn_only(s):
    s.secret("cn-host-tls", s.pair(subject=cn("www.shop.example")))
    s.secret("cn-other-host-tls", s.pair(subject=cn("old.shop.example")))
    s.secret("cn-wildcard-tls", s.pair(subject=cn("*.shop.example")))
    s.secret("cn-words-tls", s.pair(subject=cn("Milvus Proxy")))
    s.secret("ip-san-tls", s.pair("10.20.30.40", subject=cn("node7.shop.example")))
    s.ingress("www", {"www.shop.example": "cn-host-tls"})
    s.ingress("new", {"new.shop.example": "cn-other-host-tls"})


@scenario
def wildcard(s):
    s.secret("wildcard-tls", s.pair("*.shop.example"))
    s.secret("one-host-tls", s.pair("a.blog.example"))
    s.secret("partial-tls", s.pair("w*.wiki.example", subject=cn("wiki.example")))
    s.ingress("one-label", {"a.shop.example": "wildcard-tls"})
    s.ingress("same-wildcard", {"*.shop.example": "wildcard-tls"})
    s.ingress("two-labels", {"b.a.shop.example": "wildcard-tls"})
    s.ingress("apex", {"shop.example": "wildcard-tls"})
    s.ingress("wildcard-host", {"*.blog.example": "one-host-tls"})
    s.ingress("partial", {"www.wiki.example": "partial-tls"})


@scenario
def host_not_covered(s):
    s.secret("one-of-two-tls", s.pair("a.shop.example"))
    s.secret("cn-differs-tls", s.pair("other.wiki.example", subject=cn("wiki.example")))
    s.secret("ip-only-tls", s.pair("203.0.113.7", "2001:db8::7", subject=cn("Lab Gateway")))
    s.secret("upper-case-tls", s.pair("WWW.Blog.Example"))
    s.secret("idn-tls", s.pair("xn--bcher-kva.example"))
    s.ingress("one-of-two", {"a.shop.example": "one-of-two-tls", "b.shop.example": "one-of-two-tls"})
    s.ingress("cn-differs", {"wiki.example": "cn-differs-tls"})
    s.ingress("ip-only", {"lab.example": "ip-only-tls"})
    s.ingress("upper-case", {"www.blog.example": "upper-case-tls"})
    s.ingress("idn", {"xn--bcher-kva.example": "idn-tls"})


@scenario
def many_names(s):
    s.secret("many-tls", s.pair(*(f"host-{n:03}.shop.example" for n in range(1, 201))))
    s.ingress("many", {f"host-{n}.shop.example": "many-tls" for n in ("001", "200", "201")})


@scenario
def hostile_names(s):
    organisation = NameOID.ORGANIZATION_NAME
    subjects = {
        "escape": cn("\x1b[2J\x1b[31mpwned\x1b[0m\x9b1m\x07"),
        "newline": cn("shop.example\nSecret/other ok\r\t2099"),
        "bidi": cn("elpmaxe\u202e.pohs\u2066\u200b"),
        "nul": cn("shop.example\x00.evil.example"),
        "html": name_of((organisation, '"><svg onload=alert(1)>'), (NameOID.COMMON_NAME, "<script>alert(1)</script>")),
        "table": name_of((organisation, "=HYPERLINK(\"http://x\")"), (NameOID.COMMON_NAME, "a|b, `c` \"d\"\\ {e=\"f\"}")),
    }
    for name, subject in subjects.items():
        s.secret(name, s.pair(f"{name}.hostile.example", left=29.5, subject=subject))
    names = ("\x1b]0;x\x07.example", "<script>alert(2)</script>.example", "-1+1|cmd", "a\nb.example")
    s.secret("names", s.pair(*names, subject=cn("names.hostile.example")))
    note = {"example.com/note": "\u001b[31m\u202e<script>alert(3)</script>\nforged line"}
    s.ingress("hostile", hosts_by_secret(s, "hostile.example"), annotations=note)


@scenario
def non_ascii(s):
    organisation = NameOID.ORGANIZATION_NAME
    subjects = {
        "utf8": name_of((organisation, "株式会社ミルバス"), (NameOID.COMMON_NAME, "Größe & Bücher ✓ 🔐")),
        "bmp": name_of((organisation, "Żółć Sp. z o.o.", _ASN1Type.BMPString), (NameOID.COMMON_NAME, "Ωmega", _ASN1Type.BMPString)),
        "combining": cn("Cafe\u0301 e\u0301clair"),
    }  # fmt: skip
    for name, subject in subjects.items():
        s.secret(name, s.pair(f"{name}.world.example", left=29.5, subject=subject))
    s.ingress("world", hosts_by_secret(s, "world.example"), annotations={"example.com/team": "Équipe réseau, Zürich"})


# -- Ingresses


@scenario
def host_without_tls(s):
    s.secret("shop-tls", s.pair("shop.example"))
    s.ingress("half", {"shop.example": "shop-tls", "plain.shop.example": None})
    s.ingress("none", {"intranet.example": None})
    s.ingress("full", {"shop.example": "shop-tls"})
    s.ingress("catch-all", {None: None})


@scenario
def secret_missing(s):
    s.secret("blog-tls", s.pair("blog.example"))
    s.ingress("shop", {"shop.example": "shop-tls"})
    s.ingress("blog", {"blog.example": "blog-tls"})


@scenario
def secret_wrong_type(s):
    s.secret("opaque-tls", s.pair("opaque.shop.example", left=6.5), kind="Opaque")
    s.secret("typeless-tls", s.pair("typeless.shop.example"), kind=None)
    s.secret("own-type-tls", s.pair("own-type.shop.example"), kind="example.com/tls-pair")
    s.secret("right-tls", s.pair("right.shop.example"))
    s.ingress("shop", {f"{n}.shop.example": f"{n}-tls" for n in ("opaque", "typeless", "own-type", "right")})


@scenario
def opaque_unused(s):
    s.secret("old-pair", s.pair("shop.example", left=-30.5), kind="Opaque")
    s.secret("notes", {"tls.crt": b"not a certificate\n"}, kind="Opaque")
    s.secret("registry", {".dockerconfigjson": b'{"auths":{}}'}, kind="kubernetes.io/dockerconfigjson")
    trust = config_map("trust", {"ca.crt": Block(pem(root_ca().chain[0]).decode())})
    s.file("configmap.yaml", to_yaml(trust))


@scenario
def shared_secret(s):
    s.secret("shared-tls", s.pair("a.shop.example", "b.shop.example", left=29.5))
    s.ingress("first", {"a.shop.example": "shared-tls"})
    s.ingress("second", {"a.shop.example": "shared-tls", "b.shop.example": "shared-tls"}, tls=[
        {"hosts": ["a.shop.example"], "secretName": "shared-tls"},
        {"hosts": ["b.shop.example"], "secretName": "shared-tls"},
    ])  # fmt: skip
    s.ingress("third", {"c.shop.example": "shared-tls"})


@scenario
def tls_entries(s):
    s.secret("blog-tls", s.pair("blog.example"))
    s.secret("wiki-tls", s.pair("other.example"))
    s.secret("backend-tls", s.pair("backend.example", left=-1.5))
    s.ingress("no-secret-name", {"shop.example": None}, tls=[{"hosts": ["shop.example"]}])
    s.ingress("no-hosts", {"blog.example": None}, tls=[{"secretName": "blog-tls"}])
    s.ingress("empty-hosts", {"wiki.example": None}, tls=[{"hosts": [], "secretName": "wiki-tls"}])
    default = ingress("default-backend", {}, tls=[{"secretName": "backend-tls"}])
    default["spec"] = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}, **default["spec"]}
    s.ingresses.append(default)


@scenario
def gke_managed(s):
    gce = {"kubernetes.io/ingress.class": "gce"}
    managed, shared = "networking.gke.io/managed-certificates", "ingress.gcp.kubernetes.io/pre-shared-cert"
    for name, annotations in {
        "managed": {**gce, managed: "my-release-milvus-tls"},
        "no-class": {managed: "first-cert, second-cert"},
        "pre-shared": {**gce, shared: "mcrt-0a1b2c3d-4e5f-6789-abcd-ef0123456789"},
        "during-an-edit": {**gce, managed: "my-release-milvus-tls", shared: ""},
        "emptied": {**gce, shared: ""},
        "plain": gce,
    }.items():
        s.ingress(name, {f"{name}.milvus.example": None}, annotations=annotations, ingress_class=None)


# -- Ingresses as their controllers read them


def namespaced(namespace, document):
    return {**document, "metadata": {**document["metadata"], "namespace": namespace}}


def ingress_class(name, controller):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name}, "spec": {"controller": controller}}


def split(host, secret):
    """What a dash too many makes of one tls entry."""
    return [{"hosts": [host]}, {"secretName": secret}]


@scenario
def ingress_nginx(s):
    ours = "nginx.ingress.kubernetes.io/"
    s.secret("shop-tls", s.pair("shop.example", "www.shop.example", "alias.shop.example"))
    s.secret("blog-tls", s.pair("blog.example"))
    s.secret("wild-tls", s.pair("*.wild.example"))
    shop = {"shop.example": "shop-tls"}
    s.ingress("shop", shop, annotations={ours + "server-alias": "alias.shop.example, ~^x.*$", ours + "from-to-www-redirect": "true"})
    s.ingress("shop-canary", {"shop.example": None}, annotations={ours + "canary": "true"})
    s.ingress("shop-paths", {"shop.example": None})
    solver = ingress("cm-acme-http-solver-4fjq9", {"shop.example": None})
    solver["metadata"]["labels"] = {"acme.cert-manager.io/http01-solver": "true"}
    s.ingresses.append(solver)
    s.ingress("lone-canary", {"lone.example": None}, annotations={ours + "canary": "true"})
    s.ingress("blog", {"blog.example": "blog-tls"}, annotations={ours + "server-alias": "old.blog.example", ours + "from-to-www-redirect": "true"})
    s.ingress("by-name", {"a.wild.example": None, "b.wild.example": None}, tls=[{"hosts": ["*.wild.example"], "secretName": "wild-tls"}])
    s.ingress("lender", {"*.wild.example": "wild-tls"})
    s.ingress("lent", {"c.wild.example": None})
    s.ingress("passthrough", {"db.example": None}, annotations={ours + "ssl-passthrough": "true"})
    s.ingress("no-passthrough", {"raw.example": None}, annotations={ours + "ssl-passthrough": "false"})


@scenario
def default_certificate(s):
    s.secret("shop-tls", s.pair("shop.example"))
    s.secret("blog-tls", s.pair("blog.example"))
    s.secret("wiki-tls", s.pair("wiki.example"))
    s.ingress("split", {"shop.example": None}, tls=split("shop.example", "shop-tls"))
    s.ingress("twice", {"blog.example": None}, tls=[{"hosts": ["blog.example"]}, {"hosts": ["blog.example"], "secretName": "blog-tls"}])
    s.ingress("of-kong", {"wiki.example": None}, tls=split("wiki.example", "wiki-tls"), ingress_class="kong")
    s.ingress("on-purpose", {"own.example": None}, tls=[{"hosts": ["own.example"]}])
    s.ingress("second-loses", {"blog.example": None}, tls=[{"hosts": ["blog.example"], "secretName": "blog-tls"}, {"hosts": ["blog.example"]}], ingress_class="traefik")
    s.ingress("of-traefik", {"shop.example": None}, tls=split("shop.example", "shop-tls"), ingress_class="traefik")
    s.ingress("both-named", {"wiki.example": None}, tls=[{"hosts": ["wiki.example"], "secretName": "wiki-tls"}, {"secretName": "blog-tls"}])


@scenario
def tls_host_without_rule(s):
    s.secret("shop-tls", s.pair("shop.example", "shopp.example"))
    s.secret("wild-tls", s.pair("*.wild.example"))
    slip = [{"hosts": ["shop.example", "shopp.example"], "secretName": "shop-tls"}]
    s.ingress("slip", {"shop.example": None}, tls=slip)
    s.ingress("of-kong", {"shop.example": None}, tls=slip, ingress_class="kong")
    s.ingress("of-others", {"shop.example": None}, tls=slip, ingress_class="own-class")
    s.ingress("wildcard", {"a.wild.example": None}, tls=[{"hosts": ["*.wild.example"], "secretName": "wild-tls"}])
    takes_all = ingress("takes-all", {None: None}, tls=slip, ingress_class="kong")
    s.ingresses.append(takes_all)


@scenario
def traefik(s):
    ours = "traefik.ingress.kubernetes.io/router."
    s.secret("pool-tls", s.pair("*.pool.example"))
    s.secret("other-tls", s.pair("other.example"))
    s.ingress("pool", {"a.pool.example": "pool-tls"}, ingress_class="traefik")
    s.ingress("from-the-pool", {"b.pool.example": None}, annotations={ours + "tls": "true"}, ingress_class="traefik")
    s.ingress("resolver", {"le.example": None}, annotations={ours + "tls": "true", ours + "tls.certresolver": "le"}, ingress_class="traefik")
    s.ingress("store", {"store.example": None}, annotations={ours + "tls": "true"}, ingress_class="traefik")
    s.ingress("websecure", {"secure.example": None}, annotations={ours + "entrypoints": "websecure"}, ingress_class="traefik")
    s.ingress("wrong", {"wrong.example": "other-tls"}, annotations={ours + "tls": "true"}, ingress_class="traefik")
    s.ingress("plain", {"plain.example": None}, annotations={ours + "tls": "false"}, ingress_class="traefik")


@scenario
def aws(s):
    ours = "alb.ingress.kubernetes.io/"
    arn = "arn:aws:acm:eu-west-1:111122223333:certificate/11112222-3333-4444-5555-666677778888"
    s.secret("unread-tls", s.pair("other.example"))
    s.ingress("by-arn", {"arn.example": None}, annotations={ours + "certificate-arn": arn}, ingress_class="alb")
    s.ingress("found", {"found.example": None}, annotations={ours + "listen-ports": '[{"HTTPS": 443}]'}, ingress_class="alb")
    s.ingress("unread", {"unread.example": "unread-tls"}, ingress_class="alb")
    s.ingress("not-there", {"gone.example": "gone-tls"}, ingress_class="alb")
    s.ingress("plain", {"plain.example": None}, ingress_class="alb")


@scenario
def contour(s):
    s.secret("shop-tls", s.pair("shop.example"))
    s.ingress("wrong", {"wrong.example": "shop-tls"}, ingress_class="contour")
    s.ingress("split", {"shop.example": None}, tls=split("shop.example", "shop-tls"), ingress_class="contour")
    s.ingress("hostless", {"shop.example": None, "bare.example": None}, tls=[{"hosts": ["shop.example"], "secretName": "shop-tls"}, {"secretName": "shop-tls"}], ingress_class="contour")


@scenario(offline_only=True)
def secret_in_other_namespace(s):
    delegated = {"projectcontour.io/tls-cert-namespace": "certs"}
    s.secrets.append(namespaced("certs", secret("shop-tls", s.pair("shop.example", "blog.example"))))
    s.secrets.append(namespaced("certs", secret("common-tls", s.pair("common.example"))))
    for document in (
        ingress("delegated", {"shop.example": "shop-tls"}, annotations=delegated, ingress_class="contour"),
        ingress("slash", {"shop.example": "certs/shop-tls"}),
        ingress("slash-of-contour", {"blog.example": "certs/shop-tls"}, ingress_class="contour"),
        ingress("only-there", {"blog.example": "shop-tls"}, ingress_class="kong"),
        ingress("same-name", {"own.example": "common-tls"}),
        ingress("no-name", {"under.example": "under_score"}),
        ingress("nowhere", {"nowhere.example": "nowhere-tls"}),
    ):
        s.ingresses.append(namespaced("shop", document))
    s.ingresses.append(namespaced("certs", ingress("beside", {"shop.example": "shop-tls"}, ingress_class="own")))


@scenario
def ingress_classes(s):
    s.secret("a-tls", s.pair("a.example"))
    s.secret("wild-tls", s.pair("*.wild.example"))
    s.file("classes.yaml", to_yaml(
        ingress_class("front-f5", "nginx.org/ingress-controller"),
        ingress_class("front-haproxy", "haproxy.org/ingress-controller/front"),
        ingress_class("front-hj", "haproxy-ingress.github.io/controller"),
        ingress_class("front-kong", "ingress-controllers.konghq.com/kong"),
        ingress_class("front-openshift", "openshift.io/ingress-to-route"),
        ingress_class("front-aws", "ingress.k8s.aws/alb"),
        ingress_class("front-own", "example.com/own"),
    ))  # fmt: skip
    for front in ("f5", "haproxy", "hj", "kong", "openshift", "aws", "own"):
        s.ingress(f"good-{front}", {f"a.example": "a-tls"}, ingress_class=f"front-{front}")
        s.ingress(f"wrong-{front}", {f"wrong.example": "a-tls"}, ingress_class=f"front-{front}")
    for front in ("f5", "haproxy", "kong"):
        wild = [{"hosts": ["*.wild.example"], "secretName": "wild-tls"}]
        s.ingress(f"wild-{front}", {"x.wild.example": None}, tls=wild, ingress_class=f"front-{front}")
    s.ingress("master", {"m.example": "a-tls"}, annotations={"nginx.org/mergeable-ingress-type": "master"}, ingress_class="front-f5")
    s.ingress("minion", {"m.example": None}, annotations={"nginx.org/mergeable-ingress-type": "minion"}, ingress_class="front-f5")
    s.secret("acme-tls", s.pair("other.example"))
    s.ingress("hj-acme", {"acme.example": "acme-tls"}, annotations={"haproxy-ingress.github.io/cert-signer": "acme"}, ingress_class="front-hj")
    s.ingress("hj-through", {"through.example": None}, annotations={"haproxy-ingress.github.io/ssl-passthrough": "true"}, ingress_class="front-hj")
    s.ingress("route-through", {"route.example": None}, annotations={"route.openshift.io/termination": "passthrough"}, ingress_class="front-openshift")


# -- policy by annotation


@scenario
def ignore_annotation(s):
    ignore = "certwright.dev/ignore"
    s.secret("waived-tls", s.pair(subject=cn("waived.shop.example")), annotations={ignore: "cn-only"})
    s.secret("in-a-list-tls", s.pair(subject=cn("in-a-list.shop.example"), left=20.5),
             annotations={ignore: "expires-soon, cn-only"})  # fmt: skip
    s.secret("other-rule-tls", s.pair(subject=cn("other-rule.shop.example")), annotations={ignore: "expires-soon"})
    s.ingress("shop", {f"{n}.shop.example": f"{n}-tls" for n in ("waived", "in-a-list", "other-rule")})
    s.ingress("intranet", {"intranet.example": None}, annotations={ignore: "host-without-tls"})


@scenario
def renew_before_annotation(s):
    for name, lead, left in [
        ("lead-60d-45-left", "60d", 45.5),
        ("no-lead-45-left", None, 45.5),
        ("lead-quarter-80-left", "25%", 80.5),
        ("lead-10d-20-left", "10d", 20.5),
    ]:
        annotations = {"certwright.dev/renew-before": lead} if lead else None
        s.secret(name, s.pair(f"{name}.shop.example", left=left), annotations=annotations)
    s.ingress("shop", hosts_by_secret(s, "shop.example"))


@scenario
def rotate_annotation(s):
    for name, rotate, left in [
        ("hands-off-20-left", "false", 20.5),
        ("opted-in-20-left", "true", 20.5),
        ("opted-in-9-left", "true", 9.5),
    ]:
        s.secret(name, s.pair(f"{name}.shop.example", left=left), annotations={"certwright.dev/rotate": rotate})
    s.ingress("shop", hosts_by_secret(s, "shop.example"))


# -- issuers and owners


@scenario
def chain(s):
    middle, root = intermediate_ca().chain[0], root_ca().chain[0]
    issued = {"life": 90, "issuer": intermediate_ca()}
    s.secret("shop-tls", s.pair("shop.example", left=60.5, **issued).with_chain(middle))
    s.secret("pay-tls", s.pair("pay.example", left=12.5, use="ec-p256-01", **issued).with_chain(middle, root))
    s.ingress("shop", {"shop.example": "shop-tls", "pay.example": "pay-tls"})


@scenario
def ca_secret(s):
    s.secret("internal-ca", test_ca("ca-secret/1", RSA_POOL[0], "Example Internal CA", 10))
    ending = NOW + timedelta(days=20.5)
    s.secret("old-ca", test_ca("ca-secret/2", RSA_POOL[1], "Example Old CA", 10, end=ending))


@scenario
def ca_true_leaf(s):
    by_openssl = {"ca": True, "states": False, "left": 9.5}
    s.secret("plain-tls", s.pair("plain.x509.example", **by_openssl))
    s.secret("cn-tls", s.pair(subject=cn("cn.x509.example"), **by_openssl))
    s.secret("usage-tls", s.pair("usage.x509.example", **{**by_openssl, "states": "leaf"}))
    s.secret("misused-tls", s.pair("misused.x509.example", **{**by_openssl, "states": True}))
    s.secret("stored-ca", s.pair("stored.x509.example", **{**by_openssl, "states": True}))
    s.secret("backend-tls", s.pair(subject=name_of((NameOID.COMMON_NAME, "backend"), (NameOID.ORGANIZATION_NAME, "backend")), **by_openssl))
    # Two of one name and without key identifiers: only the signature tells which of them is an issuer.
    nameless = {**by_openssl, "ids": False}
    issuer = s.pair("ca.x509.example", use=RSA_POOL[7], **nameless)
    s.secret("issuer-ca", issuer)
    s.secret("twin-tls", s.pair("ca.x509.example", use=RSA_POOL[8], **nameless))
    child = s.pair("child.x509.example", use="ec-p256-01", issuer=issuer, ids=False)
    s.secret("child-tls", child)
    s.ingress("shop", {"plain.x509.example": "plain-tls", "misused.x509.example": "misused-tls"})


@scenario(offline_only=True)
def trusted_cas(s):
    def by_openssl(name, use, **more):
        made = s.pair(f"{name}.trust.example", use=use, ca=True, states=False, ids=False, left=9.5, **more)
        s.secret(name, made)
        return made.data["tls.crt"].decode()

    by_name = ("by-bundle", "by-policy", "by-option", "by-mount")
    for name, use in zip(by_name, RSA_POOL):
        by_openssl(name, use)
    by_hook, by_config, by_pem, in_route = (by_openssl(n, use) for n, use in zip(("by-hook", "by-config", "by-pem", "in-route"), RSA_POOL[4:]))
    shown = by_openssl("shown", RSA_POOL[8])
    copied = s.pair("copied.trust.example", use="ec-p256-01", ca=True, states=False, ids=False, left=9.5)
    s.secret("copied", copied)
    s.secret("copy", {"server.crt": copied.data["tls.crt"], "server.key": copied.data["tls.key"]}, kind="Opaque")
    s.secret("roots", {"any.name": by_pem.encode()}, kind="Opaque")
    for name, subject, use in (("my-nginx", "my-nginx", "ec-p256-02"), ("grafana", "grafana", "ec-p256-03"), ("address", "192.0.2.10", "ec-p384"), ("my-ca", "my-ca", "ec-p521")):
        s.secret(name, s.pair(subject=cn(subject), use=use, ca=True, states=False, ids=False, left=9.5))
    s.ingress("web", {"grafana.trust.example": "grafana", "shown.trust.example": "shown"})
    once = lambda text: base64.b64encode(text.encode()).decode()
    config = f"clusters:\n- cluster:\n    certificate-authority-data: {once(by_config)}\n    server: https://api.trust.example\n"
    hook = {"conversion": {"strategy": "Webhook", "webhook": {"clientConfig": {"caBundle": once(by_hook)}}}}
    mount = {"name": "tls", "secret": {"secretName": "by-mount", "items": [{"key": "tls.crt", "path": "ca.crt"}]}}
    served = {"name": "tls", "secret": {"secretName": "in-route"}}
    s.file("others.yaml", to_yaml(
        custom("trust.cert-manager.io/v1alpha1", "Bundle", "all", {"sources": [{"secret": {"name": "by-bundle", "key": "tls.crt"}}]}),
        custom("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "web", {"validation": {"caCertificateRefs": [{"group": "", "kind": "Secret", "name": "by-policy"}]}}),
        custom("traefik.io/v1alpha1", "TLSOption", "clients", {"clientAuth": {"secretNames": ["by-option", "shown"]}}),
        custom("apiextensions.k8s.io/v1", "CustomResourceDefinition", "things.trust.example", hook),
        custom("route.openshift.io/v1", "Route", "web", {"tls": {"termination": "edge", "certificate": in_route, "key": pkcs8(key(RSA_POOL[7])).decode()}},
               {"certwright.dev/ignore": "expires-soon"}),
        custom("apps/v1", "Deployment", "web", {"template": {"spec": {"volumes": [mount, served]}}}),
        config_map("config", {"kubeconfig": Block(config)}),
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "my-nginx"}, "spec": {"ports": [{"port": 443}]}},
    ))  # fmt: skip


@scenario
def lost_halves(s):
    by_openssl = {"ca": True, "states": False}
    authority = test_ca("lost-halves/ca", RSA_POOL[0], "Example Lost CA", 10)
    shop = s.pair("shop.lost.example", use=RSA_POOL[1], issuer=authority)
    s.secret("ca-tls", {**authority.data, "tls.key": shop.data["tls.key"]})
    left, right = (s.pair(f"{side}.lost.example", use=use, **by_openssl) for side, use in (("left", RSA_POOL[2]), ("right", RSA_POOL[3])))
    s.secret("left-tls", {**left.data, "tls.key": right.data["tls.key"]})
    s.secret("right-tls", {**right.data, "tls.key": left.data["tls.key"]})
    issued = s.pair("issued.lost.example", use=RSA_POOL[4], issuer=authority)
    s.secret("issued-tls", {**issued.data, "tls.key": pkcs8(key(RSA_POOL[5]))})
    mine = s.pair("mine.lost.example", use=RSA_POOL[6], **by_openssl)
    s.secret("mine-tls", {**mine.data, "tls.key": pkcs8(key(RSA_POOL[7]))})
    s.ingress("lost", {"shop.lost.example": "ca-tls", "mine.lost.example": "mine-tls"})


@scenario
def lead_too_long(s):
    back = timedelta(minutes=5)
    for name, lead, life, left in [
        ("month-tls", "30d", timedelta(days=30) + back, 20),
        ("vault-tls", "30d", timedelta(days=30, seconds=30), 29),
        ("hour-back-tls", "90d", timedelta(days=90, hours=1), 80),
        ("run-tls", "89d", timedelta(days=90), 60),
        ("near-tls", "30d", timedelta(days=30) + back, 2),
        ("share-tls", "75%", timedelta(days=30) + back, 25),
        ("hours-tls", "8h", timedelta(hours=24) + back, 0.5),
    ]:
        end = NOW + timedelta(days=left)
        pair = s.pair(f"{name}.lead.example", begin=end - life, end=end)
        s.secret(name, pair, annotations={"certwright.dev/renew-before": lead})
    s.ingress("lead", hosts_by_secret(s, "lead.example"))


@scenario
def renewed_by_nobody(s):
    marks = {**OWNER_MARKS, "opted-in": {"annotations": {"certwright.dev/rotate": "true"}}}
    for name in ("helm", "argo-cd", "flux", "external-secrets", "service-ca", "opted-in"):
        s.secret(name, s.pair(f"{name}.grace.example", left=20.5), **marks[name])
    s.secret("unused-near", s.pair("near.grace.example", left=4.5))
    s.secret("unused-expired", s.pair("over.grace.example", left=-4.5))
    s.ingress("grace", {h: n for h, n in hosts_by_secret(s, "grace.example").items() if not n.startswith("unused")})


@scenario
def cert_manager(s):
    for n, (name, left) in enumerate({"healthy-tls": 20.5, "late-tls": 9.5, "stuck-tls": 5.5}.items(), 1):
        host = f"{name}.shop.example"
        pair = s.pair(host, life=90, left=left, use=f"ec-p256-{n:02}", issuer=intermediate_ca(), subject=cn(host))
        data = {"ca.crt": pem(root_ca().chain[0]), **pair.with_chain(intermediate_ca().chain[0]).data}
        s.secret(name, data, annotations=cert_manager_marks(name, host), labels={"controller.cert-manager.io/fao": "true"})
    s.secret("stuck-tls-x7k2p", {"tls.key": pkcs8(key(RSA_POOL[5]))}, kind="Opaque", labels={
        "cert-manager.io/next-private-key": "true", "controller.cert-manager.io/fao": "true"})  # fmt: skip
    used = {host: name for host, name in hosts_by_secret(s, "shop.example").items() if name != "stuck-tls-x7k2p"}
    s.ingress("shop", used, annotations={"cert-manager.io/cluster-issuer": "internal"})


def cert_manager_marks(name, host):
    marks = {"alt-names": host, "certificate-name": name, "common-name": host, "ip-sans": "", "issuer-group": "cert-manager.io",
             "issuer-kind": "ClusterIssuer", "issuer-name": "internal", "uri-sans": ""}  # fmt: skip
    return {f"cert-manager.io/{mark}": value for mark, value in marks.items()}


@scenario
def owners(s):
    for name, marks in OWNER_MARKS.items():
        s.secret(name, s.pair(f"{name}.shop.example", left=9.5), **marks)
    s.ingress("front", hosts_by_secret(s, "shop.example"))


REFLECTOR = "reflector.v1.k8s.emberstack.com"
OWNER_MARKS = {
    "hand-made": {},
    "helm": {
        "labels": {"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "shop-1.4.2"},
        "annotations": {"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "default"},
    },
    "argo-cd": {"annotations": {"argocd.argoproj.io/tracking-id": "shop:/Secret:default/argo-cd"}},
    "flux": {
        "labels": {
            "kustomize.toolkit.fluxcd.io/name": "apps",
            "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
        }
    },
    "external-secrets": {
        "annotations": {"reconcile.external-secrets.io/data-hash": "b5e84d691dc28d966906283f6aaf385c5cd406e82ba7ce7326e30299"},
        "labels": {
            "reconcile.external-secrets.io/created-by": "f674ac18cab6d6ee187f41973b27253a186407dda3d4cc7b8a192cfd",
            "reconcile.external-secrets.io/managed": "true",
        },
        "owner": owner_reference("external-secrets.io/v1", "ExternalSecret", "external-secrets"),
    },
    "sealed-secrets": {
        "annotations": {"sealedsecrets.bitnami.com/managed": "true"},
        "owner": owner_reference("bitnami.com/v1alpha1", "SealedSecret", "sealed-secrets"),
    },
    "owner-reference": {"owner": owner_reference("kafka.strimzi.io/v1", "Kafka", "events", controller=False)},
    "reflector": {
        "annotations": {
            f"{REFLECTOR}/auto-reflects": "True",
            f"{REFLECTOR}/reflected-at": '"2026-11-01T04:36:27.4193224+00:00"',
            f"{REFLECTOR}/reflected-version": "785051",
            f"{REFLECTOR}/reflects": "platform/shop-tls",
        }
    },
    "service-ca": {
        "annotations": {
            "service.beta.openshift.io/expiry": "2026-11-30T12:00:00Z",
            "service.beta.openshift.io/originating-service-name": "shop",
            "service.beta.openshift.io/originating-service-uid": "640f0ec3-afc2-4380-bf31-a8c784846a11",
        }
    },
}


# -- Secrets that a rotation has to treat with care


@scenario
def copies(s):
    for n, (name, marks) in enumerate(COPY_MARKS.items(), 1):
        use = {"use": f"ec-p256-{n - 9:02}"} if n > 9 else {}
        s.secret(name, s.pair(f"{name}.shop.example", left=9.5, **use), **marks)
    s.ingress("front", hosts_by_secret(s, "shop.example"))


MITTWALD = "replicator.v1.mittwald.de"
KUBED = "kubed.appscode.com"
KYVERNO = "generate.kyverno.io"
CATTLE = "management.cattle.io"
COPY_MARKS = {
    "pulled": {"annotations": {f"{MITTWALD}/replicate-from": "certs/shop-tls", f"{MITTWALD}/replicated-from-version": "77"}},
    "pushed": {"annotations": {f"{MITTWALD}/replicated-at": "2026-11-01T00:00:00Z", f"{MITTWALD}/replicated-keys": "tls.crt,tls.key"}},
    "reflected": {"annotations": {f"{REFLECTOR}/auto-reflects": "True", f"{REFLECTOR}/reflects": "certs/shop-tls",
                                  "cert-manager.io/certificate-name": "shop"}},
    "synced": {"annotations": {f"{KUBED}/origin": '{"namespace":"certs","name":"shop-tls"}'},
               "labels": {f"{KUBED}/origin.name": "shop-tls", f"{KUBED}/origin.namespace": "certs"}},
    "cloned": {"labels": {"app.kubernetes.io/managed-by": "kyverno", f"{KYVERNO}/policy-name": "sync-tls",
                          f"{KYVERNO}/source-name": "shop-tls", f"{KYVERNO}/source-namespace": "certs"}},
    "generated": {"labels": {"app.kubernetes.io/managed-by": "kyverno", f"{KYVERNO}/policy-name": "make-tls"}},
    "cluster-secret": {"annotations": {"clustersecret.io/created-by": "ClusterSecrets"}, "labels": {"clustersecret.io": "true"}},
    "of-a-project": {"annotations": {f"{CATTLE}/project-scoped-secret-copy": "p-x7k2p"}},
    # Originals, which are nobody's for being copied.
    "pushes": {"annotations": {f"{MITTWALD}/replicate-to": "shop-.*"}},
    "is-reflected": {"annotations": {f"{REFLECTOR}/reflection-allowed": "true", f"{REFLECTOR}/reflects": ""}},
    "is-synced": {"annotations": {f"{KUBED}/sync": "app=shop"}},
    "is-cloned": {"labels": {f"{KYVERNO}/clone-source": ""}},
}


@scenario(offline_only=True)
def placeholders(s):
    s.secret("pulled", {"tls.crt": b"", "tls.key": b""}, annotations={f"{MITTWALD}/replicate-from": "certs/shop-tls"})
    s.secret("reflected", {"tls.crt": b"{}", "tls.key": b"{}"}, annotations={f"{REFLECTOR}/reflects": "certs/shop-tls"})
    s.secret("promised", {"tls.crt": b"replace me\n", "tls.key": b"replace me\n"})
    s.secret("nobodys", {"tls.crt": b"", "tls.key": b""})
    s.secret("half-a-copy", {"tls.crt": b"", "tls.key": s.pair("half.shop.example").data["tls.key"]},
             annotations={f"{MITTWALD}/replicate-from": "certs/shop-tls"})  # fmt: skip
    s.ingress("front", {f"{name}.shop.example": name for name in ("pulled", "reflected", "promised", "nobodys", "half-a-copy")})
    s.file("certificate.yaml", to_yaml(custom("cert-manager.io/v1", "Certificate", "promise", {"secretName": "promised"})))


def custom(api_version, kind, name, spec, annotations=None):
    metadata = {"annotations": annotations, "name": name} if annotations else {"name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


@scenario(offline_only=True)
def makers(s):
    vault, cattle = "secrets.hashicorp.com/v1beta1", [{"name": "by-template"}]
    clone = {"apiVersion": "v1", "clone": {"name": "by-policy", "namespace": "certs"}, "kind": "Secret", "name": "by-policy",
             "namespace": "{{request.object.metadata.name}}"}  # fmt: skip
    s.file("makers.yaml", to_yaml(
        custom("cert-manager.io/v1", "Certificate", "own-name", {"secretName": "by-certificate"}),
        custom("external-secrets.io/v1beta1", "ExternalSecret", "by-its-name", {"target": {"creationPolicy": "Owner"}}),
        custom("external-secrets.io/v1", "ExternalSecret", "targeted", {"target": {"name": "by-target"}}),
        custom("external-secrets.io/v1", "ExternalSecret", "makes-none", {"target": {"creationPolicy": "None"}}),
        custom("external-secrets.io/v1", "ClusterExternalSecret", "wide",
               {"externalSecretSpec": {"target": {"name": "by-cluster-external"}}}),
        custom("bitnami.com/v1alpha1", "SealedSecret", "by-seal", {"encryptedData": {"tls.crt": "AgBy"}}),
        custom("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", "csi", {"secretObjects": [{"secretName": "by-driver"}]}),
        custom("secret-sync.gke.io/v1", "SecretSync", "by-sync", {"secretProviderClassName": "csi"}),
        custom(vault, "VaultPKISecret", "pki", {"destination": {"create": True, "name": "by-vault"}}),
        custom("clustersecret.io/v1", "ClusterSecret", "by-cluster-secret", {"matchNamespace": [".*"]}),
        custom("kyverno.io/v1", "ClusterPolicy", "sync", {"rules": [{"generate": clone, "name": "clone"}]}),
        custom("isindir.github.com/v1alpha3", "SopsSecret", "sops", {"secretTemplates": cattle}),
        custom("v1", "Service", "web", {"ports": [{"port": 80}]},
               {"service.beta.openshift.io/serving-cert-secret-name": "by-service"}),
    ))
    s.file("kustomization.yaml", "namePrefix: shop-\nsecretGenerator:\n- name: by-generator\n  files: [tls.crt, tls.key]\n")
    names = ["by-certificate", "by-its-name", "by-target", "makes-none", "by-cluster-external", "by-seal", "by-driver", "by-sync",
             "by-vault", "by-cluster-secret", "by-policy", "by-template", "by-service", "by-generator",
             "shop-by-generator-5f6h7k8m9t", "shop-by-generator-5f6h7k8m9a"]  # fmt: skip
    s.ingress("front", {f"{name}.shop.example": name for name in names})
    # A Certificate beside a Secret without a mark owns it.
    s.secret("by-hand", s.pair("by-hand.shop.example", left=9.5))
    s.ingress("asks", {"asked.shop.example": "asked", "by-hand.shop.example": "by-hand"},
              annotations={"cert-manager.io/cluster-issuer": "internal"})  # fmt: skip
    s.ingress("asks-not", {"not-asked.shop.example": "not-asked"}, annotations={"kubernetes.io/tls-acme": "no"})
    s.ingress("old-acme", {"acme.shop.example": "acme"}, annotations={"kubernetes.io/tls-acme": "True"})


GATEWAY_API = "gateway.networking.k8s.io"


def listener(name, hostname, *secrets, port=443, protocol="HTTPS", refs=None, allowed=None, **tls):
    """A listener of a Gateway; a Secret is a name, or namespace/name."""

    def reference(text):
        namespace, _, name = text.rpartition("/")
        return {"name": name, "namespace": namespace} if namespace else {"name": name}

    refs = refs or [reference(text) for text in secrets]
    tls = {"certificateRefs": refs, **tls} if refs or tls else {}
    made = {"name": name, "hostname": hostname, "port": port, "protocol": protocol, "tls": tls, "allowedRoutes": allowed}
    return {key: value for key, value in made.items() if value}


def gateway(name, *listeners, annotations=None, address=None):
    made = custom(f"{GATEWAY_API}/v1", "Gateway", name, {"gatewayClassName": "edge", "listeners": list(listeners)}, annotations)
    return {**made, "status": {"addresses": [{"type": "IPAddress", "value": address}]}} if address else made


def host_route(kind, name, parents, hostnames):
    version = "v1alpha2" if kind == "TLSRoute" else "v1"
    spec = {"parentRefs": parents, **({"hostnames": hostnames} if hostnames else {})}
    return custom(f"{GATEWAY_API}/{version}", kind, name, {**spec, "rules": [{"backendRefs": [{"name": name, "port": 80}]}]})


@scenario
def gateway_listeners(s):
    s.secret("shop-tls", s.pair("shop.example"))
    s.secret("wild-tls", s.pair("*.shop.example"))
    s.secret("api-tls", s.pair("api.example", left=9.5))
    s.secret("blog-tls", s.pair("blog.example"))
    s.secret("old-tls", s.pair("old.example", left=-3))
    s.secret("raw-tls", s.pair("raw.example"))
    vault = [{"group": "acme.example", "kind": "VaultCertificate", "name": "vault"}]
    edge = {"name": "edge"}
    s.file("gateways.yaml", to_yaml(
        gateway(
            "edge",
            listener("http", None, port=80, protocol="HTTP"),
            listener("shop", "shop.example", "shop-tls"),
            listener("wild", "*.shop.example", "wild-tls"),
            listener("any", None, "api-tls", "blog-tls"),
            listener("gone", "gone.example", "gone-tls"),
            listener("vault", "vault.example", refs=vault),
            listener("database", "db.example", port=5432, protocol="TLS", mode="Passthrough"),
            listener("raw", None, "raw-tls", port=8443, protocol="TLS"),
            address="192.0.2.7",
        ),
        gateway("google", listener("https", "map.example"), annotations={"networking.gke.io/certmap": "store"}),
        gateway("pre-shared", listener("https", "shared.example", options={"networking.gke.io/pre-shared-certs": "store-cert"})),
        gateway("hostless", listener("https", None, "old-tls")),
        gateway("no-route", listener("https", "*.lone.example", "blog-tls")),
        gateway("asks", listener("https", "asked.example", "asked-tls"), annotations={"cert-manager.io/cluster-issuer": "internal"}),
    ))  # fmt: skip
    s.file("routes.yaml", to_yaml(
        host_route("HTTPRoute", "shop", [{**edge, "sectionName": "shop"}], ["shop.example", "elsewhere.example"]),
        host_route("HTTPRoute", "subdomains", [edge], ["www.shop.example", "a.www.shop.example", "shop.example", "blog.example", "more.example"]),
        host_route("GRPCRoute", "api", [{**edge, "port": 443}], ["api.example"]),
        host_route("TLSRoute", "raw", [edge], ["raw.example"]),
        host_route("HTTPRoute", "plain", [{**edge, "sectionName": "http"}], ["plain.example"]),
        host_route("HTTPRoute", "mesh", [{"group": "", "kind": "Service", "name": "edge"}], ["mesh.example"]),
        host_route("HTTPRoute", "any-host", [{"name": "hostless"}], None),
    ))  # fmt: skip


@scenario(offline_only=True)
def gateway_grants(s):
    def grant(namespace, name, *to, of="infra", kind="Gateway"):
        spec = {"from": [{"group": GATEWAY_API, "kind": kind, "namespace": of}], "to": [{"group": "", "kind": "Secret", **one} for one in to]}
        return namespaced(namespace, custom(f"{GATEWAY_API}/v1beta1", "ReferenceGrant", name, spec))

    for namespace in ("named", "all", "blog-only", "routes-only", "nothing"):
        s.secrets.append(namespaced(namespace, secret("tls", s.pair(f"{namespace}.example"))))
    s.secrets.append(namespaced("certs", secret("only-there", s.pair("only-there.example"))))
    s.file("grants.yaml", to_yaml(
        grant("named", "to-one", {"name": "tls"}), grant("all", "to-all", {}),
        grant("blog-only", "to-blog", {}, of="blog"), grant("routes-only", "to-routes", {}, kind="HTTPRoute"),
        grant("gone", "to-all", {}),
    ))  # fmt: skip
    names = ("named", "all", "blog-only", "routes-only", "nothing", "gone", "unread")
    listeners = [listener(name, f"{name}.example", f"{name}/tls") for name in names]
    s.file("gateways.yaml", to_yaml(
        namespaced("infra", gateway("edge", *listeners, listener("only-there", "only-there.example", "only-there"))),
        *(namespaced("infra", gateway(name, listener("https", None, "all/tls", allowed={"namespaces": allowed}))) for name, allowed in {
            "same": {"from": "Same"}, "open": {"from": "All"},
            "by-name": {"from": "Selector", "selector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}},
            "by-label": {"from": "Selector", "selector": {"matchLabels": {"team": "shop"}}},
        }.items()),
    ))  # fmt: skip
    parents = [{"name": name, "namespace": "infra"} for name in ("same", "open", "by-name", "by-label")]
    s.file("routes.yaml", to_yaml(
        namespaced("shop", host_route("HTTPRoute", "shop", parents, ["all.example", "shop.example"])),
        namespaced("blog", host_route("HTTPRoute", "blog", parents, ["blog.example"])),
    ))  # fmt: skip


def route(name, host, *, tls=None, owner=None, address=None, **spec):
    spec = {"host": host, "to": {"kind": "Service", "name": name}, "tls": tls, **spec}
    made = custom("route.openshift.io/v1", "Route", name, {key: value for key, value in spec.items() if value})
    if owner:
        made["metadata"]["ownerReferences"] = [owner]
    return made


def inline(pair, termination="edge", **more):
    """spec.tls with the pair itself."""
    texts = {"certificate": pem(*pair.chain[:1]), "key": pkcs8(pair.key)}
    return {"termination": termination, **{key: Block(text.decode()) for key, text in texts.items()}, **more}


@scenario
def routes(s):
    s.secret("web-tls", s.pair("web.example"))
    s.secret("web", s.pair("another.example"))
    signed = s.pair("chain.example", issuer=intermediate_ca())
    expired, other = s.pair("expired.example", left=-3), s.pair("other.example")
    s.file("routes.yaml", to_yaml(
        route("good", "good.example", tls=inline(s.pair("good.example"))),
        route("expired", "expired.example", tls=inline(expired, "reencrypt")),
        route("web", "wrong.example", tls=inline(s.pair("right.example"))),
        route("mismatch", "mismatch.example", tls={**inline(s.pair("mismatch.example")), "key": Block(pkcs8(other.key).decode())}),
        route("no-key", "no-key.example", tls={k: v for k, v in inline(s.pair("no-key.example")).items() if k != "key"}),
        route("chain", "chain.example", tls=inline(signed, caCertificate=Block(pem(*intermediate_ca().chain).decode()))),
        route("external", "web.example", tls={"termination": "edge", "externalCertificate": {"name": "web-tls"}}),
        route("external-gone", "gone.example", tls={"termination": "edge", "externalCertificate": {"name": "gone-tls"}}),
        route("external-wrong", "a.web.example", tls={"termination": "edge", "externalCertificate": {"name": "web-tls"}}),
        route("default", "default.example", tls={"termination": "edge"}),
        route("passthrough", "passed.example", tls={"termination": "passthrough"}),
        route("plain", "plain.example"),
        route("wild", "www.wild.example", tls=inline(s.pair("*.wild.example")), wildcardPolicy="Subdomain"),
        route("made", "made.example", tls=inline(s.pair("stale.example")),
              owner={"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "made", "uid": "8b9b1f8c-0000-4000-8000-000000000001"}),
    ))  # fmt: skip


LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@scenario
def key_in_annotation(s):
    applied = s.pair("applied.shop.example")
    kept = json.dumps(secret("applied", applied), separators=(",", ":"))
    s.secret("applied", applied, annotations={LAST_APPLIED: kept})
    as_text = s.pair("as-text.shop.example")
    text = {entry: value.decode() for entry, value in as_text.data.items()}
    text = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "as-text"}, "stringData": text}
    s.secret("as-text", as_text, annotations={LAST_APPLIED: json.dumps(text)})
    backup = s.pair("backup.shop.example")
    s.secret("backup", backup, annotations={"example.com/backup": b64(backup.data["tls.key"])})
    plain = s.pair("plain.shop.example")
    s.secret("plain", plain, annotations={"example.com/certificate": plain.data["tls.crt"].decode()})
    s.ingress("shop", hosts_by_secret(s, "shop.example"))


@scenario
def not_understood(s):
    for name, annotations in {
        "lead-soon": {"certwright.dev/renew-before": "soon"},
        "misspelt": {"certwright.dev/rotat": "false"},
        "plain": {},
        "rotate-capital": {"certwright.dev/rotate": "False"},
        "rotate-no": {"certwright.dev/rotate": "no"},
        "unknown-code": {"certwright.dev/ignore": "expire-soon"},
    }.items():
        s.secret(name, s.pair(f"{name}.shop.example", left=20.5), annotations=annotations)
    s.ingress("shop", hosts_by_secret(s, "shop.example"))


@scenario
def immutable(s):
    s.secret("shop-tls", s.pair("shop.example", left=20.5), immutable=True)
    s.ingress("shop", {"shop.example": "shop-tls"})


@scenario
def ca_crt_pinned(s):
    pinned = s.pair("milvus.example", left=20.5)
    issued = s.pair("shop.example", issuer=root_ca())
    s.secret("pinned-tls", {"ca.crt": pem(*pinned.chain), **pinned.data})
    s.secret("issued-tls", {"ca.crt": pem(root_ca().chain[0]), **issued.data})
    s.ingress("front", {"milvus.example": "pinned-tls", "shop.example": "issued-tls"})


@scenario
def derived_keys(s):
    jvm = s.pair("jvm.example", left=20.5)
    proxy = s.pair("proxy.example", left=20.5)
    s.secret("jvm-tls", {"keystore.p12": keystore(jvm), **jvm.data})
    s.secret("proxy-tls", {"tls-combined.pem": proxy.data["tls.crt"] + proxy.data["tls.key"], **proxy.data})
    s.ingress("front", {"jvm.example": "jvm-tls", "proxy.example": "proxy-tls"})


# -- how manifests are written


@scenario
def string_data(s):
    plain = s.pair("plain.example", left=29.5)
    fresh, stale = s.pair("both.example"), s.pair("both.example", left=-3.5)
    s.file("plain.yaml", to_yaml(by_hand("plain-tls", plain)))
    s.file("both.yaml", "# stringData wins over data\n" + to_yaml({**by_hand("both-tls", fresh), **only_data(stale)}))
    s.ingress("front", {"plain.example": "plain-tls", "both.example": "both-tls"})


def by_hand(name, pair):
    """A Secret the way people write it: PEM in stringData."""
    text = {entry: Block(value.decode()) for entry, value in pair.data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "kubernetes.io/tls", "stringData": text}


def only_data(pair):
    return {"data": {entry: b64(value) for entry, value in pair.data.items()}}


@scenario
def list_file(s):
    items = [
        config_map("shop", {"greeting": "hello"}),
        secret("shop-tls", s.pair("shop.example", left=6.5)),
        ingress("shop", {"shop.example": "shop-tls"}),
    ]
    s.file("everything.yaml", to_yaml({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {}}))


@scenario
def json_manifest(s):
    pair = s.pair("shop.example", left=29.5)
    s.file("shop-tls.json", json.dumps(secret("shop-tls", pair), indent=4) + "\n")
    shop = ingress("shop", {"shop.example": "shop-tls", "www.shop.example": "shop-tls"})
    s.file("shop-ingress.json", json.dumps(shop) + "\n")


@scenario
def multi_document(s):
    shop, blog = s.pair("shop.example"), s.pair("blog.example", left=29.5)
    wrapped = {entry: Block(base64.encodebytes(value).decode()) for entry, value in blog.data.items()}
    parts = [
        "# Everything the shop needs.\n# Made by hand; ask the platform team before changing the hosts.\n",
        to_yaml(config_map("shop", {"greeting": "hello"})),
        "# the certificate, from `kubectl create secret tls --dry-run=client -o yaml`\n" + to_yaml(secret("shop-tls", shop)),
        "",
        "# nothing here any more\n",
        "# base64 in lines of 76, as the base64 command prints it\n" + to_yaml({**secret("blog-tls", blog), "data": wrapped}),
        ANCHORED_INGRESS,
        to_yaml(ingress("blog", {"blog.example": "blog-tls"})) + "...\n",
    ]
    s.file("shop.yaml", "---\n" + "---\n".join(parts))


ANCHORED_INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  labels: {app: shop}       # flow style, and a comment after it
spec:
  ingressClassName: nginx
  tls:
    - hosts: [&host shop.example]
      secretName: 'shop-tls'
  rules:
    - host: *host           # one name, written once
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: shop, port: {number: 80}}}
"""


# -- what no API server would take


@scenario(offline_only=True)
def broken_manifest(s):
    s.secret("shop-tls", s.pair("shop.example", left=6.5))
    s.ingress("shop", {"shop.example": "shop-tls"})
    s.file("a-syntax-error.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: torn-tls\n type: kubernetes.io/tls\n\tdata: {\n")
    s.file("b-helm-template.yaml", HELM_TEMPLATE)
    s.file("z-wrong-schema.yaml", WRONG_SCHEMA)


HELM_TEMPLATE = """\
{{- if .Values.ingress.enabled }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ .Release.Name }}-shop
spec:
  rules:
    - host: {{ .Values.host }}
{{- end }}
"""

WRONG_SCHEMA = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: wrong-schema
spec:
  tls:
    hosts: wrong.example
    secretName: wrong-tls
  rules: wrong.example
"""


@scenario(offline_only=True)
def bad_base64(s):
    good, pasted, typo = s.pair("good.example", left=29.5), s.pair("pasted.example"), s.pair("typo.example")
    s.secret("good-tls", good)
    raw = {entry: Block(value.decode()) for entry, value in pasted.data.items()}
    s.secrets.append({**secret("pasted-tls", pasted), "data": raw})
    slip = b64(typo.data["tls.key"])
    s.secrets.append({**secret("typo-tls", typo), "data": {"tls.crt": b64(typo.data["tls.crt"]), "tls.key": slip[:40] + "!" + slip[41:]}})
    s.ingress("front", {f"{n}.example": f"{n}-tls" for n in ("good", "pasted", "typo")})


@scenario(offline_only=True)
def missing_data_keys(s):
    no_crt, no_key = s.pair("no-crt.example").data, s.pair("no-key.example").data
    s.secret("no-crt-tls", {"tls.key": no_crt["tls.key"]})
    s.secret("no-key-tls", {"tls.crt": no_key["tls.crt"]})
    s.secrets.append({k: v for k, v in secret("no-data-tls", {}).items() if k != "data"})
    s.ingress("front", {f"{n}.example": f"{n}-tls" for n in ("no-crt", "no-key", "no-data")})


@scenario
def secret_users(s):
    for name, left in {"mounted": -2.5, "frozen": 20.5, "part": 20.5, "flag": 20.5, "leftover": 200.5, "own": 200.5}.items():
        s.secret(f"{name}-tls", s.pair(f"{name}.users.example", left=left))
    s.ingress("own", {"own.users.example": "own-tls"})
    s.file("workloads.yaml", WORKLOADS)


WORKLOADS = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: proxy
spec:
  selector: {matchLabels: {app: proxy}}
  template:
    metadata: {labels: {app: proxy}}
    spec:
      containers:
      - name: proxy
        image: proxy:1
        volumeMounts:
        - {name: tls, mountPath: /etc/tls}
      volumes:
      - name: tls
        secret: {secretName: mounted-tls}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: broker
spec:
  selector: {matchLabels: {app: broker}}
  template:
    metadata: {labels: {app: broker}}
    spec:
      initContainers:
      - name: load
        image: broker:1
        env:
        - name: TLS_KEY
          valueFrom: {secretKeyRef: {name: frozen-tls, key: tls.key}}
      containers:
      - name: broker
        image: broker:1
        volumeMounts:
        - {name: all, mountPath: /etc/tls}
      volumes:
      - name: all
        projected:
          sources:
          - secret: {name: frozen-tls}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: store
spec:
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      containers:
      - name: store
        image: store:1
        volumeMounts:
        - {name: tls, mountPath: /etc/store/tls.crt, subPath: tls.crt}
      volumes:
      - name: tls
        secret: {secretName: part-tls}
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: backup
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: backup
            image: backup:1
            envFrom:
            - secretRef: {name: frozen-tls}
---
apiVersion: v1
kind: Pod
metadata:
  name: debug
spec:
  containers:
  - name: debug
    image: debug:1
    args: ["--listen=:443", "--tls-secret-name=flag-tls"]
"""


@scenario(offline_only=True)  # its webhook belongs to no namespace: other_places lays it out on a cluster of its own
def other_places(s):
    old = test_ca("other-places/old", "ec-p256-01", "Example Mesh CA", 10, end=NOW - timedelta(days=20))
    new = test_ca("other-places/new", "ec-p256-02", "Example Mesh CA", 10)
    near = test_ca("other-places/near", "ec-p256-03", "Example Near CA", 10, end=NOW + timedelta(days=12))
    past = test_ca("other-places/past", "rsa-2048-01", "Example Webhook CA", 10, end=NOW - timedelta(days=3))
    broker = s.pair("mq.places.example", left=-2.5, issuer=intermediate_ca())
    chain = broker.with_chain(*intermediate_ca().chain).data
    s.secret("mq", {"server.pem": chain["tls.crt"], "server.key": chain["tls.key"], "password": b"secret", "old.pem": b"none"}, kind="Opaque")
    s.secret("idle", {"client.crt": s.pair("idle.places.example", left=3.5).data["tls.crt"]}, kind="Opaque")
    s.secret("web-tls", s.pair("web.places.example"))
    s.ingress("web", {"web.places.example": "web-tls"})
    maps = {"ca.pem": pem(*old.chain, *new.chain, *near.chain).decode(), "readme": "which CAs we trust"}
    s.file("trust.yaml", to_yaml(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "corp-ca"}, "data": maps},
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
         "metadata": {"name": "places"}, "webhooks": [webhook("past", pem(*past.chain)), webhook("none", b"\n")]},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "mq"}, "spec": {
            "selector": {"matchLabels": {"app": "mq"}}, "template": {"metadata": {"labels": {"app": "mq"}}, "spec": {
                "containers": [{"name": "mq", "image": "mq:1"}],
                "volumes": [{"name": "tls", "secret": {"secretName": "mq"}}]}}}},
    ))  # fmt: skip


def webhook(name, bundle):
    """Called for no object."""
    config = {"service": {"name": "places", "namespace": "default"}, "caBundle": b64(bundle)}
    return {"name": f"{name}.places.example", "clientConfig": config, "sideEffects": "None",
        "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore"}  # fmt: skip


@scenario(offline_only=True)  # annotations name the namespace of the Secrets
def ca_crt_ends(s):
    def ca(label, name, left, use):
        return test_ca(f"ca-crt-ends/{label}", use, f"Example {name} CA", 10, end=NOW + timedelta(days=left))

    near, last_week, later, root = (
        ca("near", "Near", 12, "ec-p256-01"), ca("past", "Past", -7, "ec-p256-02"),
        ca("later", "Later", 2000, "ec-p256-03"), ca("root", "Short", 20, "rsa-2048-root"))  # fmt: skip
    renewed = ca("near-2", "Near", 2000, "ec-p384")
    alone = lambda *cas: {"ca.crt": pem(*(c for one in cas for c in one.chain)), "tls.crt": b"", "tls.key": b""}
    s.secret("near-ca", alone(near))
    s.secret("two-ca", alone(last_week, later))
    s.secret("renewed-ca", alone(near, renewed))
    s.secret("peers-ca", alone(ca("peers", "Peers", 3, "ec-p256-02")))
    s.secret("gone-ca", alone(ca("gone", "Gone", -3, "ec-p256-03")))
    s.secret("web-tls", {**s.pair("web.ends.example", issuer=root).data, "ca.crt": pem(*root.chain)})
    s.ingress("web", {"web.ends.example": "web-tls"})
    for name in ("near", "two", "renewed"):
        verify = {"nginx.ingress.kubernetes.io/auth-tls-secret": f"default/{name}-ca"}
        s.secret(f"{name}-tls", s.pair(f"{name}.ends.example"))
        s.ingress(name, {f"{name}.ends.example": f"{name}-tls"}, annotations=verify)
    volumes = [{"name": n, "secret": {"secretName": f"{n}-ca"}} for n in ("peers", "gone")]
    s.file("pod.yaml", to_yaml({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "mesh"}, "spec": {
        "containers": [{"name": "mesh", "image": "mesh:1"}], "volumes": volumes}}))  # fmt: skip


def main(wanted):
    unknown = set(wanted) - set(ALL)
    if unknown:
        sys.exit(f"no such scenario: {', '.join(sorted(unknown))}")
    (PKI / "root-ca.crt.pem").write_bytes(pem(*root_ca().chain))
    (PKI / "intermediate-ca.crt.pem").write_bytes(pem(*intermediate_ca().chain))
    for name in wanted or ALL:
        make, offline_only = ALL[name]
        s = Scenario(name)
        make(s)
        s.write(offline_only)


if __name__ == "__main__":
    main(sys.argv[1:])
