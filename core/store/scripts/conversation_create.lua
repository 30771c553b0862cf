-- conversation_create: begins a conversation of two parties.
-- KEYS    1 conversation (hash)
-- ARGV    1 role of a   2 token of a (SHA-256 in hex)   3 role of b   4 token of b
--         5 life after the newest message, in ms   6 longest life   7 how long its end is remembered
--         8 messages a minute   9 an hour   10 a day, of each party   11 bytes that may wait for a party
-- RETURNS {'OK', when it ends, in ms} | {'DUP'} when the id is taken | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it; repeated with the same tokens it changes nothing
local refusal = guard(KEYS[1], 'hash') or barred('HSET', 'PEXPIREAT')
if refusal then return refusal end
local found = redis.call('HMGET', KEYS[1], 'a_token', 'b_token', 'ends')
if found[1] then
  if found[1] == ARGV[2] and found[2] == ARGV[4] then return {'OK', tonumber(found[3])} end
  return {'DUP'}
end
local at = now()
local ends = at + math.min(tonumber(ARGV[5]), tonumber(ARGV[6]))
redis.call('HSET', KEYS[1], 'a_role', ARGV[1], 'a_token', ARGV[2], 'b_role', ARGV[3], 'b_token', ARGV[4],
  'ends', int(ends), 'latest', int(at + ARGV[6]), 'life', ARGV[5], 'grace', ARGV[7],
  'minute', ARGV[8], 'hour', ARGV[9], 'day', ARGV[10], 'space', ARGV[11])
redis.call('PEXPIREAT', KEYS[1], int(ends + ARGV[7]))
return {'OK', ends}
