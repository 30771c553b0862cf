-- orphan: an agent whose parent is gone has none any more.
-- KEYS    1 agent (hash)   2 parent (hash)   3 the parent's sub-agents (set)
-- ARGV    1 id   2 parent's id
-- RETURNS {'OK'} | {'FINE'} the parent is there, or the agent has another |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'hash') or guard(KEYS[2], 'hash') or guard(KEYS[3], 'set') or barred('SREM', 'HSET')
if refusal then return refusal end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'FINE'} end
local listed = redis.call('SREM', KEYS[3], ARGV[1]) == 1
if redis.call('HGET', KEYS[1], 'parent_id') == ARGV[2] then
  redis.call('HSET', KEYS[1], 'parent_id', 'none')
elseif not listed then
  return {'FINE'}
end
return {'OK'}
