-- compact: takes slots out of the carcel whose entries have left it, and marks that are old.
-- KEYS    1 carcel   2 changes   3 marks
-- ARGV    1 how such a slot begins   2 most slots to take from either end
--         3 marks older than this go, in ms   4 first slot to look at   5 how many
--         6 most slots to walk over while taking some from the inside
-- RETURNS {'OK', slots taken, slot to look at next} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'list') or guard(KEYS[2], 'string') or guard(KEYS[3], 'zset')
  or barred('LPOP', 'RPOP', 'LREM', 'INCR', 'ZREM')
if refusal then return refusal end
local list, prefix, taken = KEYS[1], ARGV[1], 0
local function is_gone(raw) return raw and string.sub(raw, 1, #prefix) == prefix end

for _, last in ipairs({0, -1}) do
  for i = 1, tonumber(ARGV[2]) do
    if not is_gone(redis.call('LINDEX', list, last)) then break end
    redis.call(last == 0 and 'LPOP' or 'RPOP', list)
    taken = taken + 1
  end
end

local from, walk = tonumber(ARGV[4]), tonumber(ARGV[6])
local next, length = from, redis.call('LLEN', list)
for _, raw in ipairs(redis.call('LRANGE', list, from, from + ARGV[5] - 1)) do
  local way = next < length / 2 and 1 or -1
  local distance = way == 1 and next + 1 or length - next
  if not is_gone(raw) then
    next = next + 1
  elseif distance > walk then
    break
  else
    walk, length = walk - distance, length - 1
    taken = taken + redis.call('LREM', list, way, raw)
  end
end

if taken > 0 then count(KEYS[2]) end
local old = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[3], 'LIMIT', 0, 500)
if #old > 0 then redis.call('ZREM', KEYS[3], unpack(old)) end
return {'OK', taken, next}
