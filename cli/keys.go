package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
)

func (a *app) keysCommand() *cobra.Command {
	keys := &cobra.Command{
		Use:   "keys",
		Short: "Keys of persons and programs: make, list, trust, revoke",
		Long:  "Private keys stay in files of this machine; the public ones are in the server's keyring, which its root key signs.\nThe first key that is made on a server makes the root key too. Keys made on other machines ask to be trusted.",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			return usage("keys needs one of new, list, export, trust, revoke, restore; see ifpacket keys --help")
		},
	}
	keys.AddCommand(
		a.keysNewCommand(),
		a.keysPlainCommand("list", "All keys, and how they stand with the keyring", a.keysList),
		a.keysPlainCommand("export", "Print the signed keyring, for verifying without a server", a.keysExport),
		a.keysOneCommand("trust", "Take a key that asks for it into the keyring (where the root key is)", (*keyring.Keyring).Trust),
		a.keysOneCommand("revoke", "End a key for good, or refuse one that asks (where the root key is)", (*keyring.Keyring).Revoke),
		a.keysPlainCommand("restore", "Put the pinned keyring back after the server lost or changed it (where the root key is)", a.keysRestore),
	)
	return keys
}

func (a *app) keysNewCommand() *cobra.Command {
	var role string
	var n keyring.NewKey
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Make a key on this machine",
		Args:  noArgs,
		Example: `ifpacket keys new --role operator --name ann-laptop --person ann
ifpacket keys new --role seal --name router --origin 'router-*'`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"name", "person"} {
				if flag := cmd.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" {
					return usage("--%s is empty; name a value or leave it away", name)
				}
			}
			switch n.Role = keyring.Role(role); n.Role {
			case keyring.Seal, keyring.Operator, keyring.Log:
			case "":
				return usage("keys new needs --role: seal, operator or log")
			default:
				return usage("--role %s is unknown; known are seal, operator, log", printable(role))
			}
			if n.Name == "" {
				return usage("keys new needs --name, whose or which program's key it is")
			}
			return keysError(a.keysNew(cmd.Context(), n))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&role, "role", "", "seal (a program), operator (a person) or log (checkpoints)")
	flags.StringVar(&n.Name, "name", "", "what the key is called")
	flags.StringVar(&n.Person, "person", "", "whose it is: a quorum counts persons (default: the name)")
	flags.StringArrayVar(&n.Origins, "origin", nil, "glob of origins that a seal key may seal; may be repeated (default *)")
	flags.StringArrayVar(&n.Actors, "actor", nil, "an actor's name that counts as this person's; may be repeated (default: name and person)")
	return cmd
}

// keysPlainCommand is a command without arguments.
func (a *app) keysPlainCommand(use, short string, run func(context.Context) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return keysError(run(cmd.Context())) },
	}
}

// keysOneCommand is a command on one key.
func (a *app) keysOneCommand(use, short string, do func(*keyring.Keyring, context.Context, string) (keyring.Entry, error)) *cobra.Command {
	return &cobra.Command{
		Use:   use + " KEY_ID",
		Short: short,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("keys %s takes one key id, or its first digits; see ifpacket keys list", use)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return keysError(a.keysOne(cmd.Context(), args[0], do))
		},
	}
}

func (a *app) keysNew(ctx context.Context, n keyring.NewKey) error {
	return a.tabled(ctx, func(place *place, output string) error {
		keys := place.engine.Keyring()
		if err := a.tellRing(ctx, keys); err != nil {
			return err
		}
		made, err := keys.New(ctx, n)
		if made.Note != "" {
			a.tell(made.Note)
		}
		if err != nil {
			return err
		}
		state := keyring.Requested
		if made.Trusted {
			state = keyring.Trusted
		}
		a.printKeys(output, keyring.Listed{Entry: made.Entry, State: state, Local: true})
		return nil
	})
}

func (a *app) keysList(ctx context.Context) error {
	return a.tabled(ctx, func(place *place, output string) error {
		keys := place.engine.Keyring()
		if err := a.tellRing(ctx, keys); err != nil {
			return err
		}
		list, err := keys.List(ctx)
		if err != nil {
			return err
		}
		if output == "json" {
			a.printJSON(list)
			return nil
		}
		a.printKeys(output, list...)
		return nil
	})
}

func (a *app) keysExport(ctx context.Context) error {
	return a.with(ctx, "json", []string{"json"}, func(place *place, _ string) error {
		keys := place.engine.Keyring()
		if err := a.tellRing(ctx, keys); err != nil {
			return err
		}
		document, err := keys.Export(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s\n", document)
		return nil
	})
}

func (a *app) keysOne(ctx context.Context, given string, do func(*keyring.Keyring, context.Context, string) (keyring.Entry, error)) error {
	return a.tabled(ctx, func(place *place, output string) error {
		keys := place.engine.Keyring()
		keyID, err := keys.Resolve(ctx, given)
		if err != nil {
			return err
		}
		if _, err = do(keys, ctx, keyID); err != nil {
			return err
		}
		list, err := keys.List(ctx)
		if err != nil {
			return err
		}
		for _, l := range list {
			if l.KeyID == keyID {
				a.printKeys(output, l)
				return nil
			}
		}
		a.tell("the request of key " + keyID + " is refused and gone")
		return nil
	})
}

func (a *app) keysRestore(ctx context.Context) error {
	place, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer place.Close()
	keys := place.engine.Keyring()
	if err := keys.Restore(ctx); err != nil {
		return err
	}
	ring, err := keys.Ring(ctx)
	if err == nil {
		a.tell(fmt.Sprintf("version %d of the keyring is in place", ring.Version()))
	}
	return err
}
