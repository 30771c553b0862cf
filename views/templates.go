package views

// template is a beginning for the contents of a packet.
type template struct{ primitive, text string }

// templates are one for each primitive in use, with the fields that the
// council's rules ask for.
var templates = []template{
	{"matrix.route", `{
  "primitive": "matrix.route",
  "vertical": "general",
  "entropy": 0.1,
  "source": "a",
  "destination": "b"
}`},
	{"process.kill", `{
  "primitive": "process.kill",
  "vertical": "general",
  "entropy": 0.2,
  "pid": 4127,
  "reason": "no longer answers"
}`},
	{"resource.allocate", `{
  "primitive": "resource.allocate",
  "vertical": "energy",
  "entropy": 0.1,
  "resource_id": "line-7",
  "amount": 40
}`},
	{"resource.deallocate", `{
  "primitive": "resource.deallocate",
  "vertical": "energy",
  "entropy": 0.1,
  "resource_id": "line-7"
}`},
	{"signal.broadcast", `{
  "primitive": "signal.broadcast",
  "vertical": "broadcast",
  "entropy": 0.1,
  "recipients": ["haiku_worker_1"],
  "signal": "refresh"
}`},
	{"signal.terminate", `{
  "primitive": "signal.terminate",
  "vertical": "general",
  "entropy": 0.2,
  "target": "haiku_worker_1",
  "reason": "done"
}`},
	{"packet.purge", `{
  "primitive": "packet.purge",
  "vertical": "general",
  "entropy": 0.2,
  "key": "queue:archive",
  "reason": "older than a year"
}`},
	{"logistics.spawn", `{
  "primitive": "logistics.spawn",
  "vertical": "general",
  "entropy": 0.1,
  "role": "haiku_worker",
  "count": 2
}`},
	{"context.share", `{
  "primitive": "context.share",
  "vertical": "general",
  "entropy": 0.0,
  "summary": "what the others should know"
}`},
}
