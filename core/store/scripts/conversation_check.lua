-- conversation_check: acknowledges messages and reads those that follow.
-- KEYS    1 conversation (hash)   2 this side's inbox (list)
-- ARGV    1 side: a b   2 its token (SHA-256 in hex)
--         3 number of the last message that was dealt with, '' to acknowledge nothing
--         4 most messages   5 bytes after which no more are added
-- RETURNS {'OK', messages that wait behind these, when it ends in ms, {'<number> <ms> <message JSON>', …}} |
--         {'AHEAD', highest number handed out} when one is acknowledged that nobody has seen |
--         {'DENIED'} | {'ENDED', when} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it: what is not acknowledged stays, so that a lost answer can be asked for again
local key, side, at = KEYS[1], ARGV[1], now()
local refusal = guard(key, 'hash') or guard(KEYS[2], 'list') or stranger(key, side, ARGV[2], at)
  or barred('HSET', 'LPOP')
if refusal then return refusal end

local acked, given, last, bytes, ends = numbers(key, side .. '_acked', side .. '_given', side .. '_last', side .. '_bytes', 'ends')
local after = acked
if ARGV[3] ~= '' then after = tonumber(ARGV[3]) end
if after > given then return {'AHEAD', given} end

local function number(raw) return tonumber(string.match(raw, '^(%d+) ')) or 0 end
while true do
  local first = redis.call('LINDEX', KEYS[2], 0)
  if not first or number(first) > after then break end
  redis.call('LPOP', KEYS[2])
  bytes = bytes - #first
end
acked = math.max(acked, after)

local found, size = {}, 0
while #found < tonumber(ARGV[4]) and size < tonumber(ARGV[5]) do
  local raw = redis.call('LINDEX', KEYS[2], #found)
  if not raw then break end
  found[#found + 1] = raw
  size = size + #raw
  given = math.max(given, number(raw))
end
redis.call('HSET', key, side .. '_acked', int(acked), side .. '_given', int(given), side .. '_bytes', int(math.max(bytes, 0)),
  side .. '_seen', int(at))
return {'OK', redis.call('LLEN', KEYS[2]) - #found, ends, found}
