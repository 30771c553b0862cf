-- settle: one act on one entry of the carcel: an approval, a denial, an appeal,
-- a release, a discard, or the end of a wait.
-- KEYS    1 carcel   2 marks   3 pending   4 changes   5 ledger   6 decision record
--         7 target, or the bin   8 decision record of the packet that takes its place
--         9 rate of the vertical   10 run   11 ids that the run released   12 list of the bin
-- ARGV    1 slot of the list where the entry was seen   2 its text   3 SHA-256 of that
--         4 what stands in the slot afterwards   5 '' the entry stays; else it ends here, and its slot
--         goes at once if it is that close to an end of the list
--         6 decision record as it was seen, '' for none   7 the new one   8 its life in seconds
--         9 pending: '' as it was, '0' waits no longer, else until when, in ms
--         10 tracking id   11 when it is too late, in ms, 0 for never
--         12 where to: '' nowhere, 'target', 'bin'   13 operation   14 value   15 field, or the task's own key
--         16 ttl in seconds   17 decision record of the packet that takes its place, or ''
--         18 its life   19 actions that the rate allows, -1 for none   20 its window in ms
--         21 this action's slot in it   22 run, '' for none   23 whose run it is
--         24 tracking id of what is released   25 ledger events, a + between them
--         26… ledger fields and values between event and ts
-- RETURNS {'OK', ledger position} | {'MOVED'} the slot holds something else |
--         {'COPY'} the very same text was released before | {'CHANGED'} the record is another |
--         {'LATE'} | {'RATE'} | {'STOPPED'} the run is not running, or not ours |
--         {'TAKEN'} the new tracking id, or the task's, is in use | {'WRONGTYPE', key, expected, found}
-- MARKS   the SHA of what was released, "bin:" and the SHA of what was discarded
-- ATOMIC  all of it: everything is checked before anything is written, the user's rights too
local ends, where, ttl = ARGV[5] ~= '', ARGV[12], tonumber(ARGV[16])
local limit, run, at = tonumber(ARGV[19]), ARGV[22], now()

local refusal = guard(KEYS[1], 'list') or guard(KEYS[2], 'zset') or guard(KEYS[3], 'zset')
  or guard(KEYS[4], 'string') or guard(KEYS[5], 'stream') or guard(KEYS[6], 'string')
  or barred('XADD', 'LSET', 'LREM', 'INCR', 'ZADD', 'ZREM', 'SET')
if refusal then return refusal end
if run ~= '' then
  refusal = guard(KEYS[10], 'hash') or guard(KEYS[11], 'set') or barred('HINCRBY', 'HSET', 'SADD')
  if refusal then return refusal end
  if redis.call('HGET', KEYS[10], 'state') ~= 'running' or redis.call('HGET', KEYS[10], 'owner') ~= ARGV[23] then
    return {'STOPPED'}
  end
end
if redis.call('LINDEX', KEYS[1], ARGV[1]) ~= ARGV[2] then return {'MOVED'} end
if where == 'target' and redis.call('ZSCORE', KEYS[2], ARGV[3]) then return {'COPY'} end
if (redis.call('GET', KEYS[6]) or '') ~= ARGV[6] then return {'CHANGED'} end
if tonumber(ARGV[11]) > 0 and at >= tonumber(ARGV[11]) then return {'LATE'} end
if where == 'target' then
  refusal = unfit(KEYS[7], ARGV[13], ARGV[15])
elseif where == 'bin' then
  refusal = guard(KEYS[7], 'string') or guard(KEYS[12], 'zset') or barred('ZREMRANGEBYSCORE')
end
if not refusal and limit >= 0 then refusal = guard(KEYS[9], 'zset') or barred('ZREMRANGEBYSCORE', 'PEXPIRE') end
if refusal then return refusal end
if ARGV[17] ~= '' and redis.call('EXISTS', KEYS[8]) == 1 then return {'TAKEN'} end
if limit >= 0 and counted(KEYS[9], at - ARGV[20]) >= limit then return {'RATE'} end

local position
for event in string.gmatch(ARGV[25], '[^+]+') do
  local fields = {'event', event}
  for i = 26, #ARGV do fields[#fields + 1] = ARGV[i] end
  if event == 'released' and ttl > 0 then
    fields[#fields + 1] = 'expires_at'
    fields[#fields + 1] = int(at + ttl * 1000)
  end
  fields[#fields + 1] = 'ts'
  fields[#fields + 1] = int(at)
  position = append(KEYS[5], fields)
end

if where == 'target' then
  put(KEYS[7], ARGV[13], ARGV[14], ARGV[15], ttl)
  if limit >= 0 then reserve(KEYS[9], at, ARGV[20], ARGV[21]) end
elseif where == 'bin' then
  redis.call('SET', KEYS[7], ARGV[14], 'EX', ttl)
  redis.call('ZREMRANGEBYSCORE', KEYS[12], '-inf', int(at))
  redis.call('ZADD', KEYS[12], int(at + ttl * 1000), ARGV[3])
end
redis.call('LSET', KEYS[1], ARGV[1], ARGV[4])
count(KEYS[4])
if ends then
  redis.call('ZADD', KEYS[2], int(at), where == 'bin' and 'bin:' .. ARGV[3] or ARGV[3])
  local slot, reach = tonumber(ARGV[1]), tonumber(ARGV[5])
  if slot < reach then
    redis.call('LREM', KEYS[1], 1, ARGV[4])
  elseif redis.call('LLEN', KEYS[1]) - slot <= reach then
    redis.call('LREM', KEYS[1], -1, ARGV[4])
  end
end
if ARGV[7] ~= '' then redis.call('SET', KEYS[6], ARGV[7], 'EX', ARGV[8]) end
if ARGV[17] ~= '' then redis.call('SET', KEYS[8], ARGV[17], 'EX', ARGV[18]) end
if ARGV[9] == '0' then
  redis.call('ZREM', KEYS[3], ARGV[10])
elseif ARGV[9] ~= '' then
  redis.call('ZADD', KEYS[3], ARGV[9], ARGV[10])
end
if run ~= '' then
  count(KEYS[10], 'released')
  redis.call('HSET', KEYS[10], 'owner_until', int(at + 5000), 'updated_at', int(at))
  redis.call('SADD', KEYS[11], ARGV[24])
end
return {'OK', position}
