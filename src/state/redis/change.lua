-- Corrects counters and places to what came of requests, or raises them to what a replica knows.
-- KEYS: counters and places of each change.
-- ARGV: now, own name, changes; per change: places more or fewer, life of the places, life of the counters, items;
-- per item: field, kind, x, y, amount, a, b, at.
--   bucket, window: a was taken `at`, b was used. known: the counter of a window that began at x is a at least, and b on top.
local now, me, changes = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local function whole(number)
  return string.format('%.0f', number)
end
local p = 4
for change = 1, changes do
  local counters, places = KEYS[change * 2 - 1], KEYS[change * 2]
  local more, places_life, life, items = tonumber(ARGV[p]), ARGV[p + 1], ARGV[p + 2], tonumber(ARGV[p + 3])
  p = p + 4
  if more ~= 0 then
    if redis.call('HINCRBY', places, me, more) <= 0 then
      redis.call('HDEL', places, me)
    end
    redis.call('PEXPIRE', places, places_life)
  end
  for _ = 1, items do
    local field, kind, x, y = ARGV[p], ARGV[p + 1], tonumber(ARGV[p + 2]), tonumber(ARGV[p + 3])
    local amount, a, b, at = tonumber(ARGV[p + 4]), tonumber(ARGV[p + 5]), tonumber(ARGV[p + 6]), tonumber(ARGV[p + 7])
    local known = redis.call('HGET', counters, field)
    local value, mark
    if known then
      value, mark = string.match(known, '^(-?%d+):(-?%d+)$')
      value, mark = tonumber(value), tonumber(mark)
    end
    if kind == 'b' then
      local full = amount * x
      if not value then value, mark = full, now end
      value = math.min(full, value + math.max(now - mark, 0) * amount)
      mark = math.max(mark, now)
      value = value + math.min(a, math.max(amount, 1)) * x - b * x
      value = math.max(-full, math.min(full, value))
    else
      local begins = x
      if not value or (y > 0 and now >= mark + y) or (y == 0 and begins > mark) then value, mark = 0, begins end
      if kind == 'w' then
        if mark <= at then value = math.max(value - a, 0) + b end
      elseif y > 0 or mark == begins then
        value = math.max(math.max(value, a) + b, 0)
      end
    end
    redis.call('HSET', counters, field, whole(value) .. ':' .. whole(mark))
    redis.call('PEXPIRE', counters, life)
    p = p + 8
  end
end
return 'ok'
