-- conversation_status: one party says what it is doing.
-- KEYS    1 conversation (hash)
-- ARGV    1 side: a b   2 its token (SHA-256 in hex)   3 status   4 text   5 channel
-- RETURNS {'OK', when it ends in ms} | {'DENIED'} | {'ENDED', when} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local key, side, at = KEYS[1], ARGV[1], now()
local refusal = guard(key, 'hash') or stranger(key, side, ARGV[2], at) or barred('HSET')
if refusal then return refusal end
redis.call('HSET', key, side .. '_status', ARGV[3], side .. '_text', ARGV[4], side .. '_since', int(at),
  side .. '_seen', int(at))
tell(key, ARGV[5], 'conversation_status', side, {status = ARGV[3]})
return {'OK', numbers(key, 'ends')}
