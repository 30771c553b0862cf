package dispatch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// Operation is how a packet is put under its key.
type Operation string

// The five operations of the paper's dispatcher.
const (
	Set   Operation = "set"   // STRING: replaces
	LPush Operation = "lpush" // LIST: at the head
	RPush Operation = "rpush" // LIST: at the tail
	HSet  Operation = "hset"  // HASH: field tracking_id
	SAdd  Operation = "sadd"  // SET
)

// Task is what records and entries of the carcel call the posting of a task.
// It is for the key of a task queue, and packets cannot be dispatched with it.
const Task Operation = swarm.Operation

// Operations are all of packets, in the order in which people are shown them.
var Operations = []Operation{Set, LPush, RPush, HSet, SAdd}

var holds = map[Operation]string{
	Set: keyspace.TypeString, LPush: keyspace.TypeList, RPush: keyspace.TypeList,
	HSet: keyspace.TypeHash, SAdd: keyspace.TypeSet,
}

// RedisType is the type of key that the operation needs.
func (o Operation) RedisType() string {
	if o == Task {
		return keyspace.TypeZSet
	}
	return holds[o]
}

// ForTask checks a destination whose operation is Task. The error matches
// ErrDestination.
func (d Destination) ForTask() error {
	if d.Operation == Task && keyspace.Classify(d.Key) == keyspace.TaskWaiting {
		return nil
	}
	return fmt.Errorf("%w: %q is no queue of tasks", ErrDestination, d.Key)
}

// ErrDestination is what is wrong with a key or an operation before Redis is
// asked at all.
var ErrDestination = errors.New("invalid destination")

// Destination is where a packet goes, and how it is written.
type Destination struct {
	Key       string        // empty: the policy's routes decide
	Operation Operation     // empty: the class of the key decides
	Format    packet.Format // JSON when unset
}

// Resolve fills in the operation that the key's class suggests and refuses
// what could not end well: no key, an unknown operation, a key that only the
// engine writes, or an operation that would make the key a type which its
// class never has. Errors match ErrDestination, or store.ErrWrongType through
// the Dispatcher.
func (d Destination) Resolve() (Destination, error) {
	class := keyspace.Classify(d.Key)
	switch {
	case d.Key == "":
		return d, fmt.Errorf("%w: no key is named; name one, such as queue:council", ErrDestination)
	case len(d.Key) > 1024:
		return d, fmt.Errorf("%w: the key is %d bytes long; at most 1024 are allowed", ErrDestination, len(d.Key))
	case class.Managed():
		return d, fmt.Errorf("%w: %q belongs to the engine (%s); dispatch to a queue, context, agents or swarm key", ErrDestination, d.Key, class)
	case d.Operation == "" && class.Operation() == "":
		return d, fmt.Errorf("%w: %q is no key of a known class, so name the operation (%s)", ErrDestination, d.Key, operationList())
	case d.Operation == "":
		d.Operation = Operation(class.Operation())
	}
	return d, d.known()
}

// known reports an operation that there is not; none at all is fine as long
// as there is no key either.
func (d Destination) known() error {
	if holds[d.Operation] == "" && (d.Key != "" || d.Operation != "") {
		return fmt.Errorf("%w: operation %q is unknown; known are %s", ErrDestination, d.Operation, operationList())
	}
	return nil
}

// Misfit returns the type that the class of the key demands when the
// operation would make it another, "" when all is well.
func (d Destination) Misfit() string {
	want := keyspace.Classify(d.Key).RedisType()
	if want != "" && want != d.Operation.RedisType() {
		return want
	}
	return ""
}

func operationList() string {
	names := make([]string, len(Operations))
	for i, o := range Operations {
		names[i] = string(o)
	}
	return strings.Join(names, ", ")
}
