-- bin: keeps expired packets that were taken from a list, where pop could not
-- tell that they are.
-- KEYS    1 bin (list)   2 ledger
-- ARGV    1 its life in seconds   2 list they came from   3 operation   4 actor
--         5 their ids, 16 bytes each   6 how many have none   7… values
-- RETURNS {'OK', length} | {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it
local refusal = guard(KEYS[1], 'list') or guard(KEYS[2], 'stream')
if refusal then return refusal end
append(KEYS[2], {'event', 'expired', 'ids', ARGV[5], 'count', int(#ARGV - 6), 'others', ARGV[6],
  'key', ARGV[2], 'operation', ARGV[3], 'actor', ARGV[4], 'ts', int(now())})
local length = 0
for i = 7, #ARGV do length = redis.call('RPUSH', KEYS[1], ARGV[i]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return {'OK', length}
