-- bin: keeps expired packets that were taken from a list.
-- KEYS    1 bin (list)
-- ARGV    1 its life in seconds   2… values
-- RETURNS {'OK', length} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'list')
if refusal then return refusal end
local length = 0
for i = 2, #ARGV do length = redis.call('RPUSH', KEYS[1], ARGV[i]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return {'OK', length}
