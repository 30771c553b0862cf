#!/usr/bin/env python3
"""Checks the evidence on a packet, offline.

    python3 check.py [--root KEY_ID] [FOLDER]

Prints a line for each check. Ends with 0 when everything that the bundle
claims was checked and holds, with 1 otherwise. Needs Python 3.6 and, for
Ed25519, openssl 1.1.1 on the PATH. What is hashed and signed: README.md.
"""
import argparse, base64, json, os, re, sys

sys.dont_write_bytecode = True
from evidence import (
    Nothing, Unknown, Wrong, canonical, climb, get, hexed, link_of, load, parse, raw, read, same, sha, signed, text_of, unbase64, valid,
)


class Bundle:
    def __init__(self, folder):
        self.folder = folder
        self.packet, self.decision, self.ring, self.report, self.approvals, records, proofs, self.manifest = (
            load(folder, name + ".json") for name in "packet decision keyring report approvals records proofs manifest".split())
        self.records, self.proofs = records or [], proofs or []
        self.stored, self.note = read(folder, "stored.bin"), read(folder, "checkpoint.txt")
        self.id = (self.manifest or {}).get("tracking_id", "")
        self.chain = (self.packet or {}).get("chain_of_custody") or {}
        self.seals, self.lineage = self.chain.get("seals") or [], self.chain.get("transparent_lineage") or []
        self.keys = {entry["key_id"]: entry for entry in (self.ring or {}).get("entries", [])}
        self.notes, self.failed = {}, set()  # what was verified, and the names of checks that failed

    # Files and keys.

    def check_manifest(self):
        if self.manifest is None:
            raise Wrong("manifest.json is missing")
        for name, digest in sorted(self.manifest["sha256"].items()):
            found = read(self.folder, name)
            if found is None:
                raise Wrong(name + " is missing")
            if hexed(found) != digest:
                raise Wrong(name + " is not the file that was bundled")
        return "%d files are those that were bundled, which anybody could have written" % len(self.manifest["sha256"])

    def check_keyring(self, root=None):
        if self.ring is None:
            raise Unknown("keyring.json is missing: no signature can be checked")
        public = unbase64(self.ring["root"], 32)
        for entry in self.ring["entries"]:
            if hexed(unbase64(entry["public_key"], 32))[:16] != entry["key_id"]:
                raise Wrong("key id %s is not that of its key" % entry["key_id"])
            if (entry["role"] == "root") != (entry["public_key"] == self.ring["root"]):
                raise Wrong("key %s is taken for the root" % entry["key_id"])
        name = hexed(public)[:16]
        if len(self.keys) != len(self.ring["entries"]) or name not in self.keys:
            raise Wrong("a key is in it twice, or its root is not")
        body = {key: value for key, value in self.ring.items() if key != "signature"}
        signed(public, b"if.keyring/v1\n" + canonical(body), unbase64(self.ring["signature"], 64), "its root key " + name)
        if root and root != name:
            raise Wrong("its root key is %s, not %s" % (name, root))
        return "%d keys, signed by root key %s%s" % (len(self.keys), name, "" if root else ": compare that with its holder")

    def key(self, key_id, role):
        if key_id not in self.keys:
            raise Wrong("key %s is not in the keyring" % key_id)
        entry = self.keys[key_id]
        if entry["role"] != role:
            raise Wrong("key %s is no %s key" % (key_id, role))
        return entry

    # The packet.

    def check_packet(self):
        if self.stored is None or self.packet is None:
            raise Nothing("it is not in the bundle: %s" % self.report["why"])
        if self.packet["tracking_id"] != self.id:
            raise Wrong("it is packet %s" % self.packet["tracking_id"])
        if self.stored.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
            raise Nothing("stored.bin is MessagePack, which Python does not read by itself; what is below is about packet.json")
        value = parse(self.stored)
        if not same(value.get("contents", value.get("content")), self.packet["contents"]):
            raise Wrong("packet.json has other contents than stored.bin")
        if value.get("tracking_id", value.get("payload_id")) != self.id:
            raise Wrong("stored.bin is another packet")
        if "chain_of_custody" in value and not same(value["chain_of_custody"], self.packet["chain_of_custody"]):
            raise Wrong("packet.json has another chain_of_custody than stored.bin")
        return "packet.json is what stood in Redis"

    def sealed(self):
        if self.packet is None:
            raise Nothing("the packet is not in the bundle")
        if not self.seals:
            raise Nothing("the packet has no seal: who sent it is only a claim")

    def check_contents(self):
        self.sealed()
        digest = hexed(canonical(self.packet["contents"]))
        for n, seal in enumerate(self.seals, 1):
            if seal["contents_sha256"] != digest:
                raise Wrong("their digest is %s…, and seal %d is over %s…" % (digest[:16], n, seal["contents_sha256"][:16]))
        return "sha256 %s…, as sealed" % digest[:16]

    def links(self):
        """How many entries carry a link, and the number of the first that is wrong, 0 for none."""
        contents = self.seals[-1]["contents_sha256"] if self.seals else hexed(canonical(self.packet["contents"]))
        before, bound, linked = "", 0, 0
        for n, entry in enumerate(self.lineage, 1):
            body, link = link_of(entry)
            if not link:
                before = None
                continue
            if before is None:  # others wrote what stands before, without links
                before = hexed(json.dumps(self.lineage[:n - 1]).encode())
            parts, linked = ("if.link.v1", self.packet["tracking_id"], contents, before, body), linked + 1
            if any("\n" in part for part in parts) or hexed("\n".join(parts).encode("utf-8", "surrogatepass")) != link:
                return linked, n
            before, bound = link, n
        return linked, bound + 1 if linked and bound < len(self.lineage) else 0

    def check_links(self):
        self.sealed()
        _, broken = self.links()
        if broken:
            raise Wrong("entry %d is not the one that was linked, or not in its place" % broken)
        return "%d entries are bound to each other, to the id and to the contents" % len(self.lineage)

    def check_checksum(self):
        self.sealed()
        if hexed(json.dumps(self.lineage).encode()) != self.chain["trustworthy_signature"]:
            raise Wrong("trustworthy_signature is not the lineage's")
        return "trustworthy_signature is the lineage's, which has no key and proves nothing"

    def leaf(self, seal):
        rest = {key: value for key, value in self.chain.items()
                if key not in ("transparent_lineage", "seals", "trustworthy_signature")}
        link = link_of(self.lineage[seal["upto"] - 1])[1] if 0 < seal["upto"] <= len(self.lineage) else ""
        said = {key: self.packet[key] for key in ("tracking_id", "origin", "dispatched_at", "schema_version", "ttl_seconds")}
        said.update({key: seal[key] for key in ("contents_sha256", "upto", "key_id", "destination", "operation")})
        said.update(_type="if.packet/seal/v1", traceable_id=self.chain["traceable_id"], chain_sha256=hexed(canonical(rest)), link=link)
        return sha(b"\0" + canonical(said))

    def root(self, seal):
        batch = seal["batch"]
        return climb(self.leaf(seal), batch["index"], batch["size"], batch["path"])

    def check_seal(self, n):
        seal, members = self.seals[n - 1], "v key_id contents_sha256 destination operation upto batch_ms batch sig"
        if set(seal) != set(members.split()) or set(seal["batch"]) != {"size", "index", "path"} or seal["v"] != 1:
            raise Wrong("it has other members than a seal has")
        if n > 1 and seal["upto"] <= self.seals[n - 2]["upto"]:
            raise Wrong("it covers no more than the one before")
        entry = self.key(seal["key_id"], "seal")
        root = base64.b64encode(self.root(seal)).decode()
        text = "if.packet/batch/v1\n%s\n%d\n%d\n%s\n" % (seal["key_id"], seal["batch"]["size"], seal["batch_ms"], root)
        signed(unbase64(entry["public_key"], 32), text.encode(), unbase64(seal["sig"], 64), "key %s of %s" % (seal["key_id"], entry["name"]))
        position = self.state()[0] if self.records else 0
        valid(entry, max(position, entry["valid_from"]) if position else 0)
        globs = ["".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in glob) for glob in entry["origins"]]
        if not any(re.match(glob + r"\Z", self.packet["origin"], re.S) for glob in globs):
            raise Wrong("key %s may not seal origin %.60r" % (seal["key_id"], self.packet["origin"]))
        return "by key %s of %s, for %s %s" % (seal["key_id"], entry["name"], seal["operation"], seal["destination"])

    def check_covered(self):
        self.sealed()
        if self.seals[-1]["upto"] != len(self.lineage):
            raise Wrong("the lineage has %d entries and its last seal covers %d" % (len(self.lineage), self.seals[-1]["upto"]))
        return "the last seal covers the whole lineage"

    # The decision.

    def check_decision(self):
        d = self.decision
        if d is None:
            raise Nothing("no record of it was kept any more")
        said = {key: d[key] for key in ("decision_id", "status", "reason", "guardians", "decided_at")}
        if hexed(json.dumps(said, sort_keys=True).encode()) != d["audit_hash"]:
            raise Wrong("audit_hash is not that of decision_id, status, reason, guardians and decided_at")
        logged = {get(r, "decision_id"): get(r, "policy") for r in self.records if get(r, "decision_id")}
        if logged and d["decision_id"] not in logged:
            raise Wrong("the ledger knows no decision " + d["decision_id"])
        if logged and logged[d["decision_id"]] not in ("", d["policy"]):
            raise Wrong("the ledger has it under policy " + logged[d["decision_id"]])
        if d.get("tracking_id", self.id) != self.id or "ids" in d and self.id not in d["ids"]:
            raise Wrong("it is about another packet")
        return "%s under policy %s, as the ledger has it" % (d["status"], d["policy"])

    def check_approvals(self):
        d = self.decision or {}
        if self.approvals is None or not same(self.approvals, d.get("approvals") or []):
            raise Wrong("approvals.json is not what the decision record says")
        acts = self.approvals + ([d["appeal"]] if (d.get("appeal") or {}).get("signature") else [])
        if not acts:
            raise Nothing("nobody was asked")
        contents = (d.get("input") or {}).get("payload_sha256")
        if self.packet is not None:
            contents = hexed(canonical(self.packet["contents"]))
        if contents is None and not d.get("masked") and d.get("input"):
            contents = hexed(canonical(d["input"]["payload"]))
        if contents is None:
            raise Unknown("the contents that were approved are not in the bundle")
        ways = {(d.get("key", ""), d.get("operation", ""))} | {(get(r, "key"), get(r, "operation")) for r in self.records}
        position = max([r["position"] for r in self.records if get(r, "event") in ("approved", "released", "denied")] or [0])
        for act in acts:
            entry = self.key(act["key_id"], "operator")
            if entry["person"] != act["person"]:
                raise Wrong("key %s belongs to %s, not to %s" % (act["key_id"], entry["person"], act["person"]))
            self.approved(entry, act, d, contents, ways)
            valid(entry, position)
        return ", ".join("%s by %s" % (act["act"], act["person"]) for act in acts)

    def approved(self, entry, act, d, contents, ways):
        for key, operation in sorted(ways):
            said = {name: act.get(name, "") for name in ("act", "at", "key_id", "person", "why")}
            said.update(contents_sha256=contents, decision_id=d["decision_id"], policy=d["policy"], key=key, operation=operation, tracking_id=self.id)
            try:
                return signed(unbase64(entry["public_key"], 32), b"if.approval/v1\n" + canonical(said), unbase64(act["signature"], 64), "")
            except Wrong:
                continue
        raise Wrong("%s of %s is not signed by key %s over these contents and this decision" % (act["act"], act["person"], act["key_id"]))

    # The ledger.

    def check_record(self, n):
        record = self.records[n]
        if not self.about(record):
            raise Wrong("it is about another packet")
        proofs = [proof for proof in self.proofs if proof["record"]["position"] == record["position"]]
        if not proofs:
            raise Unknown("no proof of it is in the bundle: ifpacket ledger checkpoint, and make the bundle again")
        proof, leaf = proofs[0], sha(b"\0" + text_of(record))
        if not same(proof["record"], record) or base64.b64encode(leaf).decode() != proof["leaf_hash"]:
            raise Wrong("it is not the record that was proved")
        note = self.checkpoint(proof["checkpoint"]["note"])
        for name in ("origin", "base", "size"):
            if proof["checkpoint"][name] != note[name]:
                raise Wrong("its proof tells another %s than its checkpoint" % name)
        if proof["index"] != record["position"] - note["base"] - 1:
            raise Wrong("it is no leaf %d" % proof["index"])
        if climb(leaf, proof["index"], note["size"], proof["path"]) != note["root"] or proof["checkpoint"]["root"] != note["text_root"]:
            raise Wrong("its path does not lead to the checkpoint's root")
        return "%s, leaf %d of %d under the checkpoint's root" % (get(record, "event"), proof["index"], note["size"])

    def about(self, record):
        if self.id in (get(record, "tracking_id"), get(record, "became")):
            return True
        packed, plain = b"".join(raw(v) for k, v in record["fields"] if k == "ids"), self.id.replace("-", "")
        ids = [packed[i:i + 16] for i in range(0, len(packed), 16)]
        return bool(re.match(r"[0-9a-fA-F]{32}\Z", plain)) and bytes.fromhex(plain) in ids

    def checkpoint(self, text):
        """A checkpoint's note, whose signature was checked (C2SP tlog-checkpoint and signed-note)."""
        if text not in self.notes:
            body, _, signatures = text.partition("\n\n")
            body, lines = body + "\n", body.split("\n")
            base = int(lines[4][5:]) if len(lines) > 4 else 0
            note = {"origin": lines[0], "size": int(lines[1]), "root": unbase64(lines[2], 32), "text_root": lines[2], "base": base, "name": ""}
            for entry in self.keys.values():
                public = unbase64(entry["public_key"], 32)
                mark = sha(lines[0].encode() + b"\n\x01" + public)[:4]
                for line in signatures.splitlines():
                    found = re.match("\u2014 (\\S+) (\\S+)\\Z", line)
                    if not found or entry["role"] != "log" or found.group(1) != lines[0]:
                        continue
                    blob = unbase64(found.group(2), 68)
                    if blob[:4] == mark:
                        signed(public, body.encode(), blob[4:], "log key %s of %s" % (entry["key_id"], entry["name"]))
                        valid(entry, base + note["size"])
                        note["name"] = "log key %s of %s" % (entry["key_id"], entry["name"])
            if not note["name"]:
                raise Wrong("no log key of the keyring has signed it")
            self.notes[text] = note
        return self.notes[text]

    def check_checkpoint(self):
        if self.note is None:
            raise Unknown("no checkpoint covers the records yet: ifpacket ledger checkpoint, and make the bundle again")
        note = self.checkpoint(self.note.decode())
        return "%d records of %s, signed by %s" % (note["size"], note["origin"], note["name"])

    def state(self):
        """Position of the newest record that has the packet's digest, and whether that is the packet as it is here."""
        states = [r for r in self.records if get(r, "event") in ("dispatched", "held", "blocked")
                  or get(r, "event") == "released" and get(r, "became") in ("", self.id)]
        if not states:
            raise Nothing("no record has its digest")
        record, batch = states[-1], not get(states[-1], "tracking_id")
        digest = bytes.fromhex(get(record, "packet_digest"))
        if self.packet is None:
            raise Nothing("the packet is not in the bundle")
        if self.seals:
            is_it = digest == (self.root(self.seals[-1]) if batch else self.leaf(self.seals[-1]))
        else:
            is_it = digest == sha(self.stored)
        if batch and not is_it or not is_it and not self.seals and get(record, "event") in ("held", "blocked"):
            is_it = None  # the digest is over more than this packet
        return record["position"] if is_it is not False else 0, is_it

    def check_logged(self):
        if not self.records:
            raise Unknown("no record of the ledger is in the bundle")
        _, is_it = self.state()
        if is_it is None:
            raise Nothing("the record names the packet, and its digest is over more than what is here")
        if not is_it:
            raise Wrong("the newest record of its state is not of the packet as it is here")
        return "the newest record of its state is of the packet as it is here"

    # The report, which says the same again.

    def check_report(self):
        r = self.report
        if r is None:
            raise Wrong("report.json is missing")
        for name, own in (("packet", self.packet), ("decision", self.decision), ("ledger", self.records), ("tracking_id", self.id)):
            if not same(r[name], own):
                raise Wrong("its %s is not the one that is here" % name)
        if r["proof"] is not None and not any(same(r["proof"], proof) for proof in self.proofs):
            raise Wrong("its proof is not among those that are here")
        if [s["key_id"] for s in r["seals"]] != [s["key_id"] for s in self.seals]:
            raise Wrong("its seals are not those of the packet")
        if [e["entry"] for e in r["lineage"]["entries"]] != self.lineage:
            raise Wrong("its lineage is not the packet's")
        if self.packet is not None:
            held = any(place.get("held") for place in r["places"][:1])
            if r["verdict"]["destination"] == "here" and not held and r["places"][0]["key"] != self.seals[-1]["destination"]:
                raise Wrong("it says that the packet is where it was sealed for, and found it in %s" % r["places"][0]["key"])
            linked, broken = self.links()
            digest = hexed(canonical(self.packet["contents"]))
            links = "broken at %d" % broken if broken else "intact" if linked else "absent"
            contents = "match" if all(s["contents_sha256"] == digest for s in self.seals) else "edited"
            if r["verdict"]["links"] != links or r["verdict"]["contents"] != (contents if self.seals else "unsealed"):
                raise Wrong("its verdict is not what the packet shows")
            if r["verdict"]["overall"] == "verified" and (not self.seals or broken or contents != "match"):
                raise Wrong("it calls verified what is not")
            if r["verdict"]["overall"] == "tampered" and not self.failed:
                raise Wrong("it calls the packet tampered, and nothing above shows why")
        return "fate %s; %s" % (r["fate"], r["verdict"]["overall"] if r["verdict"] else "nothing to verify but the records")


