-- write: one governed write, be it a packet to its key, a task to its queue, or an entry to
-- the carcel.
-- KEYS    1 target   2 decision record, which is the mark of this packet   3 ledger
--         4 carcel   5 pending   6 counts of fired rules   7 rate of the vertical
-- ARGV    1 actions that the rate allows, -1 where none applies   2 its window in ms
--         3 this action's slot in it   4 how many of the arguments behind are the
--         outcome of the first kind; the rest is what holds past the rate
-- OUTCOME 1 where to: 'target' 'carcel'   2 operation: set lpush rpush hset sadd task
--         3 value   4 field (hset), the task's own key (task), else ''   5 ttl of the target in seconds, 0 for none
--         6 decision record   7 its life in seconds
--         8 when its wait for a person ends, in ms; 0 when nobody is waited for
--         9 tracking id   10 ledger event   11 how many rules fired, their names behind;
--         then ledger fields and values between event and ts
-- RETURNS {'OK', ledger position, length of where it went, 0 or 1: past the rate} |
--         {'DUP', decision record of the first time} | {'TAKEN'} the task's id is in use |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it: every type is checked before anything is written
local refusal = guard(KEYS[2], 'string')
if refusal then return refusal end
local seen = redis.call('GET', KEYS[2])
if seen then return {'DUP', seen} end

local at = now()
local limit, base, past = tonumber(ARGV[1]), 4, 0
if limit >= 0 then
  refusal = guard(KEYS[7], 'zset')
  if refusal then return refusal end
  if counted(KEYS[7], at - ARGV[2]) >= limit then
    base, past = 4 + ARGV[4], 1
  end
end
local function outcome(n) return ARGV[base + n] end
local where = outcome(1) == 'carcel' and KEYS[4] or KEYS[1]
local operation, value, ttl = outcome(2), outcome(3), tonumber(outcome(5))
local waits, fired = tonumber(outcome(8)), tonumber(outcome(11))
local last = past == 1 and #ARGV or 4 + ARGV[4]

refusal = unfit(where, operation, outcome(4)) or guard(KEYS[3], 'stream') or barred('SET')
if not refusal and waits > 0 then refusal = guard(KEYS[5], 'zset') or barred('ZADD') end
if not refusal and fired > 0 then refusal = guard(KEYS[6], 'hash') or barred('HINCRBY') end
if refusal then return refusal end

local fields = {'event', outcome(10)}
for i = base + 12 + fired, last do fields[#fields + 1] = ARGV[i] end
if ttl > 0 then
  fields[#fields + 1] = 'expires_at'
  fields[#fields + 1] = int(at + ttl * 1000)
end
fields[#fields + 1] = 'ts'
fields[#fields + 1] = int(at)
local position = append(KEYS[3], fields)

if limit >= 0 and past == 0 then reserve(KEYS[7], at, ARGV[2], ARGV[3]) end
local length = put(where, operation, value, outcome(4), ttl)
redis.call('SET', KEYS[2], outcome(6), 'EX', outcome(7))
if waits > 0 then redis.call('ZADD', KEYS[5], int(waits), outcome(9)) end
for i = 1, fired do count(KEYS[6], outcome(11 + i)) end
if fired > 0 then redis.call('EXPIRE', KEYS[6], 90000) end
return {'OK', position, length, past}
