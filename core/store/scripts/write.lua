-- write: one governed write, be it a packet to its key or an entry to the carcel.
-- KEYS    1 target   2 decision record, which is the mark of this packet   3 ledger
-- ARGV    1 operation: set lpush rpush hset sadd   2 value   3 field (hset), else ''
--         4 ttl of the target in seconds, 0 for none
--         5 decision record   6 its life in seconds
--         7 ledger event   8… ledger fields and values between event and ts
-- RETURNS {'OK', ledger position, length of the target} |
--         {'DUP', decision record of the first time} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it: every type is checked before anything is written
local holds = {set = 'string', lpush = 'list', rpush = 'list', hset = 'hash', sadd = 'set'}
local operation, value, ttl = ARGV[1], ARGV[2], tonumber(ARGV[4])

local refusal = guard(KEYS[2], 'string')
if refusal then return refusal end
local seen = redis.call('GET', KEYS[2])
if seen then return {'DUP', seen} end
refusal = guard(KEYS[1], holds[operation]) or guard(KEYS[3], 'stream')
if refusal then return refusal end

local at = now()
local fields = {'event', ARGV[7]}
for i = 8, #ARGV do fields[#fields + 1] = ARGV[i] end
if ttl > 0 then
  fields[#fields + 1] = 'expires_at'
  fields[#fields + 1] = int(at + ttl * 1000)
end
fields[#fields + 1] = 'ts'
fields[#fields + 1] = int(at)
local position = append(KEYS[3], fields)

local created = redis.call('EXISTS', KEYS[1]) == 0
local length = 1
if operation == 'rpush' then
  length = redis.call('RPUSH', KEYS[1], value)
elseif operation == 'lpush' then
  length = redis.call('LPUSH', KEYS[1], value)
elseif operation == 'set' then
  redis.call('SET', KEYS[1], value, 'KEEPTTL')
elseif operation == 'hset' then
  redis.call('HSET', KEYS[1], ARGV[3], value)
  length = redis.call('HLEN', KEYS[1])
else
  redis.call('SADD', KEYS[1], value)
  length = redis.call('SCARD', KEYS[1])
end
extend(KEYS[1], ttl, created)
redis.call('SET', KEYS[2], ARGV[5], 'EX', ARGV[6])
return {'OK', position, length}
