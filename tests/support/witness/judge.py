"""What Python sees in a folder of pairs: one JSON object a pair, in the order of their names.

    python3 judge.py FOLDER SECONDS

Each pair is a folder with tls.key, tls.crt and hosts (see ../witness.rs). Nothing is judged here
that is not said by `cryptography` or `ssl`; whoever reads the answers knows what is right. Path
validation is asked at SECONDS since 1970; `ssl` takes no instant and goes by the process's clock.
"""

import base64
import json
import re
import ssl
import sys
from datetime import datetime, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

STRANGER = "stranger.invalid"
USAGES = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
]


def main(folder, at):
    for pair in sorted(path for path in Path(folder).iterdir() if path.is_dir()):
        print(json.dumps({"pair": pair.name, **verdict(pair, at)}))


def verdict(pair, at):
    hosts = (pair / "hosts").read_text().split()
    certificates = x509.load_pem_x509_certificates((pair / "tls.crt").read_bytes())
    certificate = certificates[0]
    private = serialization.load_pem_private_key((pair / "tls.key").read_bytes(), None)
    extension = certificate.extensions.get_extension_for_class
    names = extension(x509.SubjectAlternativeName).value
    constraints = extension(x509.BasicConstraints).value
    return {
        "certificates": len(certificates),
        "version": certificate.version.value + 1,
        "serial": f"{certificate.serial_number:x}",
        "subject": attributes(certificate.subject),
        "issuer": attributes(certificate.issuer),
        "notBefore": int(certificate.not_valid_before_utc.timestamp()),
        "notAfter": int(certificate.not_valid_after_utc.timestamp()),
        "names": [str(name.value) for name in names],
        "extensions": {e.oid.dotted_string: e.critical for e in certificate.extensions},
        "ca": constraints.ca,
        "keyUsage": usages(extension(x509.KeyUsage).value),
        "extendedKeyUsage": [oid.dotted_string for oid in extension(x509.ExtendedKeyUsage).value],
        "subjectKeyId": extension(x509.SubjectKeyIdentifier).value.digest.hex(),
        "authorityKeyId": extension(x509.AuthorityKeyIdentifier).value.key_identifier.hex(),
        "keyType": key_type(certificate.public_key()),
        "keyFile": container(pair / "tls.key"),
        "isPair": spki(private.public_key()) == spki(certificate.public_key()),
        "signed": signed(certificate),
        "handshakes": {host: handshake(pair, host) for host in [*hosts, STRANGER]},
        "verifies": {host: verifies(certificate, host, at) for host in [*hosts, STRANGER]},
    }


def attributes(name):
    return [[attribute.oid.dotted_string, attribute.value] for attribute in name]


def usages(usage):
    return [name for name in USAGES if getattr(usage, name)]


def key_type(public):
    if isinstance(public, rsa.RSAPublicKey):
        assert public.public_numbers().e == 65537
        return f"rsa-{public.key_size}"
    if isinstance(public, ec.EllipticCurvePublicKey):
        return {"secp256r1": "p256", "secp384r1": "p384"}[public.curve.name]
    assert isinstance(public, ed25519.Ed25519PublicKey)
    return "ed25519"


def container(path):
    """The label of the one PEM block, and the version number inside, which is 0 for version 1."""
    [(label, body)] = re.findall(r"-----BEGIN (.+)-----\n([^-]+)-----END", path.read_text())
    der = base64.b64decode(body)
    start = 2 if der[1] < 0x80 else 2 + (der[1] & 0x7F)
    assert der[0] == 0x30 and der[start : start + 2] == b"\x02\x01"
    return f"{label} {der[start + 2]}"


def spki(public):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.DER, form)


def signed(certificate):
    """Whether it signed itself, names included."""
    try:
        certificate.verify_directly_issued_by(certificate)
        return True
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def handshake(pair, host):
    """Whether a client that trusts this certificate alone completes a handshake, by OpenSSL.

    This is the walk of every Python client of ours: `ssl` loads the pair, checks chain and name.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        server.load_cert_chain(pair / "tls.crt", pair / "tls.key")
    except ssl.SSLError as error:
        return str(error)
    client = ssl.create_default_context(cafile=pair / "tls.crt")
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(down, up, server_hostname=host),
        server.wrap_bio(up, down, server_side=True),
    ]
    while sides:
        waiting = []
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                waiting.append(side)
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
        sides = waiting
    return True


def verifies(certificate, host, at):
    """What the path validation of `cryptography` says, which follows the CA/B Forum's profile."""
    try:
        subject = x509.IPAddress(ip_address(host))
    except ValueError:
        subject = x509.DNSName(host)
    builder = PolicyBuilder().store(Store([certificate])).time(at)
    try:
        builder.build_server_verifier(subject).verify(certificate, [])
        return True
    except VerificationError as error:
        return str(error)


if __name__ == "__main__":
    main(sys.argv[1], datetime.fromtimestamp(int(sys.argv[2]), timezone.utc))
