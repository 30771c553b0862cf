package views

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/infrafabric/ifpacket/internal/durable"
)

// draft is a packet being written.
type draft struct {
	Origin    string `json:"origin"`
	Key       string `json:"key"`
	Operation string `json:"operation"`
	Schema    string `json:"schema"`
	TTL       string `json:"ttl"`
	Format    string `json:"format"`
	Contents  string `json:"contents"`
}

// sent is a packet that was written here, and what became of it.
type sent struct {
	At         time.Time `json:"at"`
	TrackingID string    `json:"tracking_id"`
	Decision   string    `json:"decision"`
	Draft      draft     `json:"draft"`
}

// desk is what of the composer survives a restart.
type desk struct {
	Draft   draft  `json:"draft"`
	History []sent `json:"history"` // newest first
}

// maxHistory is how many sent packets are remembered.
const maxHistory = 50

func deskFile(dir string) string { return filepath.Join(dir, "composer.json") }

// loadDesk reads what was kept; nothing kept is an empty desk. A file that
// cannot be read is reported and left as it is.
func loadDesk(dir string) (desk, error) {
	var d desk
	if dir == "" {
		return d, nil
	}
	text, err := os.ReadFile(deskFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	if err != nil {
		return desk{}, fmt.Errorf("drafts in %s cannot be read: %w", deskFile(dir), err)
	}
	return d, nil
}

// saveDesk writes the desk whole or not at all.
func saveDesk(dir string, d desk) error {
	if dir == "" {
		return nil
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return durable.Write(deskFile(dir), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
