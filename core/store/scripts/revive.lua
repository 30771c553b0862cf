-- revive: puts back into a queue what is due again, for consumers who do not ask for it.
-- KEYS    1 queue (sorted set)
-- ARGV    behind those of tasks.lua: 1 queue name   2 most of each kind
-- RETURNS {'OK', how many are back} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard_queue(arg(1)) or barred('ZADD', 'ZREM', 'HSET', 'HINCRBY')
if refusal then return refusal end
return {'OK', revive(arg(1), now(), tonumber(arg(2)))}
