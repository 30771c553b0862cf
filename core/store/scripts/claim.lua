-- claim: takes the most urgent task of a queue for an agent.
-- KEYS    1 queue (sorted set)
-- ARGV    1 claim JSON   2 its life in seconds   3 how many tasks to look at
--         4 prefix of claim keys   5 prefix of task keys   6 prefix of result keys
--         (one server: no slots to keep)
-- RETURNS {'OK', task id, {field, value, …}} | {'NONE'} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  claim and removal from the queue
local refusal = guard(KEYS[1], 'zset')
if refusal then return refusal end
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[3]) - 1)) do
  local claim, task = ARGV[4] .. id, ARGV[5] .. id
  refusal = guard(claim, 'string') or guard(task, 'hash')
  if refusal then return refusal end
  if redis.call('EXISTS', ARGV[6] .. id) == 1 then
    -- Done, and left in the queue by whoever claimed it.
    redis.call('ZREM', KEYS[1], id)
  elseif redis.call('SET', claim, ARGV[1], 'NX', 'EX', ARGV[2]) then
    redis.call('ZREM', KEYS[1], id)
    return {'OK', id, redis.call('HGETALL', task)}
  end
end
return {'NONE'}
