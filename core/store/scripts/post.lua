-- post: puts tasks into their queues.
-- KEYS    1 queue of the first task (sorted set)
-- ARGV    behind those of tasks.lua: 1 prefix of the queues' channels; then for each task
--         id   queue name   type   data JSON   posted by   time   priority   event JSON
-- RETURNS {'OK', number of a task whose id is taken, …}, the first being 1 |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it; a task whose id is taken is left out, the others are posted
local refusal = barred('HSET', 'ZADD')
if refusal then return refusal end
for i = 2, args, 8 do
  refusal = guard(queues .. arg(i + 1), 'zset') or guard(tasks .. arg(i), 'hash')
  if refusal then return refusal end
end
local answer = {'OK'}
for i = 2, args, 8 do
  local id, queue = arg(i), arg(i + 1)
  if redis.call('EXISTS', tasks .. id) == 1 then
    answer[#answer + 1] = (i + 6) / 8
  else
    redis.call('HSET', tasks .. id, 'task_id', id, 'queue', queue, 'type', arg(i + 2), 'data', arg(i + 3),
      'posted_by', arg(i + 4), 'posted_at', arg(i + 5), 'priority', arg(i + 6))
    redis.call('ZADD', queues .. queue, 0 - tonumber(arg(i + 6)), id)
    announce(arg(1) .. queue, arg(i + 7))
  end
end
return answer
