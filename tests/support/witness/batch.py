"""What Python sees in a batch: one JSON object a certificate, in the order of the lines.

    python3 batch.py FOLDER

FOLDER/certificates holds a line for each: DER as base64, the name of a key file in FOLDER/keys, and
hosts, all with a blank between (see ../witness.rs). Nothing is judged here that `cryptography` does
not say; what it refuses is null, and why is in "error".
"""

import base64
import json
import sys
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

KINDS = {
    x509.DNSName: "dns",
    x509.IPAddress: "ip",
    x509.RFC822Name: "email",
    x509.UniformResourceIdentifier: "uri",
}


def main(folder):
    @cache
    def public_half(key):
        return spki(serialization.load_pem_private_key((folder / "keys" / key).read_bytes(), None))

    for line in (folder / "certificates").read_text().splitlines():
        der, key, *_ = line.split(" ")
        print(json.dumps(verdict(base64.b64decode(der), lambda: public_half(key))))


def verdict(der, public_half):
    told = {"notBefore": None, "notAfter": None, "names": None, "isPair": None, "error": None}
    try:
        certificate = x509.load_der_x509_certificate(der)
        told["notBefore"] = seconds(certificate.not_valid_before_utc)
        told["notAfter"] = seconds(certificate.not_valid_after_utc)
        told["names"] = names(certificate)
        told["isPair"] = form(certificate.public_key()) == public_half() if public_half else None
    except Exception as error:
        told["error"] = f"{type(error).__name__}: {error}"
    return told


def seconds(instant):
    # timestamp() goes through a float, which is exact for every second of four-digit years.
    return int(instant.timestamp())


def names(certificate):
    found = {kind: [] for kind in KINDS.values()}
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return found
    for name in extension.value:
        if type(name) in KINDS:
            found[KINDS[type(name)]].append(str(name.value))
    return found


def spki(private):
    return form(private.public_key())


def form(public):
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.DER, spki)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
