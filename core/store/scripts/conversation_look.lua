-- conversation_look: how a conversation stands, for one of its parties. It changes nothing.
-- KEYS    1 conversation (hash)
-- ARGV    1 side: a b   2 its token (SHA-256 in hex)
-- RETURNS {'OK', now in ms, when it ends in ms, own role, messages that wait for this side, the partner's
--         role, status, text, since when in ms, last seen in ms, messages that wait for it} |
--         {'DENIED'} | {'ENDED', when} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local key, side, at = KEYS[1], ARGV[1], now()
local refusal = guard(key, 'hash') or stranger(key, side, ARGV[2], at)
if refusal then return refusal end
local partner = other(side)
local function waits(who)
  local last, acked = numbers(key, who .. '_last', who .. '_acked')
  return last - acked
end
local words = redis.call('HMGET', key, side .. '_role', partner .. '_role', partner .. '_status', partner .. '_text')
local ends, since, seen = numbers(key, 'ends', partner .. '_since', partner .. '_seen')
return {'OK', at, ends, words[1], waits(side), words[2], words[3] or '', words[4] or '', since, seen, waits(partner)}
