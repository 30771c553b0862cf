-- heartbeat: an agent that is registered says that it lives.
-- KEYS    1 heartbeat   2 agent (hash)
-- ARGV    1 value   2 ttl in seconds
-- RETURNS {'OK'} | {'NONE'} when the agent is not registered | {'WRONGTYPE', …}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'string') or guard(KEYS[2], 'hash')
if refusal then return refusal end
if redis.call('EXISTS', KEYS[2]) == 0 then return {'NONE'} end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return {'OK'}
