-- batch: the second half of a batch, inside the MULTI that pushed it.
-- KEYS    1 target list   2 mark of the batch   3 decision record   4 ledger
-- ARGV    1 operation: rpush lpush   2 how many were pushed   3 ttl in seconds
--         4 decision record   5 its life in seconds   6 life of the mark in seconds
--         7… ledger fields and values between event and ts
-- RETURNS {'OK', ledger position, length} | {'DUP', decision record} |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  with the push before it: a batch that must not stay is taken back
local count, ttl = tonumber(ARGV[2]), tonumber(ARGV[3])

-- Then the push was refused as well, and nothing is there to take back.
local refusal = guard(KEYS[1], 'list')
if refusal then return refusal end

local function take_back()
  if ARGV[1] == 'rpush' then
    redis.call('LTRIM', KEYS[1], 0, -(count + 1))
  else
    redis.call('LTRIM', KEYS[1], count, -1)
  end
end

refusal = guard(KEYS[2], 'string') or guard(KEYS[3], 'string') or guard(KEYS[4], 'stream')
  or barred('XADD', 'SET', 'EXPIRE')
if refusal then
  take_back()
  return refusal
end
if redis.call('EXISTS', KEYS[2]) == 1 then
  take_back()
  return {'DUP', redis.call('GET', KEYS[3]) or ''}
end

local at = now()
local fields = {'event', 'dispatched'}
for i = 7, #ARGV do fields[#fields + 1] = ARGV[i] end
fields[#fields + 1] = 'expires_at'
fields[#fields + 1] = int(at + ttl * 1000)
fields[#fields + 1] = 'ts'
fields[#fields + 1] = int(at)
local ok, position = pcall(append, KEYS[4], fields)
if not ok then
  take_back()
  return type(position) == 'table' and position or redis.error_reply(tostring(position))
end

local length = redis.call('LLEN', KEYS[1])
extend(KEYS[1], ttl, length == count)
redis.call('SET', KEYS[2], '1', 'EX', ARGV[6])
redis.call('SET', KEYS[3], ARGV[4], 'EX', ARGV[5])
return {'OK', position, length}
