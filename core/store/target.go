package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
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
//	redis://[user:password@]host[:port][/db]      rediss:// for TLS
//	unix://[user:password@]/path/to.sock[?db=n]
//	redis+sentinel://[user:password@]host:port,host:port/master[/db]
//	redis+cluster://[user:password@]host:port,host:port
//
// Its errors match ErrURL and never repeat the URL's secrets.
func Parse(raw string) (Target, error) {
	scheme, _, found := strings.Cut(raw, "://")
	if !found {
		return Target{}, badURL("it has no scheme; write redis://host:port/db")
	}
	switch scheme {
	case "redis", "rediss", "unix":
		return parseSingle(raw, scheme)
	case "redis+sentinel", "redis+cluster":
		return parseMany(raw, scheme)
	}
	return Target{}, badURL(fmt.Sprintf("scheme %q is unknown; known are redis, rediss, unix, redis+sentinel, redis+cluster", scheme))
}

func parseSingle(raw, scheme string) (Target, error) {
	o, err := redis.ParseURL(raw)
	if err != nil {
		return Target{}, badURL(withoutSecrets(err))
	}
	if err := checkPort(o.Addr, scheme == "unix"); err != nil {
		return Target{}, err
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
func parseMany(raw, scheme string) (Target, error) {
	rest := strings.TrimPrefix(raw, scheme+"://")
	authority, path, _ := strings.Cut(rest, "/")
	path, query, _ := strings.Cut(path, "?")
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
	for _, addr := range strings.Split(authority, ",") {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return Target{}, badURL(fmt.Sprintf("%q is not host:port", addr))
		}
		if err := checkPort(addr, false); err != nil {
			return Target{}, err
		}
		o.Addrs = append(o.Addrs, addr)
	}
	if v, err := url.ParseQuery(query); err == nil && v.Get("tls") == "true" {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t := Target{Kind: strings.TrimPrefix(scheme, "redis+"), Addrs: o.Addrs}
	if t.Kind == "sentinel" {
		master, db, _ := strings.Cut(path, "/")
		if master == "" {
			return Target{}, badURL("Sentinel needs the master's name: redis+sentinel://host:port/master")
		}
		if db != "" {
			n, err := strconv.Atoi(db)
			if err != nil || n < 0 {
				return Target{}, badURL(fmt.Sprintf("database %q is not a number", db))
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

func checkPort(addr string, unix bool) error {
	if unix {
		return nil
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return badURL(fmt.Sprintf("%q is not host:port", addr))
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return badURL(fmt.Sprintf("port %q is not between 1 and 65535", port))
	}
	return nil
}

func badURL(why string) error { return fmt.Errorf("%w: %s", ErrURL, why) }

// withoutSecrets keeps the part of a URL error that does not repeat the URL.
func withoutSecrets(err error) string {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
		if strings.Contains(err.Error(), "invalid port") {
			return "the port is not a number"
		}
	}
	return strings.TrimPrefix(err.Error(), "redis: ")
}
