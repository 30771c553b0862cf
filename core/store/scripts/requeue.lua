-- requeue: a person puts a task back into its queue that was lost, waits for a retry, or is
-- taken from whoever holds it.
-- KEYS    1 task (hash)
-- ARGV    behind those of tasks.lua: 1 id   2 prefix of the queues' channels   3 event JSON
--         4 agent that it may be taken from, '' for nobody
-- RETURNS {'OK', queue} | {'NONE'} no such task | {'DONE'} | {'CLAIMED', claim JSON} |
--         {'WAITS', queue} it is in its queue | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it; its failures are forgotten
local id = arg(1)
local refusal = guard_task(id)
if refusal then return refusal end
if redis.call('EXISTS', tasks .. id) == 0 then return {'NONE'} end
local queue = queue_of(id)
refusal = guard_queue(queue) or barred('ZADD', 'ZREM', 'HDEL', 'HSET', 'DEL')
if refusal then return refusal end
if done(id) then return {'DONE'} end
local claim = redis.call('GET', claims .. id)
if claim and (arg(4) == '' or not names(claim, arg(4), 0)) then return {'CLAIMED', claim} end
if not claim and redis.call('ZSCORE', queues .. queue, id) then return {'WAITS', queue} end
if claim then
  raise(id, redis.call('HGET', tasks .. id, 'token'))
  redis.call('DEL', claims .. id)
end
redis.call('HDEL', tasks .. id, 'attempts', 'last_error')
dequeue(id, queue)
enqueue(id, queue)
announce(arg(2) .. queue, arg(3))
return {'OK', queue}
