"""What check.py needs: exact JSON, hashes, Merkle paths, and Ed25519 by openssl."""
import base64, hashlib, json, os, re, subprocess, sys, tempfile

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)


class Wrong(Exception):
    """What was checked does not hold."""


class Unknown(Exception):
    """It could not be checked."""


class Nothing(Exception):
    """There is nothing to check."""


# Reading and hashing.

def sha(data):
    return hashlib.sha256(data).digest()


def hexed(data):
    return sha(data).hex()


def once(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise Wrong("a key is there twice")
    return dict(pairs)


def infinite(text):
    raise Wrong(text + " is no number")


def read(folder, name):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    except OSError:
        return None


def parse(raw):
    return json.loads(raw.decode("utf-8-sig"), object_pairs_hook=once, parse_constant=infinite)


def load(folder, name):
    found = read(folder, name)
    return None if found is None else parse(found)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def same(a, b):
    return canonical(a) == canonical(b)


def unbase64(text, size=None):
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text or size is not None and len(raw) != size:
        raise Wrong("%.24r is not the base64 that it should be" % text)
    return raw


def climb(at, index, size, path):
    """The root of a Merkle tree (RFC 6962) to which a path leads from leaf number index of size."""
    last = size - 1
    for step in path:
        if not 0 <= index <= last or last == 0:
            raise Wrong("the path does not fit leaf %d of %d" % (index, size))
        step = unbase64(step, 32)
        if index % 2 == 1 or index == last:
            at = sha(b"\1" + step + at)
            while index % 2 == 0 and index > 0:
                index, last = index // 2, last // 2
        else:
            at = sha(b"\1" + at + step)
        index, last = index // 2, last // 2
    if last != 0:
        raise Wrong("the path is too short for %d leaves" % size)
    return at


# Signatures.

def openssl(public, message, signature):
    pem = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + public)  # RFC 8410
    parts = (b"-----BEGIN PUBLIC KEY-----\n" + pem + b"\n-----END PUBLIC KEY-----\n", message, signature)
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ("key", "message", "signature")]
        for name, data in zip(names, parts):
            with open(name, "wb") as file:
                file.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", names[0], "-rawin", "-in", names[1], "-sigfile", names[2]]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def unable():
    """Why openssl cannot check Ed25519 here, "" when it can: the second vector of RFC 8032 must hold."""
    key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    sig = ("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
           "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
    try:
        if openssl(bytes.fromhex(key), b"\x72", bytes.fromhex(sig)):
            return ""
        return "the openssl on the PATH cannot check Ed25519, which 1.1.1 can; the signature was not checked"
    except OSError:
        return "openssl is missing on the PATH; the signature was not checked"


CANNOT = unable()


def signed(public, message, signature, what):
    if CANNOT:
        raise Unknown(CANNOT)
    if len(public) != 32 or len(signature) != 64 or not openssl(public, message, signature):
        raise Wrong("the signature is not by " + what + " over these bytes")


# Entries of the lineage, records of the ledger, keys.

def link_of(entry):
    """Body and link of a lineage entry; the link is "" where it has none."""
    found = re.match(r"(.*)\|h:'([0-9a-f]{64})'\Z", entry, re.S)
    return (found.group(1), found.group(2)) if found else (entry, "")


def raw(value):
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value.encode()


def get(record, name):
    """The first value of a field as text, "" when there is none."""
    for key, value in record["fields"]:
        if key == name:
            return value if isinstance(value, str) else ""
    return ""


def text_of(record):
    """What the leaf of a record is the hash of: docs/custody.md, The ledger."""
    text = b"if.packet/record/v1\n%d\n" % record["position"]
    for field in record["fields"]:
        for part in map(raw, field):
            text += b"%d:%s," % (len(part), part)
    return text


def valid(entry, position):
    """Keys are valid by positions of the ledger, not by clocks; 0 is not known."""
    if entry["revoked_at"] and (not position or position >= entry["revoked_at"]):
        raise Wrong("key %s was revoked at record %d" % (entry["key_id"], entry["revoked_at"]))
    if position and not entry["valid_from"] <= position < (entry["valid_until"] or position + 1):
        raise Wrong("key %s was not valid at record %d" % (entry["key_id"], position))
