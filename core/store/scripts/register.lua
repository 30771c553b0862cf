-- register: makes an agent known and alive, or renews it.
-- KEYS    1 agent (hash)   2 heartbeat   3 sessions (set)   4 inbox (list)   5 context (hash)
--         6 the parent's sub-agents (set), if any
-- ARGV    1 id   2 role   3 parent or 'none'   4 capacity   5 time   6 metadata JSON
--         7 heartbeat value   8 heartbeat ttl in seconds   9 channel   10 prefix of agents
--         11 prefix of sets of sub-agents   12 most ancestors
-- RETURNS {'OK'} | {'LOOP', ancestor} the agent would be its own ancestor |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it; inbox and context that were about to go for want of an agent stay
local refusal = guard(KEYS[1], 'hash') or guard(KEYS[2], 'string') or guard(KEYS[3], 'set')
  or (KEYS[6] and guard(KEYS[6], 'set')) or barred('HSET', 'SET', 'SADD', 'SREM', 'PERSIST')
if refusal then return refusal end
local ancestor = ARGV[3]
for _ = 1, tonumber(ARGV[12]) do
  if ancestor == ARGV[1] then return {'LOOP', ARGV[3]} end
  if ancestor == 'none' or ancestor == '' or kind(ARGV[10] .. ancestor) ~= 'hash' then break end
  ancestor = redis.call('HGET', ARGV[10] .. ancestor, 'parent_id') or 'none'
end
local before = redis.call('HGET', KEYS[1], 'parent_id')
if before and before ~= ARGV[3] and kind(ARGV[11] .. before) == 'set' then
  redis.call('SREM', ARGV[11] .. before, ARGV[1])
end
redis.call('HSET', KEYS[1], 'agent_id', ARGV[1], 'role', ARGV[2], 'context_capacity', ARGV[4],
  'parent_id', ARGV[3], 'registered_at', ARGV[5], 'metadata', ARGV[6])
redis.call('SET', KEYS[2], ARGV[7], 'EX', ARGV[8])
redis.call('SADD', KEYS[3], ARGV[1])
if KEYS[6] then redis.call('SADD', KEYS[6], ARGV[1]) end
redis.call('PERSIST', KEYS[4])
redis.call('PERSIST', KEYS[5])
announce(ARGV[9], cjson.encode({type = 'agent_registered', agent_id = ARGV[1], role = ARGV[2],
  parent_id = ARGV[3], timestamp = ARGV[5]}))
return {'OK'}
