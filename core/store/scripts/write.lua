-- write: governed writes, each of them a packet to its key, a task to its queue, or an entry
-- to the carcel.
-- KEYS    1 ledger   2 carcel   3 pending; then for each write: target, decision record,
--         which is the mark of this packet, counts of fired rules, rate of the vertical
-- ARGV    for each write: how many arguments it has, this one among them; the actions that
--         the rate allows, -1 where none applies; its window in ms; this action's slot in it;
--         how many of the arguments behind are the outcome of the first kind; the rest is
--         what holds past the rate
-- OUTCOME 1 where to: 'target' 'carcel'   2 operation: set lpush rpush hset sadd task
--         3 value   4 field (hset), the task's own key (task), else ''   5 ttl of the target in seconds, 0 for none
--         6 decision record   7 its life in seconds
--         8 when its wait for a person ends, in ms; 0 when nobody is waited for
--         9 tracking id   10 ledger event   11 how many rules fired, their names behind;
--         then what the ledger records: tracking_id key operation packet_digest decision_id
--         actor policy
-- RETURNS {'OK', an answer for each write}: {'OK', ledger position, length of where it went,
--         0 or 1: past the rate} | {'DUP', decision record of the first time} |
--         {'TAKEN'} the task's id is in use | {'WRONGTYPE', key, expected, found}
-- ATOMIC  each write: every type is checked before anything of it is written; one that is
--         refused does not keep the others from landing
local at, fit = now(), {}
local ts = int(at)

-- What stands in the way of writing to a key, looked up once for each kind of write.
local function refused(where, operation, field)
  if operation == 'task' then return unfit(where, operation, field) end
  local kinds = fit[operation]
  if not kinds then kinds = {} fit[operation] = kinds end
  if kinds[where] then return nil end
  local refusal = unfit(where, operation, field)
  if not refusal then kinds[where] = true end
  return refusal
end

-- The keys of a write begin behind k, its arguments at a.
local function write(k, a)
  local mark, counts, rate = KEYS[k + 2], KEYS[k + 3], KEYS[k + 4]
  local seen = redis.pcall('GET', mark)
  if type(seen) == 'table' then return guard(mark, 'string') or redis.call('GET', mark) end
  if seen then return {'DUP', seen} end

  local limit, base, past = tonumber(ARGV[a + 1]), a + 4, 0
  if limit >= 0 then
    local refusal = guard(rate, 'zset')
    if refusal then return refusal end
    if counted(rate, at - ARGV[a + 2]) >= limit then
      base, past = a + 4 + ARGV[a + 4], 1
    end
  end
  local where = ARGV[base + 1] == 'carcel' and KEYS[2] or KEYS[k + 1]
  local operation, field, ttl = ARGV[base + 2], ARGV[base + 4], tonumber(ARGV[base + 5])
  local waits, fired = tonumber(ARGV[base + 8]), tonumber(ARGV[base + 11])

  local refusal = refused(where, operation, field)
  if not refusal and not fit.ledger then
    refusal = guard(KEYS[1], 'stream') or barred_at(mark, 'SET')
    fit.ledger = not refusal
  end
  if not refusal and waits > 0 then refusal = guard(KEYS[3], 'zset') or barred_at(KEYS[3], 'ZADD') end
  if not refusal and fired > 0 then refusal = guard(counts, 'hash') or barred_at(counts, 'HINCRBY') end
  if refusal then return refusal end

  local r = base + 11 + fired
  local fields = {'event', ARGV[base + 10], 'tracking_id', ARGV[r + 1], 'key', ARGV[r + 2], 'operation', ARGV[r + 3],
    'packet_digest', ARGV[r + 4], 'decision_id', ARGV[r + 5], 'actor', ARGV[r + 6], 'policy', ARGV[r + 7]}
  if ttl > 0 then fields[17], fields[18] = 'expires_at', int(at + ttl * 1000) end
  fields[#fields + 1] = 'ts'
  fields[#fields + 1] = ts
  local position = append(KEYS[1], fields)

  if limit >= 0 and past == 0 then reserve(rate, at, ARGV[a + 2], ARGV[a + 3]) end
  local length = put(where, operation, ARGV[base + 3], field, ttl)
  redis.call('SET', mark, ARGV[base + 6], 'EX', ARGV[base + 7])
  if waits > 0 then redis.call('ZADD', KEYS[3], int(waits), ARGV[base + 9]) end
  for i = 1, fired do count(counts, ARGV[base + 11 + i]) end
  if fired > 0 then redis.call('EXPIRE', counts, 90000) end
  return {'OK', position, length, past}
end

local answers = {'OK'}
local k, a = 3, 1
while a <= #ARGV do
  local size = tonumber(ARGV[a])
  answers[#answers + 1] = write(k, a)
  k, a = k + 4, a + size
end
return answers
