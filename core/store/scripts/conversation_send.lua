-- conversation_send: says something to the partner.
-- KEYS    1 conversation (hash)   2 the partner's inbox (list)   3 what this side sent (sorted set)
--         4 this side's inbox (list)
-- ARGV    1 side: a b   2 its token (SHA-256 in hex)   3 request id   4 message JSON   5 channel
-- RETURNS {'OK', number, when it ends in ms, 1 when this request had landed before} |
--         {'CONFLICT'} when the request id was used for another message |
--         {'RATE', 'minute' 'hour' or 'day', limit, ms until the next may go} |
--         {'FULL', messages that wait, bytes that wait} |
--         {'DENIED'} | {'ENDED', when} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it: a request lands once, however often it is repeated
local key, side, at = KEYS[1], ARGV[1], now()
local refusal = guard(key, 'hash') or guard(KEYS[2], 'list') or guard(KEYS[3], 'zset') or guard(KEYS[4], 'list')
  or stranger(key, side, ARGV[2], at) or barred('HSET', 'HDEL', 'HINCRBY', 'RPUSH', 'ZADD', 'ZREMRANGEBYSCORE', 'PEXPIREAT')
if refusal then return refusal end

local partner, sent = other(side), side .. '_sent:'
local ends, latest, life, grace, space = numbers(key, 'ends', 'latest', 'life', 'grace', 'space')
local before = redis.call('HGET', key, sent .. ARGV[3])
if before then
  local number, sum = string.match(before, '^(%d+) (%x+)$')
  if sum ~= redis.sha1hex(ARGV[4]) then return {'CONFLICT'} end
  return {'OK', tonumber(number), ends, 1}
end

local day = 86400000
for _, w in ipairs({{'day', day}, {'hour', 3600000}, {'minute', 60000}}) do
  local limit, count = numbers(key, w[1]), counted(KEYS[3], at - w[2])
  if count >= limit then
    local first = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. int(at - w[2]), '+inf', 'WITHSCORES',
      'LIMIT', count - limit, 1)
    return {'RATE', w[1], limit, tonumber(first[2] or at) + w[2] - at}
  end
end
local waiting, last, acked = numbers(key, partner .. '_bytes', partner .. '_last', partner .. '_acked')
local number = last + 1
local raw = int(number) .. ' ' .. int(at) .. ' ' .. ARGV[4]
if waiting + #raw > space then return {'FULL', last - acked, waiting} end

for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', int(at - day))) do
  redis.call('HDEL', key, sent .. old)
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', int(at - day))
ends = math.max(ends, math.min(at + life, latest))
redis.call('HSET', key, partner .. '_last', int(number), partner .. '_bytes', int(waiting + #raw), 'ends', int(ends),
  side .. '_seen', int(at), sent .. ARGV[3], int(number) .. ' ' .. redis.sha1hex(ARGV[4]))
redis.call('RPUSH', KEYS[2], raw)
redis.call('ZADD', KEYS[3], int(at), ARGV[3])
redis.call('PEXPIREAT', key, int(ends + grace))
redis.call('PEXPIREAT', KEYS[2], int(ends))
redis.call('PEXPIREAT', KEYS[4], int(ends))
redis.call('PEXPIREAT', KEYS[3], int(latest))
tell(key, ARGV[5], 'conversation_message', side, {number = number})
return {'OK', number, ends, 0}
