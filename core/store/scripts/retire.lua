-- retire: takes an agent out of the swarm: one that is done, or, for a reaper, one that has
-- fallen silent.
-- KEYS    1 agent (hash)   2 heartbeat   3 sessions (set)   4 heartbeat by the paper's name
-- ARGV    1 id   2 prefix of sets of sub-agents   3 '1': only when it is silent and in the sessions
--         4 parent by the caller's word, '' for none
-- RETURNS {'OK'} | {'ALIVE'} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'hash') or guard(KEYS[2], 'string') or guard(KEYS[3], 'set') or guard(KEYS[4], 'string')
if refusal then return refusal end
if ARGV[3] == '1' and (redis.call('EXISTS', KEYS[2], KEYS[4]) > 0 or redis.call('SISMEMBER', KEYS[3], ARGV[1]) == 0) then
  return {'ALIVE'}
end
local parents = {redis.call('HGET', KEYS[1], 'parent_id') or '', ARGV[4]}
for _, parent in ipairs(parents) do
  refusal = parent ~= '' and guard(ARGV[2] .. parent, 'set') or barred('DEL', 'SREM')
  if refusal then return refusal end
end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[4])
redis.call('SREM', KEYS[3], ARGV[1])
for _, parent in ipairs(parents) do
  if parent ~= '' then redis.call('SREM', ARGV[2] .. parent, ARGV[1]) end
end
return {'OK'}
