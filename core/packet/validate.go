package packet

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// expectation says, for each field, what the wire format wants.
var expectation = [fieldCount]string{
	fieldOrigin:   "1 to 255 characters",
	fieldContents: "an object",
	fieldSchema:   `"1.0" or "1.1"`,
	fieldTTL:      "an integer from 1 to 86400",
	fieldID:       "a lower-case UUIDv4 of 36 characters",
	fieldTime:     "an ISO 8601 time such as 2025-12-02T14:35:18",
	fieldChain:    "an object with traceable_id, transparent_lineage and trustworthy_signature",
}

const expectText = "text without lone surrogates"

// checkPacket notes every constraint of the wire format that p breaks, but
// for the fields that are marked bad already.
func checkPacket(p *Packet, bad *[fieldCount]bool, parsed bool, out *faults) {
	if !bad[fieldOrigin] {
		checkOrigin(p.Origin, out)
	}
	if !bad[fieldContents] {
		if p.Contents.kind != Object {
			out.add("contents", short(p.Contents), expectation[fieldContents])
		}
		checkInside("contents", p.Contents, parsed, out)
	}
	if !bad[fieldSchema] && !knownVersion(p.SchemaVersion) {
		out.add("schema_version", quoteShort(p.SchemaVersion), expectation[fieldSchema])
	}
	if !bad[fieldTTL] && (p.TTLSeconds < MinTTL || p.TTLSeconds > MaxTTL) {
		out.add("ttl_seconds", strconv.FormatInt(p.TTLSeconds, 10), expectation[fieldTTL])
	}
	if !bad[fieldID] && !ValidTrackingID(p.TrackingID) {
		out.add("tracking_id", quoteShort(p.TrackingID), expectation[fieldID])
	}
	if !bad[fieldTime] {
		if _, _, ok := parseTime(p.DispatchedAt); !ok {
			out.add("dispatched_at", quoteShort(p.DispatchedAt), expectation[fieldTime])
		}
	}
	if p.SchemaVersion == Schema11 || !p.ChainOfCustody.IsNull() {
		checkChain(p, parsed, out)
	}
}

func checkOrigin(origin string, out *faults) {
	switch n := len(origin); {
	case n == 0, n > MaxOriginLen && utf8.RuneCountInString(origin) > MaxOriginLen:
		out.add("origin", quoteShort(origin), expectation[fieldOrigin])
	case !ValidText(origin):
		out.add("origin", quoteShort(origin), expectText)
	}
}

// ValidTrackingID reports whether s is a UUIDv4 of 36 lower-case characters.
func ValidTrackingID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' || s[14] != '4' {
		return false
	}
	if v := s[19]; v != '8' && v != '9' && v != 'a' && v != 'b' {
		return false
	}
	for i := range len(s) {
		if lowerHex[s[i]] || i == 8 || i == 13 || i == 18 || i == 23 {
			continue
		}
		return false
	}
	return true
}

var lowerHex = func() (table [256]bool) {
	for i := range len(hexDigits) {
		table[hexDigits[i]] = true
	}
	return table
}()

// checkChain checks chain_of_custody: an object, or null in schema 1.0; in
// 1.1 with the three members of the paper.
func checkChain(p *Packet, parsed bool, out *faults) {
	chain := p.ChainOfCustody
	if chain.kind != Object {
		out.add("chain_of_custody", short(chain), expectation[fieldChain])
		return
	}
	checkInside("chain_of_custody", chain, parsed, out)
	if p.SchemaVersion != Schema11 {
		return
	}
	checkMember(chain, "traceable_id", String, "a string", out)
	checkMember(chain, "trustworthy_signature", String, "a string", out)
	if !checkMember(chain, "transparent_lineage", Array, "an array of strings", out) {
		return
	}
	lineage, _ := chain.Get("transparent_lineage")
	for i := range lineage.list {
		if v := lineage.list[i].Value; v.kind != String {
			out.add("chain_of_custody.transparent_lineage["+strconv.Itoa(i)+"]", short(v), "a string")
		}
	}
}

func checkMember(chain Value, key string, kind Kind, expected string, out *faults) bool {
	v, ok := chain.Get(key)
	switch {
	case !ok:
		out.add("chain_of_custody."+key, missing, expected)
	case v.kind != kind:
		out.add("chain_of_custody."+key, short(v), expected)
	default:
		return true
	}
	return false
}

// checkInside notes what no packet may hold inside of contents or
// chain_of_custody. The quick look keeps no path; only when it finds
// something does the slow one name the places.
func checkInside(field string, v Value, parsed bool, out *faults) {
	if !soundValue(v, 2) {
		noteUnsound([]step{{field, -1}}, v, parsed, out)
	}
}

// soundValue reports whether v holds JSON alone: finite numbers, text
// without lone surrogates, no binary, each key once, not nested too deep.
func soundValue(v Value, depth int) bool {
	switch v.kind {
	case Float:
		f := math.Float64frombits(v.num)
		return f-f == 0
	case String:
		return ValidText(v.text)
	case Bytes, Ext:
		return false
	case Array, Object:
		return soundList(v, depth)
	}
	return true
}

func soundList(v Value, depth int) bool {
	if depth > MaxDepth {
		return false
	}
	for i := range v.list {
		if !soundValue(v.list[i].Value, depth+1) {
			return false
		}
	}
	if v.kind == Array {
		return true
	}
	for i := range v.list {
		if !ValidText(v.list[i].Key) {
			return false
		}
	}
	sound := true
	eachDuplicate(v.list, func(string) bool { sound = false; return false })
	return sound
}

func noteUnsound(path []step, v Value, parsed bool, out *faults) {
	switch v.kind {
	case Float:
		if f := math.Float64frombits(v.num); f-f != 0 && !parsed {
			out.addAt(path, short(v), "a finite number")
		}
	case String:
		if !ValidText(v.text) {
			out.addAt(path, short(v), expectText)
		}
	case Bytes, Ext:
		if !parsed {
			noteBytes(path, v, out)
		}
	case Array, Object:
		noteUnsoundList(path, v, parsed, out)
	}
}

func noteUnsoundList(path []step, v Value, parsed bool, out *faults) {
	if len(path) > MaxDepth-1 {
		out.addAt(path[:1], "a value "+tooDeep, "at most 512 levels")
		return
	}
	for i, m := range v.list {
		next := step{index: i}
		if v.kind == Object {
			next = step{m.Key, -1}
			if !ValidText(m.Key) {
				out.addAt(path, "the key "+quoteShort(m.Key), expectText)
			}
		}
		noteUnsound(append(path, next), m.Value, parsed, out)
	}
	if v.kind == Object && !parsed {
		noteDuplicates(v.list, path, out)
	}
}

func noteBytes(path []step, v Value, out *faults) {
	out.addAt(path, "binary "+short(v), "a JSON value")
}
