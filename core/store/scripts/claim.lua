-- claim: takes the most urgent tasks of a queue for an agent, each with a token that is
-- higher than that of any claim on it before. First it puts back what is due again.
-- KEYS    1 queue (sorted set)
-- ARGV    behind those of tasks.lua: 1 queue name   2 claim JSON, to be ended with token and
--         lease_until   3 lease in ms   4 how many tasks are wanted   5 how many to look at
-- RETURNS {'OK', when the leases end, in ms, task id, token, type, data, posted by, priority,
--         failures so far, posted at, …} | {'NONE'} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it: every type is checked before a task is claimed; what was due again is
--         back in the queue even when a task in it has a key of another type
local queue, lease, wanted, reach = arg(1), tonumber(arg(3)), tonumber(arg(4)), tonumber(arg(5))
local refusal = guard_queue(queue) or barred('ZADD', 'ZREM', 'SET', 'HSET', 'HINCRBY')
if refusal then return refusal end
local at = now()
revive(queue, at, math.max(wanted, 16))

local picked, known, over, looked = {}, {}, {}, 0
while #picked < wanted and looked < reach do
  local lot = redis.call('ZRANGE', KEYS[1], looked, looked + math.min(wanted - #picked + 15, reach - looked - 1, 255))
  if #lot == 0 then break end
  for _, id in ipairs(lot) do
    if #picked == wanted then break end
    if redis.call('EXISTS', claims .. id, results .. id) > 0 then
      refusal = guard_task(id)
      if refusal then return refusal end
      if done(id) then over[#over + 1] = id end -- and left in the queue by whoever claimed it
    else
      local task
      task, refusal = fields_of(id, 'completed_at', 'type', 'data', 'posted_by', 'priority', 'attempts', 'posted_at', 'queue', 'token')
      if refusal then return refusal end
      if task[1] then
        over[#over + 1] = id
      else
        picked[#picked + 1], known[#picked + 1] = id, task
      end
    end
  end
  looked = looked + #lot
end

if #over > 0 then redis.call('ZREM', KEYS[1], unpack(over)) end
if #picked == 0 then return {'NONE'} end
local ends = int(at + lease)
local answer, leased = {'OK', ends}, {}
for i, id in ipairs(picked) do
  local task, n = known[i], #answer
  if not task[8] then redis.call('HSET', tasks .. id, 'task_id', id, 'queue', queue) end
  local token = raise(id, task[9])
  redis.call('SET', claims .. id, arg(2) .. ', "token": ' .. token .. ', "lease_until": ' .. ends .. '}', 'PX', lease)
  leased[i * 2 - 1], leased[i * 2] = ends, id
  answer[n + 1], answer[n + 2] = id, token
  for k = 2, 7 do answer[n + 1 + k] = task[k] or '' end
end
redis.call('ZREM', KEYS[1], unpack(picked))
redis.call('ZADD', leases .. queue, unpack(leased))
return answer
