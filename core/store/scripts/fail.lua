-- fail: an agent could not do a task that it holds, or held last: the task comes back
-- later, or, after its last try, goes to the carcel.
-- KEYS    1 task (hash)   2 carcel (list)   3 ledger (stream)
-- ARGV    behind those of tasks.lua: 1 id   2 agent   3 token, 0 for none   4 failures before
--         this one, as they were read   5 why   6 until it comes back, in ms, or '' when it
--         goes to the carcel   7 entry for the carcel   8… ledger fields and values between
--         event and ts
-- RETURNS {'OK', when it comes back, in ms, 0 for never} | {'NOTHELD'} |
--         {'CHANGED'} the failures are others | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local id = arg(1)
local refusal = guard_task(id) or guard(KEYS[2], 'list') or guard(KEYS[3], 'stream')
  or barred('XADD', 'RPUSH', 'DEL', 'HSET', 'ZADD', 'ZREM')
if refusal then return refusal end
if not hold(id, arg(2), tonumber(arg(3))) then return {'NOTHELD'} end
local failures = whole(redis.call('HGET', tasks .. id, 'attempts'))
if failures ~= tonumber(arg(4)) then return {'CHANGED'} end
local queue = queue_of(id)
refusal = guard_queue(queue)
if refusal then return refusal end

local at = now()
if arg(6) == '' then
  local fields = {'event', 'held'}
  for i = 8, args do fields[#fields + 1] = arg(i) end
  fields[#fields + 1] = 'ts'
  fields[#fields + 1] = int(at)
  append(KEYS[3], fields)
  redis.call('RPUSH', KEYS[2], arg(7))
  dequeue(id, queue)
  redis.call('DEL', claims .. id, tasks .. id)
  return {'OK', 0}
end
redis.call('HSET', tasks .. id, 'attempts', failures + 1, 'last_error', arg(5))
raise(id, redis.call('HGET', tasks .. id, 'token')) -- this hold is over, whatever its holder says later
redis.call('DEL', claims .. id)
dequeue(id, queue)
local due = int(at + arg(6))
redis.call('ZADD', delays .. queue, due, id)
return {'OK', due}
