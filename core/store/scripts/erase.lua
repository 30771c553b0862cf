-- erase: takes one packet's contents away from one place, and leaves a record.
-- KEYS    1 place   2 ledger   3 marks   4 pending   5 changes   6 list of the bin
--         7 queue of a task
-- ARGV    1 what the place is: list carcel string hash set bin decision task
--         2 slot where it was seen (list, carcel), field (hash), SHA-256 (bin), the task's id, else ''
--         3 its text, of a task its data   4 what stands there afterwards: the carcel's stone, the decision record;
--         of a list a text that is nobody's, and gone when the script ends; else ''
--         5 how many slots around that one are looked through, others having moved it
--         6 a carcel's slot goes at once if it is that close to an end of the list
--         7 tracking id   8 SHA-256 of the text
--         9… ledger fields and values between event and ts
-- RETURNS {'OK', ledger position} | {'MOVED'} it does not stand there |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it: everything is checked before anything is written, the user's rights too
local what, text, at = ARGV[1], ARGV[3], now()
local holds = {list = 'list', carcel = 'list', string = 'string', hash = 'hash', set = 'set', bin = 'string', decision = 'string', task = 'hash'}
local needs = {list = {'LSET', 'LREM'}, carcel = {'LSET', 'LREM', 'INCR', 'ZADD', 'ZREM'}, string = {'DEL'},
  hash = {'HDEL'}, set = {'SREM'}, bin = {'DEL', 'ZREM'}, decision = {'SET'}, task = {'DEL', 'ZREM'}}
local refusal = guard(KEYS[1], holds[what]) or guard(KEYS[2], 'stream')
if not refusal and what == 'carcel' then
  refusal = guard(KEYS[3], 'zset') or guard(KEYS[4], 'zset') or guard(KEYS[5], 'string')
elseif not refusal and what == 'bin' then
  refusal = guard(KEYS[6], 'zset')
elseif not refusal and what == 'task' then
  refusal = guard(KEYS[7], 'zset')
end
refusal = refusal or barred('XADD', unpack(needs[what]))
if refusal then return refusal end

local slot
if what == 'list' or what == 'carcel' then
  slot = tonumber(ARGV[2])
  if redis.call('LINDEX', KEYS[1], slot) ~= text then
    local first = math.max(slot - tonumber(ARGV[5]), 0)
    local lot = redis.call('LRANGE', KEYS[1], first, slot + tonumber(ARGV[5]))
    slot = nil
    for i = 1, #lot do
      if lot[i] == text then slot = first + i - 1 break end
    end
    if not slot then return {'MOVED'} end
  end
else
  local there
  if what == 'hash' then
    there = redis.call('HGET', KEYS[1], ARGV[2]) == text
  elseif what == 'task' then
    there = redis.call('HGET', KEYS[1], 'data') == text
  elseif what == 'set' then
    there = redis.call('SISMEMBER', KEYS[1], text) == 1
  else
    there = redis.call('GET', KEYS[1]) == text
  end
  if not there then return {'MOVED'} end
end

local fields = {'event', 'erased'}
for i = 9, #ARGV do fields[#fields + 1] = ARGV[i] end
fields[#fields + 1] = 'ts'
fields[#fields + 1] = int(at)
local position = append(KEYS[2], fields)

if slot then
  redis.call('LSET', KEYS[1], slot, ARGV[4])
  local behind, reach = redis.call('LLEN', KEYS[1]) - slot, tonumber(ARGV[6])
  if what == 'list' or slot < reach or behind <= reach then
    redis.call('LREM', KEYS[1], slot < behind and 1 or -1, ARGV[4])
  end
  if what == 'carcel' then
    count(KEYS[5])
    redis.call('ZADD', KEYS[3], int(at), ARGV[8])
    redis.call('ZREM', KEYS[4], ARGV[7])
  end
elseif what == 'hash' then
  redis.call('HDEL', KEYS[1], ARGV[2])
elseif what == 'set' then
  redis.call('SREM', KEYS[1], text)
elseif what == 'task' then -- whoever holds it has its data, and may complete it
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[7], ARGV[2])
elseif what == 'decision' then
  redis.call('SET', KEYS[1], ARGV[4], 'KEEPTTL')
else
  redis.call('DEL', KEYS[1])
  if what == 'bin' then redis.call('ZREM', KEYS[6], ARGV[2]) end
end
return {'OK', position}
