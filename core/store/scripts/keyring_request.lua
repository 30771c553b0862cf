-- keyring_request: files a key that asks to be trusted.
-- KEYS    1 requests (hash)
-- ARGV    1 key id   2 request   3 how many may wait
-- RETURNS {'OK'} | {'FULL', how many wait} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'hash')
if refusal then return refusal end
local waiting = redis.call('HLEN', KEYS[1])
if waiting >= tonumber(ARGV[3]) and redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return {'FULL', waiting} end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return {'OK'}
