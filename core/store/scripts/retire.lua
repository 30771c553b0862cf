-- retire: takes an agent that is done out of the swarm.
-- KEYS    1 agent (hash)   2 heartbeat   3 sessions (set)   4 the parent's sub-agents (set), if any
-- ARGV    1 id
-- RETURNS {'OK'} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'hash') or guard(KEYS[2], 'string') or guard(KEYS[3], 'set')
  or (KEYS[4] and guard(KEYS[4], 'set'))
if refusal then return refusal end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('SREM', KEYS[3], ARGV[1])
if KEYS[4] then redis.call('SREM', KEYS[4], ARGV[1]) end
return {'OK'}