def main():
    options = argparse.ArgumentParser(description="Checks the evidence in a folder, offline: 0 when it holds, 1 when not.")
    options.add_argument("folder", nargs="?", default=os.path.dirname(os.path.abspath(__file__)), help="default: that of this script")
    options.add_argument("--root", metavar="KEY_ID", help="the id of the root key that the keyring must have")
    options = options.parse_args()
    counts = {"ok": 0, "FAIL": 0, "?": 0, "-": 0}

    def check(name, do):
        mark = "FAIL"
        try:
            mark, why = "ok", do()
        except Unknown as said:
            mark, why = "?", said
        except Nothing as said:
            mark, why = "-", said
        except Wrong as said:
            mark, why = "FAIL", said
        except Exception as fault:  # it lacks what it needs, or is something else altogether
            mark, why = "FAIL", "it cannot be read: %s: %s" % (type(fault).__name__, fault)
        counts[mark] += 1
        if mark == "FAIL":
            b.failed.add(name)
        line = "%-4s  %-12s  %s" % (mark, name, why)
        print("".join(c if c.isprintable() else ascii(c)[1:-1] for c in line))

    try:
        b = Bundle(options.folder)
    except Exception as fault:
        print("FAIL  bundle        it cannot be read: %s" % fault)
        return 1
    print("evidence on packet %s" % ascii(b.id)[1:-1])
    check("manifest", b.check_manifest)
    check("keyring", lambda: b.check_keyring(options.root))
    for name in ("packet", "contents", "links", "checksum"):
        check(name, getattr(b, "check_" + name))
    for n in range(1, len(b.seals) + 1):
        check("seal %d" % n, lambda: b.check_seal(n))
    for name in ("covered", "decision", "approvals", "checkpoint"):
        check(name, getattr(b, "check_" + name))
    for n, record in enumerate(b.records):
        check("record %s" % record.get("position"), lambda: b.check_record(n))
    for name in ("logged", "report"):
        check(name, getattr(b, "check_" + name))
    print("%d checks hold, %d fail, %d could not be made; of %d there was nothing to check"
          % (counts["ok"], counts["FAIL"], counts["?"], counts["-"]))
    print("the evidence holds" if not counts["FAIL"] and not counts["?"] else "THE EVIDENCE IS NOT PROVED")
    return 1 if counts["FAIL"] or counts["?"] else 0


if __name__ == "__main__":
    sys.exit(main())
