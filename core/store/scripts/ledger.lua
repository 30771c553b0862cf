-- ledger: how the ledger stands, at one moment. It changes nothing.
-- KEYS    1 checkpoint (string)   2 ledger (stream)
-- ARGV    -
-- RETURNS {'OK', checkpoint, '' for none, id of the first record, '' for none, id of the last} |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it: the records are those that the checkpoint was made of, or more
local refusal = guard(KEYS[1], 'string') or guard(KEYS[2], 'stream')
if refusal then return refusal end
local function id(command, from, to)
  local found = redis.call(command, KEYS[2], from, to, 'COUNT', 1)
  return found[1] and found[1][1] or ''
end
return {'OK', redis.call('GET', KEYS[1]) or '', id('XRANGE', '-', '+'), id('XREVRANGE', '+', '-')}
