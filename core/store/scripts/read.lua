-- read: looks at values without changing anything.
-- KEYS    1 key
-- ARGV    1 operation: get lindex lrange hget hgetall smembers   2… its arguments
-- RETURNS {'OK', now in ms, value, …} (hgetall: field, value, …) |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  guard and read
local holds = {get = 'string', lindex = 'list', lrange = 'list', hget = 'hash', hgetall = 'hash', smembers = 'set'}
local refusal = guard(KEYS[1], holds[ARGV[1]])
if refusal then return refusal end
local call = {string.upper(ARGV[1]), KEYS[1]}
for i = 2, #ARGV do call[#call + 1] = ARGV[i] end
local found = redis.call(unpack(call))
local answer = {'OK', now()}
if type(found) == 'string' then
  answer[3] = found
elseif type(found) == 'table' then
  for i = 1, #found do answer[i + 2] = found[i] end
end
return answer
