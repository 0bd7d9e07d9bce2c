-- fence: requests of server nginx-lua on their way to a backend, counted, and those that wait (generated, do not edit)
--
-- A request is counted first, and then looks at the mode: whoever sets a mode and then reads the counts misses none.
-- `$fence_<site>_wait` says what is with a request: nothing, "in" at the backend ("upgrade": it wants another protocol
-- there, "open": it has it), "hold" to wait, or its number among those that do or did.
local M = {}
package.loaded["fence.nginx-lua.hold"] = M

local state = package.loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")
local counts = package.loaded["fence.nginx-lua.counts"]
local sockets = dofile("/etc/fence/rendered/nginx-lua/sockets.lua")
local semaphore = require("ngx.semaphore")
local shared = ngx.shared["fence_nginx_lua_state"]
local UP, DOWN, HOLD = state.UP, state.DOWN, state.HOLD

-- Nobody tells a worker that another one has read a new state. Below a millisecond nginx would not move its clock on.
local HOLD_PAUSE, RELEASE_PAUSE = 0.01, 0.002
-- Between two looks at who has left.
local SWEEP_SECONDS = 0.5
-- So long after its head an answer is a stream.
local STREAM_SECONDS, STREAM_LOOK = 1, 0.25
-- Requests let go or turned away before others have their turn.
local AT_ONCE = 64

local NAMES = {
  ["main"] = { wait = "fence_main_wait", decision = "fence_main_decision", told = "fence_main_told" },
}

-- ---- The queue of a site in this worker: first in, first out, and out of the middle at no cost ----

local function publish(s)
  local first = s.first
  if first then
    shared:set(s.keys.head, first.number)
    shared:set(s.keys.since, first.since)
  else
    shared:delete(s.keys.head)
    shared:delete(s.keys.since)
  end
end

local function put(s, one)
  one.before, s.last = s.last, one
  if one.before then one.before.behind = one else s.first = one end
  if s.first == one then publish(s) end
end

local function remove(s, one)
  local was_first = s.first == one
  if one.before then one.before.behind = one.behind else s.first = one.behind end
  if one.behind then one.behind.before = one.before else s.last = one.before end
  one.before, one.behind = nil, nil
  shared:incr(s.keys.held, -1)
  if one.client then
    local count = s.clients[one.client] - 1
    s.clients[one.client] = count > 0 and count or nil
  end
  if was_first then publish(s) end
  if not s.first and shared:get(s.keys.mode) == state.RELEASING then state.settle(s.site) end
end

local function take_out(s, one)
  one.is_out = true
  remove(s, one)
  one.bell:post()
end

-- ---- Letting go ----

local function leave_backend(s, one)
  shared:incr(s.keys["in"], -1)
  if one.is_paced then shared:incr(s.keys.paced, -1) end
  one.is_paced = false
end

-- An answer that has been coming for a while may last for days: it keeps nobody who waits from the backends.
local function look_for_streams(s)
  local now = ngx.now()
  if now - s.looked < STREAM_LOOK then return end
  s.looked = now
  for _, one in pairs(s.known) do
    if one.is_paced and one.answered and now - one.answered >= STREAM_SECONDS then
      shared:incr(s.keys.paced, -1)
      one.is_paced = false
    end
  end
end

-- As many as may be at the backends at once, over all workers, and before nobody who came much earlier elsewhere.
local function let_go(s)
  local limit = tonumber(state.hold(s.site).release_concurrency) or 1
  for _ = 1, AT_ONCE do
    local one = s.first
    if not one or one.number > (counts.least("head", s.site) or 0) + limit - 1 then return end
    shared:incr(s.keys["in"], 1)
    shared:incr(s.keys.paced, 1, 0)
    one.is_paced = true
    local mode = state.mode(s.site)
    if mode == DOWN or mode == HOLD or counts.sum("paced", s.site) > limit then return leave_backend(s, one) end
    one.is_gone = sockets.is_gone(one.socket)
    one.is_let_go = not one.is_gone
    if one.is_gone then leave_backend(s, one) end
    take_out(s, one)
  end
end

local function turn_away(s)
  for _ = 1, AT_ONCE do
    if not s.first then return end
    take_out(s, s.first)
  end
end

-- nginx tells at once of a client that leaves, unless bytes that nobody has read are before the end.
local function sweep(s)
  s.swept = ngx.now()
  local one = s.first
  while one do
    local behind = one.behind
    if sockets.is_gone(one.socket) then
      one.is_gone = true
      take_out(s, one)
    end
    one = behind
  end
end

local function look(s)
  local mode = state.mode(s.site)
  s.pause = mode == HOLD and HOLD_PAUSE or RELEASE_PAUSE
  -- It came while the site went up: those that come now must not pass it by.
  if mode == UP and s.first then state.settle(s.site) end
  if mode == DOWN then return turn_away(s) end
  if mode ~= HOLD then
    look_for_streams(s)
    return let_go(s)
  end
  if ngx.now() - s.swept >= SWEEP_SECONDS then sweep(s) end
end

