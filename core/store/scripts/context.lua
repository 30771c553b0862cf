-- context: exchanges an agent's context for one whose pieces lie ready.
-- KEYS    1 context (hash)   2 agent (hash)
-- ARGV    1 version   2 size in bytes   3 time   4 content, '' when it is in pieces   5 how many pieces
--         6 prefix of the pieces that lie ready   7 prefix of the pieces' names   8 their life in seconds
--         9 '1': only when the version in place is that of   10   11 channel   12 event JSON
-- RETURNS {'OK'} | {'NONE'} the agent is not registered | {'CHANGED', version in place} |
--         {'LOST'} a piece is not there any more | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it: whoever reads sees the old context or the new one
local refusal = guard(KEYS[1], 'hash') or guard(KEYS[2], 'hash')
  or barred('RENAME', 'DEL', 'HSET', 'HDEL', 'EXPIRE', 'PERSIST')
if refusal then return refusal end
if redis.call('EXISTS', KEYS[2]) == 0 then return {'NONE'} end
local place = redis.call('HMGET', KEYS[1], 'version', 'chunks')
if ARGV[9] == '1' and (place[1] or '') ~= ARGV[10] then return {'CHANGED', place[1] or ''} end
local pieces = tonumber(ARGV[5])
for n = 0, pieces - 1 do
  if redis.call('EXISTS', ARGV[6] .. n) == 0 then return {'LOST'} end
end
for n = 0, pieces - 1 do
  redis.call('RENAME', ARGV[6] .. n, ARGV[7] .. n)
  redis.call('EXPIRE', ARGV[7] .. n, ARGV[8])
end
for n = pieces, math.min(tonumber(place[2] or '') or 0, 65536) - 1 do redis.call('DEL', ARGV[7] .. n) end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'size_bytes', ARGV[2], 'updated_at', ARGV[3])
if pieces > 0 then
  redis.call('HSET', KEYS[1], 'chunks', pieces)
  redis.call('HDEL', KEYS[1], 'content')
else
  redis.call('HSET', KEYS[1], 'content', ARGV[4])
  redis.call('HDEL', KEYS[1], 'chunks')
end
redis.call('PERSIST', KEYS[1])
announce(ARGV[11], ARGV[12])
return {'OK'}
