-- receive: takes the oldest message out of an inbox.
-- KEYS    1 inbox (list)
-- RETURNS {'OK', message JSON} | {'NONE'} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'list')
if refusal then return refusal end
local message = redis.call('LPOP', KEYS[1])
if not message then return {'NONE'} end
return {'OK', message}
