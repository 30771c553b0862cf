-- mend_task: looks at one task and mends what fell between two steps of somebody's.
-- KEYS    1 task (hash)
-- ARGV    behind those of tasks.lua: 1 id   2 prefix of the queues' channels   3 event JSON for
--         a task that is back in its queue
-- RETURNS {'OK', what was wrong and is mended: 'lost' 'claimed' 'done', or '' for nothing, queue} |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it: it mends only what is wrong at this moment, and never a task that is done
local id = arg(1)
local refusal = guard_task(id) or barred('ZADD', 'ZREM', 'HSET', 'HINCRBY')
if refusal then return refusal end
local queue = queue_of(id)
if queue == '' then return {'OK', '', ''} end
refusal = guard_queue(queue)
if refusal then return refusal end
local waits = redis.call('ZSCORE', queues .. queue, id)
if done(id) then
  -- The result may go before the task does: then the task must know.
  redis.call('HSETNX', tasks .. id, 'completed_at', redis.call('HGET', results .. id, 'completed_at') or '')
  if waits or redis.call('ZSCORE', delays .. queue, id) then
    dequeue(id, queue)
    return {'OK', 'done', queue}
  end
elseif redis.call('EXISTS', claims .. id) == 1 then
  if waits then
    redis.call('ZREM', queues .. queue, id)
    local left = redis.call('PTTL', claims .. id)
    if left >= 0 then redis.call('ZADD', leases .. queue, int(now() + left + 1), id) end
    return {'OK', 'claimed', queue}
  end
elseif not waits and not redis.call('ZSCORE', delays .. queue, id) then
  if redis.call('ZREM', leases .. queue, id) == 1 then count_lapse(id) end
  enqueue(id, queue)
  announce(arg(2) .. queue, arg(3))
  return {'OK', 'lost', queue}
end
return {'OK', '', queue}
