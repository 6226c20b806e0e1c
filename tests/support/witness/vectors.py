"""What Python sees in a folder of files: one JSON object a file, in the order of their paths.

    python3 vectors.py FOLDER

Each has the path below FOLDER and "certificates": what batch.py says of each, beside its DER as
base64; or null, where `cryptography` does not take the file for certificates.
"""

import base64
import json
import sys
import warnings
from pathlib import Path

from batch import verdict
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


def main(folder):
    warnings.simplefilter("ignore")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        told = {"file": str(path.relative_to(folder)), "certificates": certificates(path)}
        print(json.dumps(told))


def certificates(path):
    content = path.read_bytes()
    try:
        found = [x509.load_der_x509_certificate(content)]
    except (ValueError, x509.InvalidVersion):
        try:
            found = x509.load_pem_x509_certificates(content)
        except (ValueError, x509.InvalidVersion):
            return None
    encoded = [one.public_bytes(Encoding.DER) for one in found]
    return [{"der": base64.b64encode(der).decode(), **verdict(der, None)} for der in encoded]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
