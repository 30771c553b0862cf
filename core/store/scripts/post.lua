-- post: puts tasks into their queues.
-- KEYS    1 queue of the first task (sorted set)
-- ARGV    behind those of tasks.lua: 1 prefix of the queues' channels; then for each task
--         id   queue name   type   data JSON   posted by   time   priority   event JSON
-- RETURNS {'OK', number of a task whose id is taken, …}, the first being 1 |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it; a task whose id is taken is left out, the others are posted
local refusal = barred('HSET', 'ZADD')
if refusal then return refusal end
local channels, answer, waiting, free, seen = arg(1), {'OK'}, {}, {}, {}
for i = 2, args, 8 do
  local id, queue = arg(i), arg(i + 1)
  if not waiting[queue] then
    refusal = guard(queues .. queue, 'zset')
    if refusal then return refusal end
    waiting[queue] = {}
  end
  local found = kind(tasks .. id)
  if found == 'hash' or seen[id] then
    answer[#answer + 1] = (i + 6) / 8
  elseif found == 'none' then
    seen[id] = true
    free[#free + 1] = i
  else
    return guard(tasks .. id, 'hash')
  end
end

for _, i in ipairs(free) do
  local id, queue = arg(i), arg(i + 1)
  redis.call('HSET', tasks .. id, 'task_id', id, 'queue', queue, 'type', arg(i + 2), 'data', arg(i + 3),
    'posted_by', arg(i + 4), 'posted_at', arg(i + 5), 'priority', arg(i + 6))
  local list = waiting[queue]
  list[#list + 1] = 0 - tonumber(arg(i + 6))
  list[#list + 1] = id
end
for queue, list in pairs(waiting) do
  if #list > 0 then redis.call('ZADD', queues .. queue, unpack(list)) end
end
for _, i in ipairs(free) do announce(channels .. arg(i + 1), arg(i + 7)) end
return answer
