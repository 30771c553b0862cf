package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// ErrURL is what Parse says of a URL it cannot use.
var ErrURL = errors.New("not a usable Redis URL")

// Target is what a URL names, without its secrets.
type Target struct {
	Kind   string   // "single", "sentinel" or "cluster"
	Addrs  []string // host:port, or the path of a unix socket
	Master string   // Sentinel's name for the master
	DB     int

	options redis.UniversalOptions
}

// Parse reads one of
//
//	redis://[user:password@]host[:port][/db]
//	rediss://… the same with TLS; ?skip_verify=true trusts any certificate
//	unix://[user:password@]/path/to.sock[?db=n]
//	redis+sentinel://[user:password@]host:port,host:port/master[/db][?tls=true]
//	redis+cluster://[user:password@]host:port,host:port[?tls=true]
//
// Its errors match ErrURL and repeat nothing of the URL but its scheme: a
// password may stand anywhere in a URL that is written wrong.
func Parse(raw string) (Target, error) {
	scheme, rest, found := strings.Cut(raw, "://")
	if scheme = strings.ToLower(scheme); !found || strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz+") != "" || scheme == "" {
		return Target{}, badURL("it has no scheme; write redis://host:port/db")
	}
	if strings.Contains(rest, "#") {
		return Target{}, badURL("a # must be written as %23")
	}
	switch scheme {
	case "redis", "rediss", "unix":
		return parseSingle(raw, scheme)
	case "redis+sentinel", "redis+cluster":
		return parseMany(rest, scheme)
	}
	return Target{}, badURL(fmt.Sprintf("scheme %q is unknown; known are redis, rediss, unix, redis+sentinel, redis+cluster", scheme))
}

func parseSingle(raw, scheme string) (Target, error) {
	o, err := redis.ParseURL(raw)
	if err != nil {
		return Target{}, badURL(withoutSecrets(err))
	}
	_, query, _ := strings.Cut(raw, "?")
	if _, err := options(query, "db", "skip_verify"); err != nil {
		return Target{}, err
	}
	if scheme != "unix" && !hasPort(o.Addr) {
		return Target{}, badURL("the port is not a number from 1 to 65535")
	}
	if o.DB < 0 {
		return Target{}, badURL("the database is not a number from 0 up")
	}
	t := Target{Kind: "single", Addrs: []string{o.Addr}, DB: o.DB}
	t.options = redis.UniversalOptions{
		Addrs: t.Addrs, DB: o.DB, Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig,
	}
	if o.Network == "unix" {
		t.options.Dialer = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "unix", o.Addr)
		}
	}
	return t, nil
}

// parseMany reads the two forms that name several servers, which net/url
// would refuse for the commas between ports.
func parseMany(rest, scheme string) (Target, error) {
	rest, query, _ := strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	var o redis.UniversalOptions
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, password, _ := strings.Cut(authority[:i], ":")
		var err error
		if o.Username, err = url.PathUnescape(user); err == nil {
			o.Password, err = url.PathUnescape(password)
		}
		if err != nil {
			return Target{}, badURL("user or password are not percent-encoded rightly")
		}
		authority = authority[i+1:]
	}
	for i, addr := range strings.Split(authority, ",") {
		if !hasPort(addr) {
			return Target{}, badURL(fmt.Sprintf("server %d is not written as host:port, the port from 1 to 65535", i+1))
		}
		o.Addrs = append(o.Addrs, addr)
	}
	values, err := options(query, "tls")
	if err != nil {
		return Target{}, err
	}
	if yes, _ := strconv.ParseBool(values.Get("tls")); yes {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t := Target{Kind: strings.TrimPrefix(scheme, "redis+"), Addrs: o.Addrs}
	if t.Kind == "sentinel" {
		master, db, _ := strings.Cut(path, "/")
		if master, err = url.PathUnescape(master); err != nil || master == "" {
			return Target{}, badURL("Sentinel needs the master's name: redis+sentinel://host:port/master")
		}
		if db != "" {
			n, err := strconv.Atoi(db)
			if err != nil || n < 0 {
				return Target{}, badURL("the database is not a number from 0 up")
			}
			t.DB, o.DB = n, n
		}
		t.Master, o.MasterName = master, master
		// Sentinels are commonly reached with the master's credentials.
		o.SentinelUsername, o.SentinelPassword = o.Username, o.Password
	} else if strings.Trim(path, "/0") != "" {
		return Target{}, badURL("a Cluster has no databases; leave the path away")
	}
	t.options = o
	return t, nil
}

// String is the address for people: no user, no password.
func (t Target) String() string {
	at := strings.Join(t.Addrs, ",")
	switch {
	case t.Kind == "sentinel":
		return t.Master + "@" + at
	case t.DB != 0:
		return at + "/" + strconv.Itoa(t.DB)
	}
	return at
}

// connect makes a client. Automatic retries are off: go-redis would repeat a
// write whose reply was lost, and only a script that knows the packet's mark
// can tell that it has landed.
func (t Target) connect(name string, readBuffer int) redis.UniversalClient {
	o := t.options
	o.ClientName = name
	o.Protocol = 2
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.MaxRetries = -1
	o.DialerRetries = 1
	o.DialTimeout = dialTimeout
	o.ReadTimeout = replyTimeout
	o.WriteTimeout = replyTimeout
	o.ContextTimeoutEnabled = true
	if readBuffer > 0 {
		o.ReadBufferSize = readBuffer
	}
	switch t.Kind {
	case "cluster":
		return redis.NewClusterClient(o.Cluster())
	case "sentinel":
		return redis.NewFailoverClient(o.Failover())
	}
	return redis.NewClient(o.Simple())
}

// QuietLibrary keeps go-redis from writing to stderr, where it would tear the
// screen; what it says there is in the errors too.
func QuietLibrary() { logging.Disable() }

func hasPort(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	n, numErr := strconv.Atoi(port)
	return err == nil && numErr == nil && n >= 1 && n <= 65535
}

// options reads what stands behind the question mark. What would be ignored
// is refused.
func options(query string, known ...string) (url.Values, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, badURL("its options are not percent-encoded rightly")
	}
	for name, v := range values {
		if !slices.Contains(known, name) || len(v) != 1 {
			return nil, badURL("it has options that do not belong there; known are " + strings.Join(known, " and ") + ", each once")
		}
		if _, err := strconv.ParseBool(v[0]); err != nil && name != "db" {
			return nil, badURL(name + " is neither true nor false")
		}
	}
	return values, nil
}

func badURL(why string) error { return fmt.Errorf("%w: %s", ErrURL, why) }

// withoutSecrets puts a URL error into words that repeat nothing of the URL.
func withoutSecrets(err error) string {
	text := err.Error()
	for _, known := range []struct{ part, why string }{
		{"invalid port", "the port is not a number from 1 to 65535"},
		{"database number", "the database is not a number from 0 up"},
		{"URL path", "behind the host only the database's number may stand; write a / in the password as %2F"},
		{"socket path", "the path of the socket is missing; write unix:///path/to.sock"},
		{"unexpected option", "it has options that do not belong there; known are db and skip_verify"},
		{"userinfo", "user or password are not percent-encoded rightly"},
		{"URL escape", "it is not percent-encoded rightly"},
	} {
		if strings.Contains(text, known.part) {
			return known.why
		}
	}
	return "it cannot be read; write redis://user:password@host:port/db, user and password percent-encoded"
}
