-- checkpoint: exchanges the checkpoint for its next one, unless somebody else has, and
-- writes the tiles of the tree that are new or fuller.
-- KEYS    1 checkpoint (string)   2 tiles (hash)
-- ARGV    1 the checkpoint as it was read, '' for none   2 the checkpoint to be, '' for the same
--         3… names and values of tiles
-- RETURNS {'OK'} | {'CHANGED', the checkpoint that is there, '' for none} |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it. What stands where the tiles should be and is no hash gives way: they are
--         all written again then.
local refusal = guard(KEYS[1], 'string') or barred('HSET', 'SET')
if refusal then return refusal end
local found = redis.call('GET', KEYS[1]) or ''
if found ~= ARGV[1] then return {'CHANGED', found} end
if guard(KEYS[2], 'hash') then redis.call('DEL', KEYS[2]) end
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2]) end
return {'OK'}
