-- break: records that the ledger is no longer the one that was seen, and takes away
-- checkpoint and tiles, so that a new origin begins. Records that make no unbroken row are
-- put aside with their key, as is what is no stream: the new origin begins with the break.
-- KEYS    1 ledger (stream)   2 checkpoint (string)   3 tiles (hash)   4 where the ledger goes
-- ARGV    1 the checkpoint as it was read, '' for none
--         2 '1' when the ledger is to be put aside
--         3 position of the last record that was seen
--         4… ledger fields and values between event and ts
-- RETURNS {'OK', ledger position, position of the first record, 1 when it was put aside} |
--         {'CHANGED', the checkpoint that is there, '' for none}
-- ATOMIC  all of it
local refusal = barred('XADD', 'DEL', 'UNLINK')
if refusal then return refusal end
local found = kind(KEYS[2]) == 'string' and head(KEYS[2]) or ''
if found ~= ARGV[1] then return {'CHANGED', found} end
local fields = {'event', 'break'}
for i = 4, #ARGV do fields[#fields + 1] = ARGV[i] end
local position
local there, stream = redis.call('EXISTS', KEYS[1]) == 1, kind(KEYS[1]) == 'stream'
local aside = there and (ARGV[2] == '1' or not stream)
if aside then
  position = stream and given(KEYS[1]) or 0
  if position < tonumber(ARGV[3]) or position >= 2 ^ 52 then position = tonumber(ARGV[3]) end
  position = position + 1
  -- First of all: a user may be kept from it.
  if redis.call('RENAMENX', KEYS[1], KEYS[4]) == 0 then return {'CHANGED', found} end
  fields[#fields + 1] = 'aside'
  fields[#fields + 1] = KEYS[4]
end
fields[#fields + 1] = 'ts'
fields[#fields + 1] = int(now())
if position then
  redis.call('XADD', KEYS[1], int(position) .. '-0', unpack(fields))
else
  position = append(KEYS[1], fields)
end
redis.call('DEL', KEYS[2])
redis.call('UNLINK', KEYS[3])
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1][1]
return {'OK', position, tonumber(string.match(first, '^(%d+)')), aside and 1 or 0}
