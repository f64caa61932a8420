-- Takes from all rates, quotas and places of all claims, or from none.
-- KEYS: replicas, then counters and places of each claim.
-- ARGV: now, own name, silence of the dead, claims; per claim: places or -1; if there are places, their life and the
-- account's number, own and left (places.lua); life of the counters, items; per item: field, kind, x, y, amount, cost.
--   bucket: x is its period. window: x is where one that opens now begins, y its length, 0 for calendars.
-- Times in milliseconds. Answers {1, value, mark, ...}, {0, claim, item, value, mark} or {-1}: this replica is not known.
local now, me, silence, claims = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if redis.call('HEXISTS', KEYS[1], me) == 0 then
  return {'-1'}
end
local function counter(text)
  if not text then return nil end
  local value, mark = string.match(text, '^(-?%d+):(-?%d+)$')
  return tonumber(value), tonumber(mark)
end
-- What others hold, and what is known of this replica.
local function held(places)
  local all, others, mine = redis.call('HGETALL', places), 0, nil
  for i = 1, #all, 2 do
    if all[i] == me then
      mine = all[i + 1]
    else
      local beat = tonumber(redis.call('HGET', KEYS[1], all[i]) or '')
      if beat and now - beat <= silence then
        local _, granted, own, left = parsed(all[i + 1])
        others = others + math.max((granted or 0) + (own or 0) - (left or 0), 0)
      else
        redis.call('HDEL', places, all[i])
      end
    end
  end
  return others, mine
end
local p, writes, answer = 5, {}, {'1'}
for claim = 1, claims do
  local counters, places = KEYS[claim * 2], KEYS[claim * 2 + 1]
  local most = tonumber(ARGV[p])
  p = p + 1
  if most >= 0 then
    local life, account = ARGV[p], tonumber(ARGV[p + 1])
    local others, mine = held(places)
    local granted, own, left = merged(mine, account, tonumber(ARGV[p + 2]), tonumber(ARGV[p + 3]))
    if others + math.max(granted + own - left, 0) >= most then
      return {'0', whole(claim), '0', whole(most), '0'}
    end
    writes[#writes + 1] = function()
      redis.call('HSET', places, me, written(account, granted + 1, own, left))
      redis.call('PEXPIRE', places, life)
    end
    p = p + 4
  end
  local life, items = ARGV[p], tonumber(ARGV[p + 1])
  p = p + 2
  if items > 0 then
    local fields, write = {}, {}
    for item = 1, items do
      fields[item] = ARGV[p + (item - 1) * 6]
    end
    local known = redis.call('HMGET', counters, unpack(fields))
    for item = 1, items do
      local kind, x, y = ARGV[p + 1], tonumber(ARGV[p + 2]), tonumber(ARGV[p + 3])
      local amount, cost = tonumber(ARGV[p + 4]), tonumber(ARGV[p + 5])
      local value, mark = counter(known[item])
      local fits
      if kind == 'b' then
        local full = amount * x
        if not value then value, mark = full, now end
        value = math.min(full, value + math.max(now - mark, 0) * amount)
        mark = math.max(mark, now)
        local needed = math.min(cost, math.max(amount, 1)) * x
        fits = cost == 0 or value >= needed
        if fits then value = value - needed end
      else
        if not value or (y > 0 and now >= mark + y) or (y == 0 and x > mark) then value, mark = 0, x end
        fits = amount < 0 or cost == 0 or value + cost <= amount
        if fits then value = value + cost end
      end
      if not fits then
        return {'0', whole(claim), whole(item), whole(value), whole(mark)}
      end
      write[#write + 1] = fields[item]
      write[#write + 1] = whole(value) .. ':' .. whole(mark)
      answer[#answer + 1] = whole(value)
      answer[#answer + 1] = whole(mark)
      p = p + 6
    end
    writes[#writes + 1] = function()
      redis.call('HSET', counters, unpack(write))
      redis.call('PEXPIRE', counters, life)
    end
  end
end
for i = 1, #writes do
  writes[i]()
end
return answer
