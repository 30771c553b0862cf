-- register: makes an agent known and alive.
-- KEYS    1 agent (hash)   2 heartbeat   3 sessions (set)   4 the parent's sub-agents (set), if any
-- ARGV    1 id   2 role   3 parent or 'none'   4 capacity   5 time   6 metadata JSON
--         7 heartbeat value   8 heartbeat ttl in seconds   9 channel
-- RETURNS {'OK'} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'hash') or guard(KEYS[2], 'string') or guard(KEYS[3], 'set')
  or (KEYS[4] and guard(KEYS[4], 'set'))
if refusal then return refusal end
redis.call('HSET', KEYS[1], 'agent_id', ARGV[1], 'role', ARGV[2], 'context_capacity', ARGV[4],
  'parent_id', ARGV[3], 'registered_at', ARGV[5], 'metadata', ARGV[6])
redis.call('SET', KEYS[2], ARGV[7], 'EX', ARGV[8])
redis.call('SADD', KEYS[3], ARGV[1])
if KEYS[4] then redis.call('SADD', KEYS[4], ARGV[1]) end
announce(ARGV[9], cjson.encode({type = 'agent_registered', agent_id = ARGV[1], role = ARGV[2],
  parent_id = ARGV[3], timestamp = ARGV[5]}))
return {'OK'}
