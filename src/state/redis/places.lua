-- A replica's places of an account: `account:granted:own:left`. Granted is what take.lua gave; own is what the replica
-- took without asking, left what it gave back. Both are told as counts that only grow, so an older message overwrites
-- nothing. An account that was forgotten and made anew has another number, and held nothing before.
local function whole(number)
  return string.format('%.0f', number)
end
local function parsed(text)
  local account, granted, own, left = string.match(text or '', '^(%d+):(%d+):(%d+):(%d+)$')
  return tonumber(account), tonumber(granted), tonumber(own), tonumber(left)
end
local function merged(text, account, own, left)
  local known, granted, own_known, left_known = parsed(text)
  -- Where nothing is known any more, nothing was held.
  if known ~= account then return math.max(left - own, 0), own, left end
  return granted, math.max(own, own_known), math.max(left, left_known)
end
local function written(account, granted, own, left)
  return whole(account) .. ':' .. whole(granted) .. ':' .. whole(own) .. ':' .. whole(left)
end
