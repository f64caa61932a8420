-- Takes from all rates, quotas and places of all claims, or from none; whatever it says, it counts what it is told.
-- KEYS: heard and replicas (common.lua), then counters and places of each claim.
-- ARGV: lane, number, now, own name, silence of the dead, claims; per claim: places or -1; if there are places, their
-- life and the account's number, own and left (common.lua); life of the counters, items; per item: field, kind, x, y,
-- amount, cost, told.
--   bucket: x is its period; told is given back. window: x is where one that opens now begins, y its length, 0 for
--   calendars; told was used since x.
-- Times in milliseconds. Answers `1 value:mark ...`, `0 claim item value mark` or `-1`: this replica is not known.
if not heard() then return '-1' end
local now, me, silence, claims = tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
-- What others hold, and what is known of this replica.
local function held(places)
  local all, others, mine = redis.call('HGETALL', places), 0, nil
  for i = 1, #all, 2 do
    if all[i] == me then
      mine = all[i + 1]
    else
      local beat = tonumber(redis.call('HGET', KEYS[2], all[i]) or '')
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
local p, no, claimed = 7, nil, {}
for claim = 1, claims do
  local counters, places, most = KEYS[claim * 2 + 1], KEYS[claim * 2 + 2], tonumber(ARGV[p])
  local this = { counters = counters, places = most >= 0 and places }
  p = p + 1
  if most >= 0 then
    this.life_of_places, this.account = ARGV[p], tonumber(ARGV[p + 1])
    local others, mine = held(places)
    this.granted, this.own, this.left = merged(mine, this.account, tonumber(ARGV[p + 2]), tonumber(ARGV[p + 3]))
    if not no and others + math.max(this.granted + this.own - this.left, 0) >= most then
      no = format('0 %d 0 %d 0', claim, most)
    end
    p = p + 4
  end
  local items = tonumber(ARGV[p + 1])
  this.life = ARGV[p]
  p = p + 2
  if items > 0 then
    local fields = {}
    for item = 1, items do
      fields[item] = ARGV[p + (item - 1) * 7]
    end
    local known = redis.call('HMGET', counters, unpack(fields))
    for item = 1, items do
      local x, y, amount = tonumber(ARGV[p + 2]), tonumber(ARGV[p + 3]), tonumber(ARGV[p + 4])
      local cost, told = tonumber(ARGV[p + 5]), tonumber(ARGV[p + 6])
      local value, mark, fits
      if ARGV[p + 1] == 'b' then
        value, mark = bucket(known[item], x, amount, told, now)
        cost = math.min(cost, math.max(amount, 1)) * x
        fits = cost == 0 or value >= cost
        cost = -cost
      else
        value, mark = window(known[item], x, y, told, now)
        fits = amount < 0 or cost == 0 or value + cost <= amount
      end
      if not fits and not no then
        no = format('0 %d %d %d %d', claim, item, value, mark)
      end
      this[item] = { fields[item], value, mark, cost, told ~= 0 }
      p = p + 7
    end
  end
  claimed[claim] = this
end
local answer = { '1' }
for claim = 1, claims do
  local this, write = claimed[claim], {}
  if this.places then
    local granted = no and this.granted or this.granted + 1
    redis.call('HSET', this.places, me, written(this.account, granted, this.own, this.left))
    redis.call('PEXPIRE', this.places, this.life_of_places)
  end
  for _, item in ipairs(this) do
    local field, value, mark, cost, news = unpack(item)
    local reading = format('%d:%d', no and value or value + cost, mark)
    answer[#answer + 1] = reading
    -- A window that nobody uses is not opened.
    if not no or news then
      write[#write + 1] = field
      write[#write + 1] = reading
    end
  end
  if #write > 0 then
    redis.call('HSET', this.counters, unpack(write))
    redis.call('PEXPIRE', this.counters, this.life)
  end
end
return no or table.concat(answer, ' ')
