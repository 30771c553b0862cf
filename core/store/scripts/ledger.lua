-- ledger: how the ledger stands, at one moment. It changes nothing.
-- KEYS    1 checkpoint (string)   2 ledger (stream)
-- ARGV    -
-- RETURNS {'OK', checkpoint, '' for none, id of the first record, '' for none, id of the last,
--         how many there are, 1 when newer ones were removed, and, where a key is of another
--         type: the key, what it should be, what it is}
-- ATOMIC  all of it: the records are those that the checkpoint was made of, or more
local checkpoint, first, last, count, removed = '', '', '', 0, 0
local other = guard(KEYS[2], 'stream') or guard(KEYS[1], 'string')
if not guard(KEYS[1], 'string') then checkpoint = head(KEYS[1]) end
if not guard(KEYS[2], 'stream') then
  local function id(command, from, to)
    local found = redis.call(command, KEYS[2], from, to, 'COUNT', 1)
    return found[1] and found[1][1] or ''
  end
  first, last, count = id('XRANGE', '-', '+'), id('XREVRANGE', '+', '-'), redis.call('XLEN', KEYS[2])
  local known, newest = pcall(given, KEYS[2]) -- a user may be kept from asking
  if known and newest > (last == '' and 0 or tonumber(string.match(last, '^(%d+)'))) then removed = 1 end
end
return {'OK', checkpoint, first, last, count, removed, unpack(other or {}, 2)}
