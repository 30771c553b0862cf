-- trim: removes the oldest records, which a checkpoint covers and a file has.
-- KEYS    1 ledger (stream)   2 checkpoint (string)
-- ARGV    1 the checkpoint as it was read   2 position of the first record, as it was read
--         3 position of the last record that goes   4 how many go at most in this call
-- RETURNS {'OK', records removed} | {'CHANGED'} somebody else trimmed or broke it |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  each call; many calls make one trim, so that no other client waits
local refusal = guard(KEYS[1], 'stream') or guard(KEYS[2], 'string') or barred('XTRIM')
if refusal then return refusal end
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return {'CHANGED'} end
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
if not first[1] or first[1][1] ~= ARGV[2] .. '-0' then return {'CHANGED'} end
local upto = math.min(tonumber(ARGV[3]), tonumber(ARGV[2]) + tonumber(ARGV[4]) - 1)
return {'OK', redis.call('XTRIM', KEYS[1], 'MINID', '=', int(upto + 1) .. '-0')}
