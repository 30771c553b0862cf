package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
)

// configuration is the file config.yaml. All of it is optional.
type configuration struct {
	Profile  string              `yaml:"profile"` // the one used when none is named
	Profiles map[string]profile  `yaml:"profiles"`
	Theme    string              `yaml:"theme"`
	Keys     map[string][]string `yaml:"keys"` // binding id → keys; [] unbinds
}

type profile struct {
	Redis    string `yaml:"redis"`
	ReadOnly bool   `yaml:"read_only"`
	Policy   string `yaml:"policy"`   // default, s2, or a file
	Operator string `yaml:"operator"` // whose local key signs
	// Ledger is "ephemeral" for a server that is expected to lose its data: an
	// empty one then begins a new ledger by itself.
	Ledger string `yaml:"ledger"`
	// Unrecorded are globs of the keys from which programs take packets without
	// recording it.
	Unrecorded []string `yaml:"unrecorded"`
}

// ephemeral is the word of a profile for a server that may lose its data.
const ephemeral = "ephemeral"

// loadConfig reads the file named, or the usual one if it is there.
func loadConfig(path string) (configuration, error) {
	var c configuration
	named := path != ""
	if !named {
		path = filepath.Join(configHome(), "ifpacket", "config.yaml")
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return c, nil
	}
	if err != nil {
		return c, usage("configuration: %v", err)
	}
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		return c, usage("configuration %s: %s", path, firstLine(yaml.FormatError(err, false, false)))
	}
	if c.Theme != "" && !slices.Contains(themes.Names(), c.Theme) {
		return c, usage("configuration %s: theme %q is unknown; known are %s", path, c.Theme, strings.Join(themes.Names(), ", "))
	}
	for name, p := range c.Profiles {
		if p.Ledger != "" && p.Ledger != ephemeral {
			return c, usage("configuration %s: profile %s: ledger: %q is unknown; known is %s", path, name, p.Ledger, ephemeral)
		}
	}
	if _, err := keymap.New(c.Keys); err != nil {
		return c, usage("configuration %s: keys: %v", path, err)
	}
	return c, nil
}

func configHome() string { return xdg("XDG_CONFIG_HOME", ".config") }

// stateHome is where drafts and history are kept.
func stateHome() string { return filepath.Join(xdg("XDG_STATE_HOME", ".local/state"), "ifpacket") }

// dataHome is where keys and exports are kept.
func dataHome() string { return filepath.Join(xdg("XDG_DATA_HOME", ".local/share"), "ifpacket") }

func xdg(name, preset string) string {
	if dir := os.Getenv(name); filepath.IsAbs(dir) {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return preset
	}
	return filepath.Join(home, preset)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
