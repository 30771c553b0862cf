-- complete: ends tasks that an agent holds, or held last.
-- KEYS    1 task of the first (hash)
-- ARGV    behind those of tasks.lua: 1 agent   2 time   3 life of the tasks' records in seconds,
--         0 for ever   4 channel; then for each task   id   token, 0 for none   result JSON
-- RETURNS {'OK', 'OK' | 'NOTHELD' | 'DONE', …} for each task in turn |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it; completing again with the same token changes nothing and is 'OK'
local refusal = barred('HSET', 'DEL', 'ZREM', 'EXPIRE')
if refusal then return refusal end
for i = 5, args, 3 do
  refusal = guard_task(arg(i)) or guard_queue(queue_of(arg(i)))
  if refusal then return refusal end
end
local agent, time, keep, answer = arg(1), arg(2), tonumber(arg(3)), {'OK'}

local function complete(id, token, result)
  local before = redis.call('HMGET', results .. id, 'completed_by', 'token', 'task_id')
  if before[1] or before[3] then
    return before[1] == agent and token > 0 and tonumber(before[2] or '') == token and 'OK' or 'DONE'
  end
  local how = hold(id, agent, token)
  if not how then return 'NOTHELD' end
  local queue = queue_of(id)
  redis.call('HSET', results .. id, 'task_id', id, 'completed_by', agent, 'completed_at', time, 'result', result)
  if token > 0 then redis.call('HSET', results .. id, 'token', token) end
  redis.call('HSET', tasks .. id, 'completed_at', time)
  redis.call('DEL', claims .. id)
  redis.call('ZREM', leases .. queue, id)
  if how == 'LAPSED' then dequeue(id, queue) end
  if keep > 0 then
    redis.call('EXPIRE', tasks .. id, keep)
    redis.call('EXPIRE', results .. id, keep)
  end
  announce(arg(4), cjson.encode({type = 'task_completed', task_id = id, completed_by = agent}))
  return 'OK'
end

for i = 5, args, 3 do answer[#answer + 1] = complete(arg(i), tonumber(arg(i + 1)), arg(i + 2)) end
return answer
