-- complete: ends tasks that an agent holds, or held last.
-- KEYS    1 task of the first (hash)
-- ARGV    behind those of tasks.lua: 1 agent   2 time   3 life of the tasks' records in seconds,
--         0 for ever   4 channel; then for each task   id   token, 0 for none   result JSON
-- RETURNS {'OK', 'OK' | 'NOTHELD' | 'DONE', …} for each task in turn |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it; completing again with the same token changes nothing and is 'OK'
local refusal = barred('HSET', 'DEL', 'ZREM', 'EXPIRE')
if refusal then return refusal end
local agent, time, keep, answer, queue_seen, id_seen = arg(1), arg(2), tonumber(arg(3)), {'OK'}, {}, {}

-- What becomes of one task: 'OK' and its queue when it is to be written, else the answer.
local function judge(id, token, task)
  if redis.call('EXISTS', results .. id) == 1 then
    local before = redis.call('HMGET', results .. id, 'completed_by', 'token')
    return token > 0 and before[1] == agent and tonumber(before[2] or '') == token and 'OK' or 'DONE'
  end
  local text = redis.call('GET', claims .. id)
  if text then
    if names(text, agent, token) then return 'OK', task[1] or '' end
  elseif token > 0 and not task[2] and tonumber(task[3] or '') == token then
    return 'OK', task[1] or '', true -- its time was over, and nobody was given the task since
  end
  return 'NOTHELD'
end

local ends = {}
for i = 5, args, 3 do
  local id = arg(i)
  refusal = guard(claims .. id, 'string') or guard(results .. id, 'hash')
  if refusal then return refusal end
  local task
  task, refusal = fields_of(id, 'queue', 'completed_at', 'token')
  if refusal then return refusal end
  local queue = task[1] or ''
  refusal = not queue_seen[queue] and guard_queue(queue)
  if refusal then return refusal end
  queue_seen[queue] = queue_seen[queue] or {}
  local status, late
  status, queue, late = judge(id, tonumber(arg(i + 1)), task)
  answer[#answer + 1] = status
  if queue and not id_seen[id] then
    id_seen[id] = true
    ends[#ends + 1] = {id = id, at = i, queue = queue, late = late}
  end
end

for _, task in ipairs(ends) do
  local id, token = task.id, arg(task.at + 1)
  redis.call('HSET', results .. id, 'task_id', id, 'completed_by', agent, 'completed_at', time,
    'result', arg(task.at + 2), unpack(token ~= '0' and {'token', token} or {}))
  redis.call('HSET', tasks .. id, 'completed_at', time)
  redis.call('DEL', claims .. id)
  local list = queue_seen[task.queue]
  list[#list + 1] = id
  if task.late then dequeue(id, task.queue) end
  if keep > 0 then
    redis.call('EXPIRE', tasks .. id, keep)
    redis.call('EXPIRE', results .. id, keep)
  end
  announce(arg(4), cjson.encode({type = 'task_completed', task_id = id, completed_by = agent}))
end
for queue, list in pairs(queue_seen) do
  if #list > 0 then redis.call('ZREM', leases .. queue, unpack(list)) end
end
return answer
