#!/usr/bin/env python3
"""Makes the certificates of the tests, once; the files are committed.

They are for tests on loopback and nothing else: the keys are public. They
hold from 2020 to 2120, so that no run depends on the date, but those of
`expired`, `future` and `lapsed-intermediate`. Needs Python's `cryptography` and, for compressed
keys, openssl. Run it in this folder; every file is made anew, and with them
the Secrets below `testdata/`.
"""

import datetime
import pathlib
import re
import subprocess
import sys
import textwrap

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HERE = pathlib.Path(__file__).parent
TESTDATA = HERE.parent.parent / "testdata"
START, END = datetime.datetime(2020, 1, 1), datetime.datetime(2120, 1, 1)
CURVES = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1(), "secp256k1": ec.SECP256K1()}


def new_key(kind):
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:]))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(CURVES[kind])


def pem_of_key(key, form=serialization.PrivateFormat.PKCS8, encryption=serialization.NoEncryption()):
    return key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


def issue(name, issuer, kind="p256", hosts=(), uri=None, authority=False, usage=None, start=START, end=END, sign=True):
    """Writes name.crt and name.key; returns (certificate, key)."""
    key = new_key(kind)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer or (None, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer[0].subject if signer[0] else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(sign, False, False, False, False, authority, authority, False, False), critical=True
        )
    )
    names = [x509.DNSName(host) for host in hosts] + ([x509.UniformResourceIdentifier(uri)] if uri else [])
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    algorithm = None if isinstance(signer[1], ed25519.Ed25519PrivateKey) else hashes.SHA256()
    certificate = builder.sign(signer[1], algorithm)
    (HERE / f"{name}.crt").write_text(certificate.public_bytes(serialization.Encoding.PEM).decode())
    (HERE / f"{name}.key").write_text(pem_of_key(key))
    return certificate, key


SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


def server(name, issuer, hosts, **rest):
    return issue(name, issuer, hosts=hosts, usage=SERVER, **rest)


def write_objects():
    """Replaces the PEM text in manifests that say where it comes from: `# from: FILE...`."""
    for manifest in sorted(TESTDATA.rglob("*.yaml")):
        if b"|  # from: " not in manifest.read_bytes():
            continue
        lines, made = manifest.read_text().splitlines(), []
        index = 0
        while index < len(lines):
            made.append(lines[index])
            found = re.match(r"^( *)(\S+): \|  # from: (.+)$", lines[index])
            index += 1
            if found:
                indent = len(found[1]) + 2
                while index < len(lines) and lines[index].startswith(" " * indent):
                    index += 1
                text = "".join((HERE / name).read_text() for name in found[3].split())
                made += textwrap.indent(text, " " * indent).splitlines()
        manifest.write_text("\n".join(made) + "\n")


def main():
    ca = issue("ca", None, authority=True)
    other = issue("other-ca", None, authority=True)
    inter = issue("intermediate", ca, authority=True)
    hosts = ["example.org", "second-example.org", "*.wildcard.org", "fourth-example.wildcard.org", "unknown-example.org"]
    server("web", ca, hosts + ["*.example.com", "example.com"])
    server("web-rsa", ca, hosts + ["*.example.com", "example.com"], kind="rsa2048")
    server("api", ca, ["api.example.com"])
    leaf, _ = server("chained", inter, ["chained.example.com"])
    chain = (HERE / "chained.crt").read_text() + (HERE / "intermediate.crt").read_text()
    (HERE / "chained.crt").write_text(chain)
    lapsed = issue("lapsed-intermediate", ca, authority=True, end=datetime.datetime(2021, 1, 1))
    server("lapsed", lapsed, ["lapsed.example.com"])
    chain = (HERE / "lapsed.crt").read_text() + (HERE / "lapsed-intermediate.crt").read_text()
    (HERE / "lapsed.crt").write_text(chain)
    server("backend", ca, ["db.example.com", "*.db.example.com", "backend.example.com"])
    server("backend-uri", ca, ["db.example.com"], uri="spiffe://example.com/backend")
    targets = ["whole", "port", "older", "younger", "first", "second", "invalid", "valid"]
    server("targets", ca, [f"{name}.example.com" for name in targets])
    server("expired", ca, ["expired.example.com"], end=datetime.datetime(2021, 1, 1))
    server("future", ca, ["future.example.com"], start=datetime.datetime(2119, 1, 1))
    issue("client", ca, usage=CLIENT, hosts=["client.example.com"], uri="spiffe://example.com/client")
    issue("other-client", ca, usage=CLIENT)
    issue("stranger", other, usage=CLIENT)
    issue("expired-client", ca, usage=CLIENT, end=datetime.datetime(2021, 1, 1))
    issue("server-only", ca, usage=SERVER)
    # What Envoy refuses, and forms of keys that it takes.
    server("weak", ca, ["weak.example.com"], kind="rsa1024")
    server("koblitz", ca, ["koblitz.example.com"], kind="secp256k1")
    server("unsigned-usage", ca, ["usage.example.com"], sign=False)
    for kind in ["p384", "p521", "ed25519"]:
        server(kind, ca, [f"{kind}.example.com"], kind=kind)
    _, rsa_key = server("rsa", ca, ["rsa.example.com"], kind="rsa2048")
    (HERE / "rsa-pkcs1.key").write_text(pem_of_key(rsa_key, serialization.PrivateFormat.TraditionalOpenSSL))
    encryption = serialization.BestAvailableEncryption(b"secret")
    (HERE / "rsa-encrypted.key").write_text(pem_of_key(rsa_key, encryption=encryption))
    legacy = pem_of_key(rsa_key, serialization.PrivateFormat.TraditionalOpenSSL, encryption)
    (HERE / "rsa-legacy-encrypted.key").write_text(legacy)
    _, curve_key = server("curve", ca, ["curve.example.com"])
    (HERE / "curve-sec1.key").write_text(pem_of_key(curve_key, serialization.PrivateFormat.TraditionalOpenSSL))
    # A public key that names one coordinate and the sign of the other; only openssl writes these.
    for name, curve in [("compressed-p256", "prime256v1"), ("compressed-p384", "secp384r1")]:
        key, certificate = f"{name}.key", f"{name}.crt"
        subprocess.run(["openssl", "ecparam", "-name", curve, "-genkey", "-noout", "-out", key], cwd=HERE, check=True)
        short = ["openssl", "ec", "-in", key, "-conv_form", "compressed", "-out", key]
        subprocess.run(short, cwd=HERE, check=True)
        subject = ["-subj", f"/CN={name}.example.com", "-days", "36500"]
        signed = ["openssl", "req", "-x509", "-new", "-key", key, *subject, "-out", certificate]
        subprocess.run(signed, cwd=HERE, check=True)
    write_objects()


if __name__ == "__main__":
    # `objects` only puts the files that there are into the manifests.
    write_objects() if sys.argv[1:] == ["objects"] else main()
