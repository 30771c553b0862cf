-- restore: a discarded entry goes back to the carcel. That its text was released before
-- stays marked.
-- KEYS    1 bin   2 list of the bin   3 carcel   4 marks   5 pending   6 ledger
--         7 decision record
-- ARGV    1 SHA-256 of the entry   2 its text   3 decision record as it was seen, '' for none
--         4 the new one, '' for none   5 its life in seconds
--         6 until when it waits for a person, in ms, 0 for nobody   7 tracking id
--         8… ledger fields and values between event and ts
-- RETURNS {'OK', ledger position} | {'GONE'} it is not in the bin | {'CHANGED'} |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'string') or guard(KEYS[2], 'zset') or guard(KEYS[3], 'list')
  or guard(KEYS[4], 'zset') or guard(KEYS[5], 'zset') or guard(KEYS[6], 'stream') or guard(KEYS[7], 'string')
  or barred('XADD', 'DEL', 'ZREM', 'RPUSH', 'SET', 'ZADD')
if refusal then return refusal end
if redis.call('GET', KEYS[1]) ~= ARGV[2] then return {'GONE'} end
if (redis.call('GET', KEYS[7]) or '') ~= ARGV[3] then return {'CHANGED'} end

local at = now()
local fields = {'event', 'restored'}
for i = 8, #ARGV do fields[#fields + 1] = ARGV[i] end
fields[#fields + 1] = 'ts'
fields[#fields + 1] = int(at)
local position = append(KEYS[6], fields)
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[4], 'bin:' .. ARGV[1])
redis.call('RPUSH', KEYS[3], ARGV[2])
if ARGV[4] ~= '' then redis.call('SET', KEYS[7], ARGV[4], 'EX', ARGV[5]) end
if tonumber(ARGV[6]) > 0 then redis.call('ZADD', KEYS[5], ARGV[6], ARGV[7]) end
return {'OK', position}
