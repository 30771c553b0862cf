package embedded

import (
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"time"
)

// section writes a part of INFO.
type section struct {
	name  string
	write func(s *Server, line func(name string, value any))
}

var sections = []section{
	{"Server", serverInfo}, {"Clients", clientsInfo}, {"Memory", memoryInfo}, {"Persistence", persistenceInfo},
	{"Stats", statsInfo}, {"Replication", replicationInfo}, {"CPU", func(*Server, func(string, any)) {}},
	{"Cluster", clusterInfo}, {"Keyspace", keyspaceInfo},
}

// info answers INFO: all sections, or those named. A name that is none gives
// nothing, as in Redis.
func info(x *call) {
	wanted := func(name string) bool {
		return len(x.args) == 0 || slices.ContainsFunc(x.args, func(a string) bool {
			return strings.EqualFold(a, name) || slices.Contains([]string{"all", "everything", "default"}, strings.ToLower(a))
		})
	}
	var b strings.Builder
	for _, sec := range sections {
		if !wanted(sec.name) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\r\n")
		}
		fmt.Fprintf(&b, "# %s\r\n", sec.name)
		sec.write(x.s, func(name string, value any) { fmt.Fprintf(&b, "%s:%v\r\n", name, value) })
	}
	x.peer.WriteBulk(b.String())
}

func serverInfo(s *Server, line func(string, any)) {
	up := int(time.Since(s.started) / time.Second)
	line("redis_version", version)
	line("redis_mode", "standalone")
	line("os", runtime.GOOS+" "+runtime.GOARCH)
	line("arch_bits", 32<<(^uint(0)>>63))
	line("multiplexing_api", "go")
	line("process_id", os.Getpid())
	line("run_id", s.runID)
	line("tcp_port", s.Addr()[strings.LastIndexByte(s.Addr(), ':')+1:])
	line("server_time_usec", s.now.UnixMicro())
	line("uptime_in_seconds", up)
	line("uptime_in_days", up/86400)
	line("executable", "embedded")
	line("config_file", "")
}

func clientsInfo(s *Server, line func(string, any)) {
	line("connected_clients", len(s.conns))
	line("cluster_connections", 0)
	line("maxclients", s.config.values["maxclients"])
	line("blocked_clients", len(s.waiters))
	line("tracking_clients", 0)
}

// memoryInfo: the memory is that of the whole process, which the server shares.
func memoryInfo(s *Server, line func(string, any)) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}}
	metrics.Read(sample)
	used, total := sample[0].Value.Uint64(), sample[1].Value.Uint64()
	line("used_memory", used)
	line("used_memory_human", human(used))
	line("used_memory_rss", total)
	line("used_memory_rss_human", human(total))
	line("used_memory_lua", 0)
	limit, _ := parseMemory(s.config.values["maxmemory"])
	line("maxmemory", limit)
	line("maxmemory_human", human(uint64(limit)))
	line("maxmemory_policy", s.config.values["maxmemory-policy"])
	line("mem_fragmentation_ratio", fmt.Sprintf("%.2f", float64(total)/float64(max(used, 1))))
	line("mem_allocator", "go")
}

func human(n uint64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%dB", n)
	case n < 1<<20:
		return fmt.Sprintf("%.2fK", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.2fM", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.2fG", float64(n)/(1<<30))
}

// persistenceInfo: nothing is ever saved.
func persistenceInfo(s *Server, line func(string, any)) {
	line("loading", 0)
	line("rdb_bgsave_in_progress", 0)
	line("rdb_last_save_time", s.started.Unix())
	line("rdb_last_bgsave_status", "ok")
	line("aof_enabled", 0)
	line("aof_rewrite_in_progress", 0)
	line("aof_last_bgrewrite_status", "ok")
	line("aof_last_write_status", "ok")
}

func statsInfo(s *Server, line func(string, any)) {
	s.stats.roll(s.now)
	line("total_connections_received", s.stats.connections)
	line("total_commands_processed", s.stats.commands)
	line("instantaneous_ops_per_sec", s.stats.lastSecond)
	line("rejected_connections", 0)
	line("expired_keys", s.stats.expired)
	line("evicted_keys", 0)
	line("keyspace_hits", s.stats.hits)
	line("keyspace_misses", s.stats.misses)
	line("pubsub_channels", len(s.hub.channels))
	line("pubsub_patterns", len(s.hub.patterns))
	line("pubsubshard_channels", 0)
}

func replicationInfo(s *Server, line func(string, any)) {
	line("role", "master")
	line("connected_slaves", 0)
	line("master_failover_state", "no-failover")
	line("master_replid", s.runID)
	line("master_repl_offset", 0)
}

func clusterInfo(_ *Server, line func(string, any)) { line("cluster_enabled", 0) }

func keyspaceInfo(s *Server, line func(string, any)) {
	expires, ahead := map[int]int{}, map[int]time.Duration{}
	for _, d := range s.deadlines.next {
		expires[d.key.db]++
		ahead[d.key.db] += d.at.Sub(s.now)
	}
	for db := range databases {
		if keys := s.size(db); keys > 0 {
			average := ahead[db] / time.Duration(max(expires[db], 1))
			line("db"+dbName(db), fmt.Sprintf("keys=%d,expires=%d,avg_ttl=%d", keys, expires[db], average.Milliseconds()))
		}
	}
}

// size counts the keys of a database.
func (s *Server) size(db int) (keys int) {
	s.direct(func() {
		r := newReply(nil, false)
		s.toEngine(r, []string{"SELECT", dbName(db)})
		r.clear()
		s.toEngine(r, []string{"DBSIZE"})
		keys = r.number()
	})
	return keys
}
