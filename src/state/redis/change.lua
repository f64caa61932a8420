-- Corrects counters and places to what came of requests, or raises them to what a replica knows.
-- KEYS: counters and places of each change.
-- ARGV: own name, changes; per change: its time; the account's number or -1, and behind a number own and left
-- (places.lua) and the life of the places; life of the counters, items; per item: field, kind, x, y, amount, a, b, at.
--   b(ucket), w(indow): a was taken `at`, b was used. k(nown): of a window that began at x, a at least is used, and b on top.
local me, changes = ARGV[1], tonumber(ARGV[2])
local p = 3
for change = 1, changes do
  local counters, places = KEYS[change * 2 - 1], KEYS[change * 2]
  local now, account = tonumber(ARGV[p]), tonumber(ARGV[p + 1])
  p = p + 2
  if account >= 0 then
    local known = redis.call('HGET', places, me)
    local granted, own, left = merged(known, account, tonumber(ARGV[p]), tonumber(ARGV[p + 1]))
    redis.call('HSET', places, me, written(account, granted, own, left))
    redis.call('PEXPIRE', places, ARGV[p + 2])
    p = p + 3
  end
  local life, items = tonumber(ARGV[p]), tonumber(ARGV[p + 1])
  p = p + 2
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
      if not value or (y > 0 and now >= mark + y) or (y == 0 and x > mark) then value, mark = 0, x end
      if kind == 'w' then
        if mark <= at then value = math.max(value - a, 0) + b end
      elseif (y > 0 and now < x + y) or (y == 0 and mark == x) then
        value = math.max(math.max(value, a) + b, 0)
      end
    end
    redis.call('HSET', counters, field, whole(value) .. ':' .. whole(mark))
    p = p + 8
  end
  -- The account may have counters that live longer than those of this change.
  if items > 0 and redis.call('PTTL', counters) < life then
    redis.call('PEXPIRE', counters, life)
  end
end
return 'ok'
