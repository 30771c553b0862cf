-- abandon: an inbox or a context without an agent goes after a while, unless the agent
-- comes back before.
-- KEYS    1 inbox (list) or context (hash)   2 agent (hash)
-- ARGV    1 type of the first key   2 life in seconds
-- RETURNS {'OK'} | {'FINE'} the agent is there, or the key is gone or has a TTL |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], ARGV[1]) or guard(KEYS[2], 'hash') or barred('EXPIRE')
if refusal then return refusal end
if redis.call('EXISTS', KEYS[2]) == 1 or redis.call('TTL', KEYS[1]) ~= -1 then return {'FINE'} end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return {'OK'}
