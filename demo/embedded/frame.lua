-- The frame around each script; the script stands where SCRIPT is. All lines
-- up to there are joined into one. Comments: whole lines only.
--
-- pcall gives errors as Redis words them; so does what nobody caught.
redis.REDIS_VERSION, redis.REDIS_VERSION_NUM = '7.0.15', 0x0007000f
redis.REPL_ALL, redis.REPL_AOF, redis.REPL_SLAVE, redis.REPL_REPLICA, redis.REPL_NONE = 3, 1, 2, 2, 0
local frame_pcall = pcall
local pcall, frame_tell
do
  local pcall_redis = redis.pcall
  -- What was raised: its text, the line if it says one, and whether it is the
  -- error of a command.
  frame_tell = function(raised)
    if type(raised) == 'table' and raised.err then return raised.err, nil, true end
    local line, text = string.match(tostring(raised), '^[^:]*:(%d+): (.*)$')
    if not line then return tostring(raised) end
    return text, line, text == pcall_redis('\0fault')
  end
  local function settle(ok, raised, ...)
    if ok then return ok, raised, ... end
    local text, line, command = frame_tell(raised)
    if line and not command then text = 'user_script:' .. line .. ': ' .. text end
    return false, text
  end
  pcall = function(...) return settle(frame_pcall(...)) end
end
local frame_ok, frame_answer = xpcall(function()
SCRIPT
end, function(raised)
  local text, line, command = frame_tell(raised)
  if line and not command then text = 'user_script:' .. line .. ': ' .. text end
  if not command then text = 'ERR ' .. text end
  return {err = text .. ' script: SHA1, on @user_script:' .. (line or '1') .. '.'}
end)
return frame_answer
