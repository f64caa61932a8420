-- What both scripts know.
local format, match = string.format, string.match
-- KEYS[1] has what was heard of this replica: the number of the last question that came by each of its lanes, so that one
-- whose answer is lost is known to have come. Where a lane is not known, the replica was told to be forgotten, or all was.
local function heard()
  if redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) == 0 then return true end
  redis.call('HDEL', KEYS[1], ARGV[1])
  return false
end
-- A replica's places of an account: `account:granted:own:left`. Granted is what take.lua gave; own is what the replica
-- took without asking, left what it gave back. Both are told as counts that only grow, so an older message overwrites
-- nothing. An account that was forgotten and made anew has another number, and held nothing before.
local function parsed(text)
  local account, granted, own, left = match(text or '', '^(%d+):(%d+):(%d+):(%d+)$')
  return tonumber(account), tonumber(granted), tonumber(own), tonumber(left)
end
local function merged(text, account, own, left)
  local known, granted, own_known, left_known = parsed(text)
  -- Where nothing is known any more, nothing was held.
  if known ~= account then return math.max(left - own, 0), own, left end
  return granted, math.max(own, own_known), math.max(left, left_known)
end
local function written(account, granted, own, left)
  return format('%d:%d:%d:%d', account, granted, own, left)
end
-- A counter: `value:mark`.
local function counter(text)
  if not text then return nil end
  local value, mark = match(text, '^(-?%d+):(-?%d+)$')
  return tonumber(value), tonumber(mark)
end
-- A bucket now, with what is given back (or charged, below 0).
local function bucket(text, period, amount, back, now)
  local full, value, mark = amount * period, counter(text)
  if not value then value, mark = full, now end
  value = math.min(full, value + math.max(now - mark, 0) * amount)
  if back ~= 0 then value = math.max(-full, math.min(full, value + back * period)) end
  return value, math.max(mark, now)
end
-- A window now, where one that begins at `start` would be the next, with what was used since then.
local function window(text, start, length, used, now)
  local value, mark = counter(text)
  if not value or (length > 0 and now >= mark + length) or (length == 0 and start > mark) then value, mark = 0, start end
  if mark <= start then value = math.max(value + used, 0) end
  return value, mark
end
