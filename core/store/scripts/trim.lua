-- trim: removes the oldest records, which a checkpoint covers and a file has.
-- KEYS    1 ledger (stream)
-- ARGV    1 position of the first record, as it was read   2 position of the last that goes
--         3 how many go at most in this call
-- RETURNS {'OK', records removed} | {'CHANGED'} it begins elsewhere: somebody else trimmed |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  each call; many calls make one trim, so that no other client waits
local refusal = guard(KEYS[1], 'stream') or barred('XTRIM')
if refusal then return refusal end
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
if not first[1] or first[1][1] ~= ARGV[1] .. '-0' then return {'CHANGED'} end
local upto = math.min(tonumber(ARGV[2]), tonumber(ARGV[1]) + tonumber(ARGV[3]) - 1)
return {'OK', redis.call('XTRIM', KEYS[1], 'MINID', '=', int(upto + 1) .. '-0')}
