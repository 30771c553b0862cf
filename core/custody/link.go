package custody

import (
	"errors"
	"fmt"
	"strings"
)

// linkDomain begins what every link hashes, so that no other digest of this
// module can be taken for one.
const linkDomain = "if.link.v1\n"

// ErrNewline is returned for a part with a newline in it, which could shift
// the borders between the parts of a link.
var ErrNewline = errors.New("a newline is not allowed in a link")

// Link computes the link of one lineage entry, as 64 lower-case hex digits:
// SHA-256 of these bytes, each part as it is and each newline one 0x0A,
//
//	"if.link.v1" 0x0A
//	tracking_id  0x0A      36 characters
//	contents_sha256 0x0A   64 hex digits, see ContentsSHA256
//	previous     0x0A      the link of the entry before, "" for the first
//	body                   the entry without its |h:'…', no newline behind it
//
// A part with a newline in it is refused with ErrNewline.
func Link(trackingID, contentsSHA256, previous, body string) (string, error) {
	for i, part := range [...]string{trackingID, contentsSHA256, previous, body} {
		if strings.IndexByte(part, '\n') >= 0 {
			return "", fmt.Errorf("%s: %w", [...]string{"tracking_id", "contents_sha256", "previous link", "entry"}[i], ErrNewline)
		}
	}
	var room [320]byte
	return hexSHA256(appendLink(room[:0], trackingID, contentsSHA256, previous, body)), nil
}

func appendLink(dst []byte, trackingID, contentsSHA256, previous, body string) []byte {
	dst = append(dst, linkDomain...)
	dst = append(append(dst, trackingID...), '\n')
	dst = append(append(dst, contentsSHA256...), '\n')
	dst = append(append(dst, previous...), '\n')
	return append(dst, body...)
}
