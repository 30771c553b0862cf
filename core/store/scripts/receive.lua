-- receive: takes the oldest messages out of an inbox.
-- KEYS    1 inbox (list)
-- ARGV    1 how many at most, one when left out
-- RETURNS {'OK', message JSON, …} | {'NONE'} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'list')
if refusal then return refusal end
local messages = redis.call('LRANGE', KEYS[1], 0, (ARGV[1] or 1) - 1)
if #messages == 0 then return {'NONE'} end
redis.call('LTRIM', KEYS[1], #messages, -1)
table.insert(messages, 1, 'OK')
return messages
