-- extend: lengthens leases, and says that their holder lives, when it is to.
-- KEYS    1 heartbeat   2 agent (hash)
-- ARGV    behind those of tasks.lua: 1 agent   2 heartbeat value, '' for no heartbeat
--         3 its ttl in seconds   4 lease in ms, counted from now; then for each task   id   token
-- RETURNS {'OK', when its lease ends, in ms, 0 when it is not held, …} for each task in turn |
--         {'NONE'} when there is to be a heartbeat and the agent is not registered |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = barred('SET', 'ZADD')
if not refusal and arg(2) ~= '' then refusal = guard(KEYS[1], 'string') or guard(KEYS[2], 'hash') end
if refusal then return refusal end
for i = 5, args, 2 do
  refusal = guard_task(arg(i)) or guard(leases .. queue_of(arg(i)), 'zset')
  if refusal then return refusal end
end
if arg(2) ~= '' then
  if redis.call('EXISTS', KEYS[2]) == 0 then return {'NONE'} end
  redis.call('SET', KEYS[1], arg(2), 'EX', arg(3))
end
local at, lease, answer = now(), tonumber(arg(4)), {'OK'}
for i = 5, args, 2 do
  local how, text = hold(arg(i), arg(1), tonumber(arg(i + 1)))
  answer[#answer + 1] = how == 'HELD' and lengthen(arg(i), text, at, lease) or '0'
end
return answer
