-- send: puts a message into an agent's inbox.
-- KEYS    1 inbox (list)
-- ARGV    1 message JSON   2 channel   3 event JSON
-- RETURNS {'OK', messages waiting} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'list')
if refusal then return refusal end
local length = redis.call('RPUSH', KEYS[1], ARGV[1])
announce(ARGV[2], ARGV[3])
return {'OK', length}
