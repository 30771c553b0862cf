-- cjson as scripts know it from lua-cjson: encodes empty tables as {}, knows
-- null, raises errors. It stands before scripts that say cjson. Comments: whole
-- lines only, since all lines are joined into one.
do
  local decode = cjson.decode
  local null = newproxy()
  cjson.null = null

  local escapes
  local function escape(c)
    if not escapes then
      escapes = {['"'] = '\\"', ['\\'] = '\\\\', ['/'] = '\\/', ['\b'] = '\\b', ['\f'] = '\\f',
        ['\n'] = '\\n', ['\r'] = '\\r', ['\t'] = '\\t', ['\127'] = '\\u007f'}
    end
    return escapes[c] or string.format('\\u%04x', string.byte(c))
  end
  local function quote(s) return '"' .. string.gsub(s, '[%c"\\/\127]', escape) .. '"' end
  local function number(n)
    if n ~= n or n == math.huge or n == -math.huge then error('Cannot serialise number: must not be NaN or Inf', 0) end
    return (string.gsub(string.format('%.14g', n), 'e([+-])(%d)$', 'e%10%2'))
  end

  local encode
  local function encode_table(t, depth)
    if depth > 1000 then error('Cannot serialise, excessive depth (1001)', 0) end
    local size, count = 0, 0
    for k in pairs(t) do
      if type(k) ~= 'number' or k < 1 or k ~= math.floor(k) then size = -1 break end
      if k > size then size = k end
      count = count + 1
    end
    local parts = {}
    if size > 0 then
      if size > 10 and size > count * 2 then error('Cannot serialise table: excessively sparse array', 0) end
      for i = 1, size do parts[i] = encode(t[i], depth) end
      return '[' .. table.concat(parts, ',') .. ']'
    end
    for k, v in pairs(t) do
      local key
      if type(k) == 'string' then key = quote(k)
      elseif type(k) == 'number' then key = '"' .. number(k) .. '"'
      else error('Cannot serialise table: table key must be a number or string', 0) end
      parts[#parts + 1] = key .. ':' .. encode(v, depth)
    end
    return '{' .. table.concat(parts, ',') .. '}'
  end
  encode = function(v, depth)
    local kind = type(v)
    if kind == 'string' then return quote(v) end
    if kind == 'number' then return number(v) end
    if kind == 'boolean' then return tostring(v) end
    if kind == 'nil' or v == null then return 'null' end
    if kind == 'table' then return encode_table(v, depth + 1) end
    error('Cannot serialise ' .. kind .. ': type not supported', 0)
  end
  cjson.encode = function(v)
    local ok, text = pcall(encode, v, 0)
    if not ok then error(text, 2) end
    return text
  end

  -- The engine's decoder drops null, so texts with one are decoded here.
  local function decode_slowly(text)
    local value
    local function space(i) return string.find(text, '[^ \t\r\n]', i) or #text + 1 end
    local function items(i, close, item)
      i = space(i)
      if string.sub(text, i, i) == close then return i + 1 end
      while true do
        i = space(item(i))
        local c = string.sub(text, i, i)
        if c == close then return i + 1 end
        i = space(i + 1)
      end
    end
    value = function(i)
      local c = string.sub(text, i, i)
      if c == '{' then
        local t = {}
        return t, items(i + 1, '}', function(at)
          local key, after = value(at)
          t[key], after = value(space(space(after) + 1))
          return after
        end)
      elseif c == '[' then
        local t, n = {}, 0
        return t, items(i + 1, ']', function(at)
          local after
          n = n + 1
          t[n], after = value(at)
          return after
        end)
      elseif c == '"' then
        local stop = i + 1
        while true do
          stop = string.find(text, '["\\]', stop)
          if string.sub(text, stop, stop) == '"' then break end
          stop = stop + 2
        end
        return decode('[' .. string.sub(text, i, stop) .. ']')[1], stop + 1
      end
      local word = string.match(text, '^[%w+.-]+', i)
      if word == 'null' then return null, i + 4 end
      if word == 'true' then return true, i + 4 end
      if word == 'false' then return false, i + 5 end
      return tonumber(word), i + #word
    end
    return (value(space(1)))
  end
  cjson.decode = function(text)
    if type(text) == 'number' then text = tostring(text) end
    local v, fault = decode(text)
    if v == nil and fault then error('Expected value but found invalid token: ' .. fault, 2) end
    if string.find(text, 'null', 1, true) then return decode_slowly(text) end
    return v
  end
end
