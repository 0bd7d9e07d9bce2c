-- fence: the state of each site of server nginx-lua, for all gates (generated, do not edit)
--
-- Truth: the file `state` of the variant in force, replaced as a whole.
-- Copy: a shared dict that every worker reads, brought up to date by POST /sync and, should nobody ask, by a timer.
-- The copy always follows the file, also back to an older generation: an undone switch is one, too.
local M = {}
package.loaded["fence.nginx-lua"] = M

local counts = package.loaded["fence.nginx-lua.counts"] or dofile("/etc/fence/rendered/nginx-lua/counts.lua")
local bypass = package.loaded["fence.nginx-lua.bypass"] or dofile("/etc/fence/rendered/nginx-lua/bypass.lua")
local ACTIVE = "/var/lib/fence/servers/nginx-lua/"
local SITES = { "php", "perl", "python",  }
local FALLBACK_SECONDS = 0.5
local LOCK_SECONDS = 2
-- What a gate compares per request. RELEASING is up while there are requests that have waited: others go behind them.
local UP, DOWN, HOLD, RELEASING = 1, 2, 3, 4
M.UP, M.DOWN, M.HOLD, M.RELEASING = UP, DOWN, HOLD, RELEASING
local NUMBER = { up = UP, down = DOWN, hold = HOLD }
local NAME = { "up", "down", "hold", "up" }

local shared = ngx.shared["fence_nginx_lua_state"]

local function parse(raw)
  local t = {}
  for k, v in raw:gmatch("([%w_]+)=([^\n]*)\n") do t[k] = v end
  return t
end

-- What a key of the dict says; it seldom changes.
local parsed = {}
local function values(key)
  local raw = shared:get(key) or ""
  local known = parsed[key]
  if not known or known.raw ~= raw then
    known = { raw = raw, t = parse(raw) }
    parsed[key] = known
  end
  return known.t
end

-- The whole content of the state file; nil when there is none or it is not whole.
local function read(site)
  local f = io.open(ACTIVE .. site .. "/state", "r")
  if not f then return nil end
  local raw = f:read(4096)
  f:close()
  local t = raw and parse(raw)
  if t and t["end"] == "1" and NUMBER[t.mode or ""] and tonumber(t.generation) then return raw, t end
  return nil
end

-- What a state comes to now: a hold ends by itself, whoever has died meanwhile.
local function number_of(t, site)
  local mode = NUMBER[t.mode] or DOWN
  if mode == HOLD and ngx.time() >= (tonumber(t.expires) or 0) then mode = NUMBER[t.on_expiry] or DOWN end
  if mode == UP and counts.sum("held", site) > 0 then mode = RELEASING end
  return mode
end

local function locked(site, act)
  local lock = "lock:" .. site
  if not shared:add(lock, ngx.worker.pid(), LOCK_SECONDS) then return false end
  act(site)
  shared:delete(lock)
  return true
end

local function set_mode(site)
  local mode = number_of(values("raw:" .. site), site)
  if shared:get("mode:" .. site) ~= mode then shared:set("mode:" .. site, mode) end
end

local function take_over(site)
  local raw, t = read(site)
  if raw then
    if shared:get("raw:" .. site) ~= raw then
      if t.mode == "hold" then shared:set("hold:" .. site, raw) end
      shared:set("raw:" .. site, raw)
    end
  elseif not shared:get("raw:" .. site) then
    -- Never had a state: closed rather than open. A file that cannot be read any more changes nothing.
    return shared:set("mode:" .. site, DOWN)
  end
  set_mode(site)
end

-- Copies the file into the dict. False when another worker is at it: what it read may be older than the file is now.
function M.sync(site)
  return locked(site, take_over)
end

-- Nobody waits any more, or a hold has expired.
function M.settle(site)
  if shared:get("raw:" .. site) then locked(site, set_mode) end
end

-- The mode by number, with a hold that has expired over. For a request that finds its site not simply up.
function M.mode(site)
  local mode = shared:get("mode:" .. site)
  if mode == nil then
    -- Another worker is reading the first state just now.
    local _, t = read(site)
    return t and number_of(t, site) or DOWN
  end
  if mode ~= HOLD then return mode end
  local now = number_of(values("raw:" .. site), site)
  if now ~= HOLD then M.settle(site) end
  return now
end

-- What bounds the hold in force, or the last one.
function M.hold(site)
  return values("hold:" .. site)
end

-- Called with each look at the files.
M.also = counts.purge

local function follow(premature)
  if premature then return end
  for _, site in ipairs(SITES) do M.sync(site) end
  M.also()
end

-- First contact of this worker with any site.
local has_begun = false
function M.begin()
  if has_begun then return end
  has_begun = true
  counts.enlist()
  local ok, err = ngx.timer.every(FALLBACK_SECONDS, follow)
  if not ok then ngx.log(ngx.ERR, "fence: no timer: ", err) end
  for _, site in ipairs(SITES) do M.sync(site) end
end

-- A function for each request: nothing while the site is up, else what becomes of the request. Of a site that `holds`,
-- what would be refused while it is down is let in while it is held: it waits where it would go to the backend.
function M.judge(site, holds, names)
  local get, key = shared.get, "mode:" .. site
  local decision, path, told = names.decision, names.path, names.told
  M.begin()
  return function()
    if get(shared, key) == UP then return end
    local mode = M.mode(site)
    if mode == UP then return end
    local var = ngx.var
    local what = var[decision]
    if what == "allow" then
      var[told] = NAME[mode] .. "; allow"
      return
    end
    if (what == "down" or what == "preflight") and var[path] ~= "probe" and bypass.known(site, var.fence_token) then
      var[told] = NAME[mode] .. "; bypass"
      return
    end
    -- The health path never waits.
    if mode == DOWN or not holds or what == "health" or what == "closed" then return what end
  end
end

-- Seconds until the announced end, and what the spec says once that is past.
function M.retry_after(site)
  local t = values("raw:" .. site)
  local left = (tonumber(t["until"]) or 0) - ngx.time()
  return left > 0 and left or t.retry_after
end

function M.report(site)
  return NAME[M.mode(site)], tonumber(values("raw:" .. site).generation)
end

-- The answer to fence's probe, of a site that is not down.
function M.probe(site)
  local mode, generation = M.report(site)
  ngx.say('{"fence":"', mode, '","site":"', site, '","generation":', generation or "null", "}")
end

return M
