-- What the scripts on tasks share; it stands between the prelude and each of them. The
-- first six arguments are what the names of tasks' keys begin with (one server: no slots
-- to keep); a script's own come behind and count from 1.
local claims, tasks, results, queues, delays, leases = unpack(ARGV, 1, 6)
local function arg(n) return ARGV[6 + n] end
local args = #ARGV - 6

-- The refusal of a task one of whose own keys holds another type, or nil.
local function guard_task(id)
  return guard(claims .. id, 'string') or guard(tasks .. id, 'hash') or guard(results .. id, 'hash')
end

-- The refusal of a queue one of whose keys holds another type, or nil.
local function guard_queue(queue)
  return guard(queues .. queue, 'zset') or guard(delays .. queue, 'zset') or guard(leases .. queue, 'zset')
end

-- Fields of a task in one step, or nil and the refusal.
local function fields_of(id, ...)
  local fields = redis.pcall('HMGET', tasks .. id, ...)
  if fields.err then return nil, guard(tasks .. id, 'hash') or fields end
  return fields
end

-- A task is done when its result is there, or was: results may be given a shorter life
-- than tasks, so that whoever completes notes it in the task as well.
local function done(id)
  return redis.call('EXISTS', results .. id) == 1 or redis.call('HEXISTS', tasks .. id, 'completed_at') == 1
end

-- A whole number from 0 on in a field that others may have made unreadable.
local function whole(text)
  local n = string.match(text or '', '^%d+$') and tonumber(text) or 0
  return n < 2 ^ 53 and n or 0
end

-- Raises a task's token, so that no hold of before stands, and returns it as text.
local function raise(id, before)
  local token = int(whole(before) + 1)
  redis.call('HSET', tasks .. id, 'token', token)
  return token
end

-- The queue of a task, '' when nobody knows it.
local function queue_of(id) return redis.call('HGET', tasks .. id, 'queue') or '' end

-- Puts a task where it is claimed from.
local function enqueue(id, queue)
  local priority = tonumber(redis.call('HGET', tasks .. id, 'priority') or '') or 0
  redis.call('ZADD', queues .. queue, priority == priority and 0 - priority or 0, id) -- not for NaN
end

-- Takes a task out of a queue, wherever it stands there.
local function dequeue(id, queue)
  redis.call('ZREM', leases .. queue, id)
  redis.call('ZREM', delays .. queue, id)
  redis.call('ZREM', queues .. queue, id)
end

-- Whether a claim's text is an agent's, with that token; 0 asks for none.
local function names(text, agent, token)
  local ok, claim = pcall(cjson.decode, text)
  return ok and type(claim) == 'table' and claim.agent_id == agent and (token == 0 or claim.token == token)
end

-- How an agent holds a task: 'HELD', with the claim's text; 'LAPSED' when its time is over
-- and nobody was given the task since, which only a token can tell; nil when it does not.
local function hold(id, agent, token)
  local text = redis.call('GET', claims .. id)
  if text then return names(text, agent, token) and 'HELD' or nil, text end
  if token > 0 and tonumber(redis.call('HGET', tasks .. id, 'token') or '') == token and not done(id) then
    return 'LAPSED'
  end
end

-- A task whose holder said nothing more has failed as any other has: else one that kills
-- its workers would go round for ever. Whoever claims it next sees how often.
local function count_lapse(id)
  count(tasks .. id, 'attempts')
  redis.call('HSET', tasks .. id, 'last_error', 'its lease ran out')
end

-- Puts back into a queue the retries that are due and the tasks whose lease has run out,
-- at most so many of each, and returns how many.
local function revive(queue, at, most)
  local back = 0
  for _, index in ipairs({delays .. queue, leases .. queue}) do
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', int(at), 'LIMIT', 0, most)) do
      redis.call('ZREM', index, id)
      if kind(claims .. id) ~= 'none' then -- somebody else's claim: look again when it ends
        local left = redis.call('PTTL', claims .. id)
        if left >= 0 then redis.call('ZADD', leases .. queue, int(at + left + 1), id) end
      elseif kind(tasks .. id) == 'hash' and not done(id) then
        if index == leases .. queue then count_lapse(id) end
        enqueue(id, queue)
        back = back + 1
      end
    end
  end
  return back
end

-- Lengthens a claim to so many milliseconds from now; the rest of its text stays.
local function lengthen(id, text, at, lease)
  local ends = int(at + lease)
  redis.call('SET', claims .. id, (string.gsub(text, '("lease_until": )%d+', '%1' .. ends)), 'PX', lease)
  redis.call('ZADD', leases .. queue_of(id), ends, id)
  return ends
end