-- Looks for as long as anybody waits, also in other workers for what this one has let go. In one timer that sleeps: a worker that ends after a reload runs no new ones.
local function watch(s)
  if s.is_watched then return end
  s.is_watched = true
  local ok, err = ngx.timer.at(0, function()
    while s.first or next(s.known) and shared:get(s.keys.mode) == state.RELEASING do
      local is_fine, problem = pcall(look, s)
      if not is_fine then ngx.log(ngx.ERR, "fence: ", problem) end
      ngx.sleep(s.pause)
    end
    s.is_watched = false
  end)
  if not ok then
    s.is_watched = false
    ngx.log(ngx.ERR, "fence: nobody looks after those that wait: ", err)
  end
end

-- ---- Waiting ----

-- The peer, or behind trusted proxies the last address of X-Forwarded-For that is none of them; nil for one that stands
-- for many clients.
local function client_of(s)
  local address = ngx.var.remote_addr
  local names = s.names
  if names.trusted then
    local function is_trusted(text)
      ngx.var[names.asked] = text
      return ngx.var[names.trusted] == "1"
    end
    local list = {}
    for part in ((ngx.var.http_x_forwarded_for or "") .. ","):gmatch("%s*([^,]*),") do
      list[#list + 1] = part:match("^%[([^%]]*)%]") or part:match("^([%d.]+):%d+%s*$") or part:match("^%S*")
    end
    local at = #list
    while is_trusted(address) do
      if at == 0 then return nil end
      address, at = list[at], at - 1
    end
  end
  if address:find("^127%.") or address == "::1" or address:find("^unix:") then return nil end
  return address
end


local function admit(s)
  local keys, bounds = s.keys, state.hold(s.site)
  if state.mode(s.site) == DOWN then return nil end
  shared:incr(keys.held, 1, 0)
  local client = client_of(s)
  local count = client and (s.clients[client] or 0) + 1
  local is_full = counts.sum("held", s.site) > (tonumber(bounds.max_held) or 0)
  if is_full or count and count > (tonumber(bounds.max_held_per_client) or 0) then
    shared:incr(keys.held, -1)
    return nil
  end
  if client then s.clients[client] = count end
  local one = { number = shared:incr("ticket:" .. s.site, 1, 0), since = ngx.now(), client = client,
    socket = sockets.of_request(), bell = semaphore.new(0) }
  put(s, one)
  return one
end

-- Access phase. Nothing of the body is read meanwhile: it stays with the client, and in the kernel.
local function wait(s)
  local var, name = ngx.var, s.names.wait
  if var[name] ~= "hold" then return end
  local one = admit(s)
  if one then
    local id = tostring(one.number)
    var[name], s.known[id] = id, one
    watch(s)
    one.bell:wait((tonumber(state.hold(s.site).max_wait_ms) or 0) / 1000)
    if one.is_let_go then return end
    s.known[id] = nil
    if not one.is_out then remove(s, one) end
  end
  var[name] = ""
  if one and one.is_gone then return ngx.exit(499) end
  return ngx.exit(var[s.names.decision] == "preflight" and 599 or 597)
end

-- ---- Each request ----

-- Counts a request that goes to the backend, and looks whether it may.
local function entering(s)
  local get, incr, key, own = shared.get, shared.incr, s.keys.mode, s.keys["in"]
  local wait_name, decision, told = s.names.wait, s.names.decision, s.names.told
  return function()
    local var = ngx.var
    local before = var[wait_name]
    -- Back by an internal redirect.
    if before ~= "" then return before end
    incr(shared, own, 1, 0)
    if get(shared, key) == UP or state.mode(s.site) == UP then return var.http_upgrade and "upgrade" or "in" end
    incr(shared, own, -1)
    -- Staff who pass are told so.
    return (var[decision] == "" or var[told] ~= "") and "" or "hold"
  end
end

-- The end of a request, in the log phase; also of one whose client has left.
local function leaving(s)
  local incr, own, wait_name = shared.incr, s.keys["in"], s.names.wait
  return function()
    local what = ngx.var[wait_name]
    if what == "in" or what == "upgrade" then
      incr(shared, own, -1)
      if s.first then look(s) end
      return
    end
    local one = s.known[what]
    if not one then return end
    s.known[what] = nil
    if one.is_let_go then
      leave_backend(s, one)
      if s.first then look(s) end
    elseif not one.is_out then
      remove(s, one)
    end
  end
end

-- The head of an answer. When another protocol has begun, it may last for days, and nobody waits for its end.
local function answered(s)
  local what = ngx.var[s.names.wait]
  local one = s.known[what]
  if one then one.answered = ngx.now() end
  if ngx.status ~= 101 or not one and what ~= "in" and what ~= "upgrade" then return end
  leave_backend(s, one or {})
  s.known[what] = nil
  ngx.var[s.names.wait] = "open"
  if s.first then look(s) end
end

M.sites = {}
for site, names in pairs(NAMES) do
  local keys = { mode = "mode:" .. site }
  for _, kind in ipairs({ "in", "paced", "held", "head", "since" }) do keys[kind] = counts.key(kind, site) end
  local s = { site = site, names = names, keys = keys, clients = {}, known = {}, pause = HOLD_PAUSE, swept = 0,
    looked = 0 }
  M.sites[site] = {
    enter = entering(s),
    leave = leaving(s),
    wait = function() return wait(s) end,
    answered = function() return answered(s) end,
    watch = function() if s.first then watch(s) end end,
  }
end
state.begin()

local purge = state.also
state.also = function()
  purge()
  for _, site in pairs(M.sites) do site.watch() end
end

return M
