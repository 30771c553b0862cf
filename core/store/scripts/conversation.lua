-- What the scripts of a conversation share; it stands before each of them.
--
-- The conversation is a hash: <side>_role, <side>_token (SHA-256 in hex), <side>_status,
-- <side>_text, <side>_since, <side>_seen (ms), and of the messages to a side <side>_last (the
-- newest number), <side>_given (the highest handed out), <side>_acked and <side>_bytes (of what
-- waits); <side>_sent:<request> = number and SHA-1 of what that request sent. Of both: ends,
-- latest, life, minute, hour, day, space, grace.

-- The refusal for whoever has not this side's token, or nil. A conversation that is not there
-- and a token that is wrong give the same.
local function stranger(key, side, token, at)
  local found = redis.call('HMGET', key, side .. '_token', 'ends')
  if not found[1] or found[1] ~= token then return {'DENIED'} end
  if at >= tonumber(found[2]) then return {'ENDED', tonumber(found[2])} end
end

local function other(side) return side == 'a' and 'b' or 'a' end

-- Fields of the conversation as numbers, 0 for those that are not there.
local function numbers(key, ...)
  local found = redis.call('HMGET', key, ...)
  for i, v in ipairs({...}) do found[i] = tonumber(found[i] or '0') or 0 end
  return unpack(found)
end

-- Tells those who listen to the conversation.
local function tell(key, channel, what, side, fields)
  fields.type, fields.from = what, redis.call('HGET', key, side .. '_role')
  announce(channel, cjson.encode(fields))
end
