-- What all scripts share; it stands before each of them.

local function kind(key) return redis.call('TYPE', key).ok end

-- The refusal that a key deserves which holds another type, or nil.
local function guard(key, expected)
  local found = kind(key)
  if found ~= 'none' and found ~= expected then
    return {'WRONGTYPE', key, expected, found}
  end
end

-- Tells a channel. That is lost on whoever does not listen, so it is no error
-- either when the user may not.
local function announce(channel, message) redis.pcall('PUBLISH', channel, message) end

-- Milliseconds since 1970, by this server's clock.
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- Whole numbers as text: Lua 5.1 would write 1.7e+12.
local function int(n) return string.format('%.0f', n) end

-- How long keys that this script has put something under live at least, in seconds.
local lives = {}

-- A key made by this push takes the TTL; an existing TTL is only ever
-- extended; an existing key without TTL stays without.
local function extend(key, seconds, created)
  if seconds <= 0 or lives[key] and lives[key] >= seconds then return end
  lives[key] = seconds
  if created then
    redis.call('EXPIRE', key, seconds)
  else
    local left = redis.call('PTTL', key)
    if left >= 0 and left < seconds * 1000 then redis.call('EXPIRE', key, seconds) end
    if left < 0 then lives[key] = math.huge end
  end
end

-- A checkpoint as it stands, or so much of it that it is seen to be none.
local function head(key) return redis.call('GETRANGE', key, 0, 16384) end

-- The number of the last id that a stream gave, 0 for none: that of its last record, unless
-- this was removed. Above 2^53 it is about so.
local function given(stream)
  if redis.call('EXISTS', stream) == 0 then return 0 end
  local info = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return tonumber(string.match(info[i + 1], '^(%d+)')) end
  end
  return 0
end

-- The positions that this script has given last, by ledger.
local tails = {}

-- Appends a record to the ledger, whose type was guarded before, and returns
-- its position, counted from 1. The position is the stream id, so that a gap
-- or a rewrite shows. A script appends before it writes anything else: where
-- the ledger takes no record, nothing may move.
local function append(ledger, fields)
  local position = tails[ledger] and tails[ledger] + 1
  if not position then
    local last = redis.call('XREVRANGE', ledger, '+', '-', 'COUNT', 1)
    position = last[1] and tonumber(string.match(last[1][1], '^(%d+)')) + 1 or 1
  end
  local added = redis.pcall('XADD', ledger, int(position) .. '-0', unpack(fields))
  if type(added) == 'table' and added.err then
    -- The newest records may have been removed: the stream still knows the
    -- last id that it gave.
    position = given(ledger) + 1
    redis.call('XADD', ledger, int(position) .. '-0', unpack(fields))
  end
  tails[ledger] = position
  return position
end

-- The refusal for a user who may not run one of these commands, or nil. A
-- script asks before it writes: it would break off there, with half of its
-- work done. Servers before 7.0 cannot be asked.
local function barred_at(key, ...)
  if not redis.acl_check_cmd then return end
  for _, command in ipairs({...}) do
    if not redis.acl_check_cmd(command, key, '0', '0') then
      return redis.error_reply('NOPERM this user has no permissions to run the ' .. command .. ' command')
    end
  end
end

local function barred(...) return barred_at(KEYS[1], ...) end

-- Counts one more. A count that others made unreadable begins anew: no act
-- stops half-way for it.
local function count(key, field)
  local counted
  if field then counted = redis.pcall('HINCRBY', key, field, 1) else counted = redis.pcall('INCR', key) end
  if type(counted) ~= 'table' then return end
  if field then redis.call('HSET', key, field, 1) else redis.call('SET', key, 1) end
end

-- How many actions a rate has counted since a time, in milliseconds.
local function counted(rate, since) return redis.call('ZCOUNT', rate, '(' .. int(since), '+inf') end

-- Counts an action in a rate.
local function reserve(rate, at, window, slot)
  redis.call('ZREMRANGEBYSCORE', rate, '-inf', int(at - window))
  redis.call('ZADD', rate, int(at), slot)
  redis.call('PEXPIRE', rate, window)
end

-- What a key must hold for an operation.
local holds = {set = 'string', lpush = 'list', rpush = 'list', hset = 'hash', sadd = 'set', task = 'zset'}

-- The refusal that forbids put, or nil. A task, whose own key is the field, needs an id that
-- is free.
local function unfit(key, operation, field)
  if operation ~= 'task' then return guard(key, holds[operation]) or barred_at(key, operation, 'EXPIRE') end
  return guard(key, 'zset') or guard(field, 'hash') or barred_at(field, 'HSET') or barred_at(key, 'ZADD')
    or redis.call('EXISTS', field) == 1 and {'TAKEN'} or nil
end

-- Puts a packet, or a task, under a key that was found fit before, and returns how much that
-- key holds then. A task's value is JSON: {"id", "score", "meta": fields and values of the
-- task's own key, "channel", "event": what is told to whom}.
local function put(key, operation, value, field, ttl)
  local created = not lives[key] and redis.call('EXISTS', key) == 0
  local length = 1
  if operation == 'rpush' then
    length = redis.call('RPUSH', key, value)
  elseif operation == 'lpush' then
    length = redis.call('LPUSH', key, value)
  elseif operation == 'set' then
    redis.call('SET', key, value, 'KEEPTTL')
  elseif operation == 'hset' then
    redis.call('HSET', key, field, value)
    length = redis.call('HLEN', key)
  elseif operation == 'task' then
    local task = cjson.decode(value)
    redis.call('HSET', field, unpack(task.meta))
    redis.call('ZADD', key, task.score, task.id)
    length = redis.call('ZCARD', key)
    announce(task.channel, task.event)
  else
    redis.call('SADD', key, value)
    length = redis.call('SCARD', key)
  end
  extend(key, ttl, created)
  return length
end
