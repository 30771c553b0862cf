-- post: puts a task into its queue.
-- KEYS    1 queue (sorted set)   2 task (hash)
-- ARGV    1 task id   2 queue name   3 type   4 data JSON   5 posted by   6 time   7 priority   8 channel
-- RETURNS {'OK', tasks waiting} | {'DUP'} when the id is taken | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'zset') or guard(KEYS[2], 'hash')
if refusal then return refusal end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'DUP'} end
redis.call('HSET', KEYS[2], 'task_id', ARGV[1], 'queue', ARGV[2], 'type', ARGV[3], 'data', ARGV[4],
  'posted_by', ARGV[5], 'posted_at', ARGV[6], 'priority', ARGV[7])
redis.call('ZADD', KEYS[1], 0 - tonumber(ARGV[7]), ARGV[1])
announce(ARGV[8], cjson.encode({type = 'task_posted', task_id = ARGV[1], task_type = ARGV[3],
  priority = tonumber(ARGV[7])}))
return {'OK', redis.call('ZCARD', KEYS[1])}
