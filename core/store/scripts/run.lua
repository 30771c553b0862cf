-- run: takes, keeps or changes the state of a replay.
-- KEYS    1 run   2 plan   3 released ids   4 runs
-- ARGV    1 act: 'own' work on it; 'set' change its state   2 who asks   3 life in seconds
--         own: 4 '1': a paused one runs again   5 an owner that is known to have died, or ''
--         set: 4 the new state   5 why
-- RETURNS {'OK', state} | {'GONE'} | {'OWNED', owner} somebody else works on it |
--         {'ENDED', state} it is over | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'hash')
if refusal then return refusal end
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {'GONE'} end
if state == 'done' or state == 'cancelled' then return {'ENDED', state} end
local at = now()
if ARGV[1] == 'own' then
  local owner = redis.call('HGET', KEYS[1], 'owner') or ''
  local till = tonumber(redis.call('HGET', KEYS[1], 'owner_until') or '0')
  if owner ~= '' and owner ~= ARGV[2] and owner ~= ARGV[5] and till > at and state == 'running' then
    return {'OWNED', owner}
  end
  if state == 'paused' then
    if ARGV[4] ~= '1' then return {'OK', state} end
    state = 'running'
  end
  redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'owner_until', int(at + 5000), 'state', state, 'why', '', 'updated_at', int(at))
else
  state = ARGV[4]
  redis.call('HSET', KEYS[1], 'state', state, 'why', ARGV[5], 'updated_at', int(at))
end
for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[3]) end
return {'OK', state}
