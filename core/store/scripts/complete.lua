-- complete: ends a task that the agent holds.
-- KEYS    1 claim   2 result (hash)   3 task (hash)
-- ARGV    1 task id   2 agent   3 time   4 result JSON   5 life of the records in seconds, 0 for ever
--         6 channel
-- RETURNS {'OK'} | {'NOTHELD'} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'string') or guard(KEYS[2], 'hash') or guard(KEYS[3], 'hash')
if refusal then return refusal end
local claim = redis.call('GET', KEYS[1])
if not claim then return {'NOTHELD'} end
local ok, holder = pcall(cjson.decode, claim)
if not ok or type(holder) ~= 'table' or holder.agent_id ~= ARGV[2] then return {'NOTHELD'} end
redis.call('HSET', KEYS[2], 'task_id', ARGV[1], 'completed_by', ARGV[2], 'completed_at', ARGV[3], 'result', ARGV[4])
redis.call('DEL', KEYS[1])
local keep = tonumber(ARGV[5])
if keep > 0 then
  redis.call('EXPIRE', KEYS[2], keep)
  redis.call('EXPIRE', KEYS[3], keep)
end
announce(ARGV[6], cjson.encode({type = 'task_completed', task_id = ARGV[1], completed_by = ARGV[2]}))
return {'OK'}
