-- handback: an agent gives a task back untried; it can be claimed at once.
-- KEYS    1 task (hash)
-- ARGV    behind those of tasks.lua: 1 id   2 agent   3 token, 0 for none   4 channel of the
--         queue   5 event JSON
-- RETURNS {'OK'} | {'NOTHELD'} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local id = arg(1)
local queue = queue_of(id)
local refusal = guard_task(id) or guard_queue(queue) or barred('DEL', 'HSET', 'ZADD', 'ZREM')
if refusal then return refusal end
if not hold(id, arg(2), tonumber(arg(3))) then return {'NOTHELD'} end
raise(id, redis.call('HGET', tasks .. id, 'token'))
redis.call('DEL', claims .. id)
dequeue(id, queue)
enqueue(id, queue)
announce(arg(4), arg(5))
return {'OK'}
