-- break: records that the ledger is no longer the one that was seen, and takes away
-- checkpoint and tiles, so that a new origin begins.
-- KEYS    1 ledger (stream)   2 checkpoint (string)   3 tiles (hash)
-- ARGV    1 the checkpoint as it was read, '' for none
--         2… ledger fields and values between event and ts
-- RETURNS {'OK', ledger position} | {'CHANGED', the checkpoint that is there, '' for none} |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'stream') or guard(KEYS[2], 'string') or guard(KEYS[3], 'hash')
  or barred('XADD', 'DEL', 'UNLINK')
if refusal then return refusal end
local found = redis.call('GET', KEYS[2]) or ''
if found ~= ARGV[1] then return {'CHANGED', found} end
local fields = {'event', 'break'}
for i = 2, #ARGV do fields[#fields + 1] = ARGV[i] end
fields[#fields + 1] = 'ts'
fields[#fields + 1] = int(now())
local position = append(KEYS[1], fields)
redis.call('DEL', KEYS[2])
redis.call('UNLINK', KEYS[3])
return {'OK', position}
