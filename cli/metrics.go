package cli

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"

	"github.com/infrafabric/ifpacket/core/engine"
)

// writeMetrics writes the server's metrics once, in Prometheus' text format.
func writeMetrics(to io.Writer, e *engine.Engine) error {
	families, err := e.ServerMetrics(Version).Gather()
	if err != nil {
		return err
	}
	encoder := expfmt.NewEncoder(to, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return err
		}
	}
	return nil
}

// metricsAddress reads where to listen: an address, or a port, or a port
// behind a colon, which are on the loopback.
func metricsAddress(text string) (string, error) {
	if !strings.Contains(text, ":") {
		text = ":" + text
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || port == "" {
		return "", usage("--metrics %q is no address: say a port (9420) or host:port (0.0.0.0:9420)", text)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// serveMetrics serves the metrics until it is told to stop, and tells where.
func (a *app) serveMetrics(address string, e *engine.Engine) (stop func(), err error) {
	address, err = metricsAddress(address)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics: %w; name another address", err)
	}
	process := prometheus.NewRegistry()
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(prometheus.Gatherers{e.Metrics(Version), process}, promhttp.HandlerOpts{}))
	mux.Handle("GET /{$}", http.RedirectHandler("/metrics", http.StatusFound))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	where := "http://" + listener.Addr().String() + "/metrics"
	a.told("metrics are at " + where)
	e.Watcher().Note("metrics", where, "Prometheus may read them while this runs")
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	return func() {
		_ = server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			_ = listener.Close()
		}
	}, nil
}
