-- keyring: exchanges the ring for its next version, unless somebody else has changed it.
-- KEYS    1 ring (string)   2 requests (hash)   3 ledger
-- ARGV    1 the ring as it was read, '' when there was none   2 the ring to be
--         3 id of the key whose request is done
--         4… ledger fields and values between event and ts
-- RETURNS {'OK', ledger position} | {'CHANGED', the ring that is there, '' when there is none} |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it: every type is checked before anything is written
local refusal = guard(KEYS[1], 'string') or guard(KEYS[2], 'hash') or guard(KEYS[3], 'stream')
if refusal then return refusal end
local ring = redis.call('GET', KEYS[1]) or ''
if ring ~= ARGV[1] then return {'CHANGED', ring} end

local fields = {'event', 'key'}
for i = 4, #ARGV do fields[#fields + 1] = ARGV[i] end
fields[#fields + 1] = 'ts'
fields[#fields + 1] = int(now())
local position = append(KEYS[3], fields)

redis.call('SET', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[3])
return {'OK', position}
