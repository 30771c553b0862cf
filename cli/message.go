package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/swarm"
)

func (a *app) messageCommand() *cobra.Command {
	return group("message", "Send, read and broadcast messages",
		`ifpacket message send --from sonnet_1 --to haiku_2 --content '{"type": "query", "query_id": "q1", "question": "how many?"}'
ifpacket message listen --channel 'queue:*'`,
		a.messageSendCommand(), a.messageReadCommand("receive"), a.messageReadCommand("peek"), a.messageBroadcastCommand(), a.messageListenCommand())
}

func (a *app) messageSendCommand() *cobra.Command {
	var from, to, content string
	cmd := &cobra.Command{
		Use: "send --from ID --to ID --content JSON", Short: "Put a message into an agent's inbox", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if from == "" || to == "" || content == "" {
				return usage("message send needs --from, --to and --content")
			}
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				id, err := c.Send(cmd.Context(), from, to, content)
				if err != nil {
					return err
				}
				a.say(output, map[string]any{"message_id": id, "from": from, "to": to}, "%s", id)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "who says it")
	cmd.Flags().StringVar(&to, "to", "", "whose inbox")
	cmd.Flags().StringVar(&content, "content", "", "JSON")
	return cmd
}

// messageReadCommand is receive, which takes, or peek, which does not.
func (a *app) messageReadCommand(what string) *cobra.Command {
	var agent string
	var count int
	short := "Take the oldest messages out of an inbox"
	if what == "peek" {
		short = "Look at the oldest messages of an inbox, and leave them there"
	}
	cmd := &cobra.Command{
		Use: what + " --agent ID", Short: short, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if agent == "" {
				return usage("message %s needs --agent", what)
			}
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				var list []swarm.Message
				var err error
				if what == "peek" {
					list, _, err = c.Peek(cmd.Context(), agent, 0, int64(count))
				} else {
					list, err = c.ReceiveMany(cmd.Context(), agent, count)
				}
				if errors.Is(err, swarm.ErrNoMessage) || err == nil && len(list) == 0 {
					return codeOnly(exitNothing)
				}
				if err != nil {
					return err
				}
				code := exitDone
				for _, m := range list {
					if m.Err != nil {
						a.tell(m.Err.Error())
						code = worse(code, exitInvalid)
						continue
					}
					a.say(output, m, "%s  %s  %s", m.ID, m.From, m.Content)
				}
				return endWith(code)
			})
		},
	}
	cmd.Flags().StringVar(&agent, "agent", "", "whose inbox")
	cmd.Flags().IntVar(&count, "count", 1, "how many at most")
	return cmd
}

func (a *app) messageBroadcastCommand() *cobra.Command {
	var channel, content string
	cmd := &cobra.Command{
		Use: "broadcast --channel C --content JSON", Short: "Say something to all who listen to a channel right now", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if channel == "" || content == "" {
				return usage("message broadcast needs --channel and --content")
			}
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				heard, err := c.Broadcast(cmd.Context(), channel, content)
				if err != nil {
					return err
				}
				a.say(output, map[string]any{"channel": channel, "heard_by": heard}, "heard by %d", heard)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&channel, "channel", "", "the channel, without \"channel:\"")
	cmd.Flags().StringVar(&content, "content", "", "JSON")
	return cmd
}

// heardLine is what message listen prints.
type heardLine struct {
	Channel string          `json:"channel"`
	At      string          `json:"at"`
	Payload json.RawMessage `json:"payload"`
	Gap     bool            `json:"gap,omitempty"`
}

func (a *app) messageListenCommand() *cobra.Command {
	var channels []string
	cmd := &cobra.Command{
		Use: "listen", Short: "A line for everything that is said on the channels", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				heard, err := c.Listen(cmd.Context(), channels...)
				if err != nil {
					return err
				}
				for h := range heard {
					l := heardLine{h.Channel, h.At.UTC().Format(time.RFC3339Nano), json.RawMessage(h.Payload), h.Gap}
					if !json.Valid(l.Payload) {
						l.Payload, _ = json.Marshal(h.Payload)
					}
					a.say(output, l, "%s  %-24s %s", h.At.Format(time.TimeOnly), h.Channel, h.Payload)
					if a.out.failed() != nil {
						return nil // whoever read us is gone
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().StringSliceVar(&channels, "channel", nil, "globs of channels, without \"channel:\" (default all)")
	return cmd
}

func (a *app) contextCommand() *cobra.Command {
	return group("context", "Share an agent's context, and read it",
		`ifpacket context put --agent haiku_1 --file notes.md
ifpacket context get --agent haiku_1`,
		a.contextPutCommand(), a.contextGetCommand())
}

func (a *app) contextPutCommand() *cobra.Command {
	var agent, path, version string
	cmd := &cobra.Command{
		Use: "put --agent ID [--file F|-]", Short: "Share a text in the place of the context before", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if agent == "" {
				return usage("context put needs --agent")
			}
			return a.swarmWide(cmd.Context(), func(c *swarm.Coordinator, output string) error {
				in, done, err := a.reader(cmd.Context(), path)
				if err != nil {
					return fmt.Errorf("context put: %w", err)
				}
				defer done()
				info, err := c.PutContext(cmd.Context(), agent, in, version)
				if err != nil {
					return err
				}
				a.say(output, map[string]any{"agent_id": agent, "version": info.Version, "size_bytes": info.Size, "chunks": info.Chunks},
					"version %s, %d bytes", info.Version, info.Size)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&agent, "agent", "", "whose context")
	cmd.Flags().StringVar(&path, "file", "-", "the text; - is stdin")
	cmd.Flags().StringVar(&version, "version", "", "only when this version is in place")
	return cmd
}

// reader opens a file, or stdin for "-".
func (a *app) reader(ctx context.Context, path string) (io.Reader, func(), error) {
	if path == "-" {
		return a.input(ctx), func() {}, nil
	}
	file, err := os.Open(path)
	return file, func() { _ = file.Close() }, err
}

func (a *app) contextGetCommand() *cobra.Command {
	var agent string
	cmd := &cobra.Command{
		Use: "get --agent ID", Short: "Print an agent's context as it is", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if agent == "" {
				return usage("context get needs --agent")
			}
			place, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer place.Close()
			text, _, err := place.engine.Swarm().GetContext(cmd.Context(), agent)
			if err != nil {
				return err
			}
			_, err = a.out.Write(text)
			return err
		},
	}
	cmd.Flags().StringVar(&agent, "agent", "", "whose context")
	return cmd
}
