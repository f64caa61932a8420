-- Takes from all rates, quotas and places of all claims, or from none; whatever it says, it counts what it is told.
-- KEYS: heard and replicas (common.lua), then counters and places of each claim.
-- ARGV: lane, number, now, own name, silence of the dead, claims; per claim: places or -1; if there are places, their
-- life and the account's number, own and left (common.lua); life of the counters, items; per item: field, kind, x, y,
-- amount, cost, told.
--   bucket: x is its period; told is given back. window: x is where one that opens now begins, y its length, 0 for
--   calendars; told was used since x.
-- Times in milliseconds. Answers `1 value mark ...`, `0 claim item value mark` or `-1`: this replica is not known.
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
local p, no, writes = 7, nil, {}
for claim = 1, claims do
  local counters, places = KEYS[claim * 2 + 1], KEYS[claim * 2 + 2]
  local most = tonumber(ARGV[p])
  p = p + 1
  if most >= 0 then
    local life, account = ARGV[p], tonumber(ARGV[p + 1])
    local others, mine = held(places)
    local granted, own, left = merged(mine, account, tonumber(ARGV[p + 2]), tonumber(ARGV[p + 3]))
    if not no and others + math.max(granted + own - left, 0) >= most then
      no = '0 ' .. claim .. ' 0 ' .. whole(most) .. ' 0'
    end
    writes[#writes + 1] = function()
      redis.call('HSET', places, me, written(account, no and granted or granted + 1, own, left))
      redis.call('PEXPIRE', places, life)
    end
    p = p + 4
  end
  local life, items = ARGV[p], tonumber(ARGV[p + 1])
  p = p + 2
  if items > 0 then
    local fields = {}
    for item = 1, items do
      fields[item] = ARGV[p + (item - 1) * 7]
    end
    local known = redis.call('HMGET', counters, unpack(fields))
    local needs, values, marks, news = {}, {}, {}, {}
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
        no = '0 ' .. claim .. ' ' .. item .. ' ' .. whole(value) .. ' ' .. whole(mark)
      end
      needs[item], values[item], marks[item], news[item] = cost, value, whole(mark), told ~= 0
      p = p + 7
    end
    writes[#writes + 1] = function(answer)
      local write = {}
      for item = 1, items do
        local value = whole(no and values[item] or values[item] + needs[item])
        -- A window that nobody uses is not opened.
        if not no or news[item] then
          write[#write + 1] = fields[item]
          write[#write + 1] = value .. ':' .. marks[item]
        end
        answer[#answer + 1] = value
        answer[#answer + 1] = marks[item]
      end
      if #write > 0 then
        redis.call('HSET', counters, unpack(write))
        redis.call('PEXPIRE', counters, life)
      end
    end
  end
end
local answer = { '1' }
for i = 1, #writes do
  writes[i](answer)
end
return no or table.concat(answer, ' ')
