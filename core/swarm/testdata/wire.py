"""A swarm program of somebody else's: Python's standard library, bare commands.

    wire.py HOST PORT post QUEUE COUNT PREFIX       posts tasks PREFIX0, PREFIX1, ...
    wire.py HOST PORT work QUEUE AGENT IDLE [FALL]  claims and completes until nothing came for
                                                    IDLE seconds; prints a line for each task:
                                                    "done ID ZREM-reply". After FALL tasks it
                                                    stops between SET NX and ZREM of the next,
                                                    prints "between ID", and waits to be killed
    wire.py HOST PORT register ID ROLE
    wire.py HOST PORT send FROM TO TEXT
    wire.py HOST PORT receive AGENT                 prints the message's content, decoded
    wire.py HOST PORT context ID                    prints version, size and SHA-256 of what it reads
    wire.py HOST PORT share ID TEXT CHUNK           shares a context, cut by characters
"""
import hashlib
import json
import socket
import sys
import time
from datetime import datetime


class Redis:
    def __init__(self, host, port):
        self.file = socket.create_connection((host, int(port))).makefile("rwb")

    def __call__(self, *words):
        parts = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.file.write(b"*%d\r\n" % len(parts))
        for p in parts:
            self.file.write(b"$%d\r\n%s\r\n" % (len(p), p))
        self.file.flush()
        return self.reply()

    def reply(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise SystemExit(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if rest == b"-1":
                return None
            data = self.file.read(int(rest) + 2)[:-2]
            return data.decode()
        return [self.reply() for _ in range(int(rest))]


def now():
    return datetime.now().isoformat()  # local and naive


def post(r, queue, count, prefix):
    for i in range(int(count)):
        task, priority = prefix + str(i), i % 5
        r("HSET", "tasks:meta:" + task, "task_id", task, "queue", queue, "type", "py",
          "data", json.dumps({"n": i}), "posted_by", "python", "posted_at", now(), "priority", priority)
        r("ZADD", "tasks:queue:" + queue, -priority, task)
        r("PUBLISH", "channel:queue:" + queue,
          json.dumps({"type": "task_posted", "task_id": task, "task_type": "py", "priority": priority}))


def work(r, queue, agent, idle, fall=None):
    done, last = 0, time.time()
    while time.time() - last < float(idle):
        head = r("ZRANGE", "tasks:queue:" + queue, 0, 0)
        if not head:
            time.sleep(0.01)
            continue
        task = head[0]
        claim = json.dumps({"agent_id": agent, "claimed_at": now()})
        if r("SET", "tasks:claimed:" + task, claim, "NX", "EX", 2 if fall else 60) is None:
            time.sleep(0.001)
            continue
        if fall is not None and done == int(fall):
            print("between", task, flush=True)
            time.sleep(600)
        taken = r("ZREM", "tasks:queue:" + queue, task)
        meta = r("HGETALL", "tasks:meta:" + task)
        json.loads(dict(zip(meta[::2], meta[1::2]))["data"])
        r("HSET", "tasks:completed:" + task, "task_id", task, "completed_by", agent,
          "completed_at", now(), "result", json.dumps({"by": agent}))
        r("DEL", "tasks:claimed:" + task)
        r("PUBLISH", "channel:agent:" + agent,
          json.dumps({"type": "task_completed", "task_id": task, "completed_by": agent}))
        print("done", task, taken, flush=True)
        done, last = done + 1, time.time()


def register(r, agent, role):
    r("HSET", "agents:" + agent, "agent_id", agent, "role", role, "context_capacity", 1000,
      "parent_id", "none", "registered_at", now(), "metadata", "{}")
    r("SET", "agents:" + agent + ":heartbeat", time.time(), "EX", 300)
    r("SADD", "swarm:sessions", agent)


def send(r, sender, to, text):
    message = {"message_id": "msg_%08x" % (time.time_ns() & 0xFFFFFFFF), "from": sender, "to": to,
               "timestamp": now(), "content": json.dumps({"text": text})}
    r("RPUSH", "messages:" + to, json.dumps(message))
    r("PUBLISH", "channel:agent:" + to,
      json.dumps({"type": "new_message", "message_id": message["message_id"], "from": sender}))


def receive(r, agent):
    message = json.loads(r("LPOP", "messages:" + agent))
    print(json.dumps([message["from"], message["to"], json.loads(message["content"])]))


def context(r, agent):
    got = r("HGETALL", "agents:" + agent + ":context")
    info = dict(zip(got[::2], got[1::2]))
    text = info.get("content")
    if text is None:
        text = "".join(r("GET", "agents:%s:context:chunk:%d" % (agent, n)) for n in range(int(info["chunks"])))
    print(info["version"], info["size_bytes"], hashlib.sha256(text.encode()).hexdigest())


def share(r, agent, text, chunk):
    chunk = int(chunk)
    pieces = [text[i:i + chunk] for i in range(0, len(text), chunk)]
    for n, piece in enumerate(pieces):
        r("SET", "agents:%s:context:chunk:%d" % (agent, n), piece, "EX", 3600)
    r("DEL", "agents:" + agent + ":context")
    r("HSET", "agents:" + agent + ":context", "version", hashlib.sha256(text.encode()).hexdigest()[:12],
      "size_bytes", len(text.encode()), "updated_at", now(), "chunks", len(pieces))


if __name__ == "__main__":
    host, port, act, *rest = sys.argv[1:]
    {"post": post, "work": work, "register": register, "send": send, "receive": receive,
     "context": context, "share": share}[act](Redis(host, port), *rest)
