-- Corrects counters and places to what came of requests, or raises them to what a replica knows.
-- KEYS: heard (common.lua), then counters and places of each change.
-- ARGV: lane, number, own name, changes; per change: its time; the account's number or -1, and behind a number own and
-- left (common.lua) and the life of the places; life of the counters, items; per item: field, kind, x, y, amount, base, told.
--   As in take.lua; of a k(nown) window at least base was used since x, and told on top.
if not heard() then return '-1' end
local me, changes, p = ARGV[3], tonumber(ARGV[4]), 5
for change = 1, changes do
  local counters, places = KEYS[change * 2], KEYS[change * 2 + 1]
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
    local amount, base, told = tonumber(ARGV[p + 4]), tonumber(ARGV[p + 5]), tonumber(ARGV[p + 6])
    local known, value, mark = redis.call('HGET', counters, field), nil, nil
    if kind == 'b' then
      value, mark = bucket(known, x, amount, told, now)
    elseif kind == 'w' then
      value, mark = window(known, x, y, told, now)
    else
      value, mark = window(known, x, y, 0, now)
      if (y > 0 and now < x + y) or (y == 0 and mark == x) then
        value = math.max(math.max(value, base) + told, 0)
      end
    end
    redis.call('HSET', counters, field, format('%d:%d', value, mark))
    p = p + 7
  end
  -- The account may have counters that live longer than those of this change.
  if items > 0 and redis.call('PTTL', counters) < life then
    redis.call('PEXPIRE', counters, life)
  end
end
return '1'
