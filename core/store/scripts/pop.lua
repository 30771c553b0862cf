-- pop: takes packets off a list; those past their own TTL go to the bin.
-- KEYS    1 list   2 bin for expired packets (list)   3 ledger
-- ARGV    1 operation: lpop rpop   2 how many are wanted   3 '1': expired ones too
--         4 life of the bin in seconds   5 most values to take in this call
--         6 actor
-- RETURNS {'OK', now in ms, expired moved, values left, {value, '1' when expired, …}} |
--         {'WRONGTYPE', key, expected, found}
-- ATOMIC  all of it: the ledger takes its records before anything is taken
local refusal = guard(KEYS[1], 'list') or guard(KEYS[2], 'list') or guard(KEYS[3], 'stream')
if refusal then return refusal end
local wanted, most, at = tonumber(ARGV[2]), tonumber(ARGV[5]), now()
local heaviest = 1048576 -- bytes after which a call takes no more

-- Days since 1970 of a date (Howard Hinnant's civil calendar).
local function days(y, m, d)
  if m <= 2 then y = y - 1 end
  local era = math.floor(y / 400)
  local yoe = y - era * 400
  local doy = math.floor((153 * (m + (m > 2 and -3 or 9)) + 2) / 5) + d - 1
  return era * 146097 + yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy - 719468
end

-- Milliseconds of an ISO 8601 time; without a zone it is UTC. nil if it is none.
local function millis(text)
  if type(text) ~= 'string' then return nil end
  local y, mo, d, h, mi, s, rest = string.match(text, '^(%d%d%d%d)-(%d%d)-(%d%d)[T ](%d%d):(%d%d):(%d%d)(.*)$')
  if not y then return nil end
  y, mo, d, h, mi, s = tonumber(y), tonumber(mo), tonumber(d), tonumber(h), tonumber(mi), tonumber(s)
  if mo < 1 or mo > 12 or d < 1 or d > 31 or h > 23 or mi > 59 or s > 59 then return nil end
  local fraction, zone = string.match(rest, '^%.(%d+)(.*)$')
  zone = zone or rest
  local offset = 0
  if zone ~= '' and zone ~= 'Z' then
    local sign, oh, om = string.match(zone, '^([+-])(%d%d):?(%d?%d?)$')
    if not sign then return nil end
    offset = (tonumber(oh) * 60 + (tonumber(om) or 0)) * (sign == '-' and -1 or 1)
  end
  local seconds = days(y, mo, d) * 86400 + h * 3600 + mi * 60 + s - offset * 60
  return seconds * 1000 + math.floor(tonumber('0.' .. (fraction or '0')) * 1000)
end

-- Lua knows MessagePack on a real server, not on every other.
local msgpack = rawget(_G, "cmsgpack")

local function decode(value)
  local ok, packet
  local text = string.match(value, '^\239?\187?\191?%s*({.*)$')
  if text then
    ok, packet = pcall(cjson.decode, text)
  elseif msgpack then
    ok, packet = pcall(msgpack.unpack, value)
  end
  if ok and type(packet) == 'table' then return packet end
end

-- Past its own ttl, counted from its dispatch or its last release. One whose
-- times cannot be read never is.
local function expired(packet)
  local ttl = packet.ttl_seconds
  if ttl == nil then ttl = 3600 end
  local since = millis(packet.dispatched_at or packet.timestamp)
  if type(ttl) ~= 'number' or ttl <= 0 or not since then return false end
  local chain = packet.chain_of_custody or packet.ttt_headers
  local lineage = type(chain) == 'table' and chain.transparent_lineage
  if type(lineage) == 'table' then
    for _, entry in ipairs(lineage) do
      local released = type(entry) == 'string' and millis(string.match(entry, '^action:release|([^|]+)'))
      if released and released > since then since = released end
    end
  end
  return at > since + ttl * 1000
end

-- A tracking id as its 16 bytes, nil when it is no UUID.
local function bytes(id)
  if type(id) ~= 'string' then return nil end
  local hex = string.gsub(id, '-', '')
  if not string.match(hex, '^%x+$') or #hex ~= 32 then return nil end
  return (string.gsub(hex, '%x%x', function(h) return string.char(tonumber(h, 16)) end))
end

local function record(event, ids, others)
  if #ids + others == 0 then return end
  append(KEYS[3], {'event', event, 'ids', table.concat(ids), 'count', int(#ids + others), 'others', int(others),
    'key', KEYS[1], 'operation', ARGV[1], 'actor', ARGV[6], 'ts', int(at)})
end

local values, taken, dead, bin = {}, {ids = {}, others = 0}, {ids = {}, others = 0}, {}
local function take(value)
  local packet = decode(value)
  local id = packet and bytes(packet.tracking_id or packet.payload_id)
  local old = packet and expired(packet) or false
  local book = taken
  if old and ARGV[3] ~= '1' then
    bin[#bin + 1] = value
    book = dead
  else
    values[#values + 1] = value
    values[#values + 1] = old and '1' or ''
  end
  if id then book.ids[#book.ids + 1] = id else book.others = book.others + 1 end
end

-- Only what will be taken is looked at, a few values at a time.
local size, looked, weight = redis.call('LLEN', KEYS[1]), 0, 0
while looked < most and looked < size and weight < heaviest and #values < wanted * 2 do
  local n = math.min(16, most - looked, size - looked, wanted - #values / 2)
  local lot
  if ARGV[1] == 'lpop' then
    lot = redis.call('LRANGE', KEYS[1], looked, looked + n - 1)
    for i = 1, n do take(lot[i]) end
  else
    lot = redis.call('LRANGE', KEYS[1], -(looked + n), -(looked + 1))
    for i = n, 1, -1 do take(lot[i]) end
  end
  for i = 1, n do weight = weight + #lot[i] end
  looked = looked + n
end
if looked == 0 then return {'OK', at, 0, 0, {}} end

-- Changes nothing, and may run when memory is full; then the rest may, too:
-- whoever empties a list must be able to.
redis.call('XDEL', KEYS[3], '0-1')
record('collected', taken.ids, taken.others)
record('expired', dead.ids, dead.others)
if #bin > 0 then
  redis.call('RPUSH', KEYS[2], unpack(bin))
  redis.call('EXPIRE', KEYS[2], ARGV[4])
end
if ARGV[1] == 'lpop' then
  redis.call('LTRIM', KEYS[1], looked, -1)
else
  redis.call('LTRIM', KEYS[1], 0, -(looked + 1))
end
return {'OK', at, #bin, size - looked, values}
