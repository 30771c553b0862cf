package embedded

import (
	"crypto/sha1"
	_ "embed"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/alicebob/miniredis/v2/server"
	"github.com/yuin/gopher-lua/parse"
)

// A script is a Lua script as clients know it, by the SHA-1 of its text.
type script struct {
	text    string // what the engine runs: the client's script inside our frame
	writing bool   // no flag says that it only reads
}

// scriptRun is the script that is running.
type scriptRun struct {
	c     *conn
	db    int
	fault string // the last error that one of its commands gave
}

// askFault is the command by which the frame asks for that error. No client
// can send a script's command, so it is nobody else's.
const askFault = "\x00FAULT"

// The frame stands around every script, so that it sees what real Redis shows
// it. Its head comes before the script on the script's own first line: lines
// keep their numbers.
var (
	//go:embed frame.lua
	frameText string
	//go:embed cjson.lua
	cjsonText string

	frameHead, frameTail, _ = strings.Cut(oneLine(frameText), "SCRIPT")
	cjsonHead               = oneLine(cjsonText)
)

// oneLine joins the lines of a Lua text that are no comments.
func oneLine(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "--") {
			b.WriteString(line + " ")
		}
	}
	return b.String()
}

func sha1Hex(s string) string {
	sum := sha1.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

var luaPlace = regexp.MustCompile(`^.* line:(\d+)\(column:\d+\) near '(.*)':.*`)

// load makes a script known. The text is empty unless it does not compile.
func (s *Server) load(source string) (sha, fault string) {
	sha = sha1Hex(source)
	if _, known := s.scripts[sha]; known {
		return sha, ""
	}
	writing := true
	if strings.HasPrefix(source, "#!") {
		var first string
		first, source, _ = strings.Cut(source, "\n")
		source = "\n" + source
		writing = !strings.Contains(first, "no-writes")
	}
	if _, err := parse.Parse(strings.NewReader(source), "user_script"); err != nil {
		text := strings.Join(strings.Fields(err.Error()), " ")
		text = luaPlace.ReplaceAllString(text, "user_script:$1: syntax error near '$2'")
		return "", "ERR Error compiling script (new function): " + text
	}
	head := frameHead
	if strings.Contains(source, "cjson") {
		head = cjsonHead + head
	}
	s.scripts[sha] = script{
		text:    head + source + "\n" + strings.ReplaceAll(frameTail, "SHA1", sha),
		writing: writing,
	}
	return sha, ""
}

// eval carries out EVAL, EVALSHA and their reading forms.
func eval(x *call) {
	sha := strings.ToLower(x.args[0])
	if strings.HasPrefix(x.name, "EVALSHA") {
		if _, known := x.s.scripts[sha]; !known {
			x.fail("NOSCRIPT No matching script. Please use EVAL.")
			return
		}
	} else {
		var fault string
		if sha, fault = x.s.load(x.args[0]); fault != "" {
			x.fail(fault)
			return
		}
	}
	one := x.s.scripts[sha]
	name := "EVAL"
	if strings.HasSuffix(x.name, "_RO") || !one.writing {
		name = "EVAL_RO"
	}
	x.s.script = &scriptRun{c: x.c, db: x.db}
	defer func() { x.s.script = nil }()
	x.s.toEngine(x.reply, append([]string{name, one.text}, x.args[1:]...))
}

// nested carries out a command of the running script.
func (r *scriptRun) nested(peer *server.Peer, name string, args []string) *call {
	s := r.c.s
	x := &call{reply: newReply(peer.Ctx, false), s: s, c: r.c, db: r.db, name: name, args: args, nested: true}
	if name == askFault {
		x.peer.WriteBulk(r.fault)
		r.fault = "" // told once: the same text raised again is the script's own
		return x
	}
	sp, ok := specs[name]
	x.spec = sp
	s.stats.command(s.now)
	switch {
	case !ok:
		x.fail("ERR Unknown Redis command called from script")
	case !sp.accepts(len(args)):
		x.fail("ERR Wrong number of args calling Redis command from script")
	case sp.noscript:
		x.fail("ERR This Redis command is not allowed from script")
	default:
		if _, _, waits := blockOption(args); waits && strings.HasPrefix(name, "XREAD") {
			x.fail("ERR " + name + " command is not allowed with BLOCK option from scripts")
		} else if b, ok := blockers[name]; ok {
			s.tryBlock(x, b)
		} else {
			s.run(x)
		}
	}
	if x.failed() {
		r.fault = strings.TrimRight(string(x.bytes()[1:]), "\r\n")
	}
	return x
}

func scriptCommand(x *call) {
	args := x.args[1:]
	switch sub := strings.ToUpper(x.args[0]); {
	case sub == "LOAD" && len(args) == 1:
		sha, fault := x.s.load(args[0])
		if fault != "" {
			x.fail(fault)
			return
		}
		x.peer.WriteBulk(sha)
	case sub == "EXISTS" && len(args) > 0:
		x.peer.WriteLen(len(args))
		for _, sha := range args {
			_, known := x.s.scripts[strings.ToLower(sha)]
			x.peer.WriteInt(map[bool]int{true: 1}[known])
		}
	case sub == "FLUSH" && len(args) <= 1:
		x.s.scripts = map[string]script{}
		x.peer.WriteOK()
	case sub == "KILL" && len(args) == 0:
		x.fail("NOTBUSY No scripts in execution right now.")
	case sub == "LOAD" || sub == "EXISTS" || sub == "FLUSH" || sub == "KILL":
		x.fail(fmt.Sprintf("ERR wrong number of arguments for 'script|%s' command", strings.ToLower(sub)))
	default:
		x.unknownSubcommand()
	}
}
