-- fence: the state of each site of server nginx-lua, for all gates (generated, do not edit)
--
-- Truth: the file `state` of the variant in force, replaced as a whole.
-- Copy: a shared dict that every worker reads, brought up to date by POST /sync and, should nobody ask, by a timer.
-- The copy always follows the file, also back to an older generation: an undone switch is one, too.
local M = {}
package.loaded["fence.nginx-lua"] = M

local ACTIVE = "/var/lib/fence/servers/nginx-lua/"
local FALLBACK_SECONDS = 0.5
local LOCK_SECONDS = 2
-- What the gate compares per request. A mode that keeps requests waiting would be number 3: judge() would wait on a
-- semaphore in a phase that may yield, and count what it lets through.
local UP, DOWN = 1, 2
local NUMBER = { up = UP, down = DOWN }
local NAME = { "up", "down" }

local shared = ngx.shared["fence_nginx_lua_state"]
local known = {}

local function parse(raw)
  local t = {}
  for k, v in raw:gmatch("([%w_]+)=([^\n]*)\n") do t[k] = v end
  return t
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

-- Copies the file into the dict. False when another worker is at it: what it read may be older than the file is now.
function M.sync(site)
  local lock = "lock:" .. site
  if not shared:add(lock, ngx.worker.pid(), LOCK_SECONDS) then return false end
  local raw, t = read(site)
  if raw then
    if shared:get("raw:" .. site) ~= raw then
      shared:set("raw:" .. site, raw)
      shared:set("mode:" .. site, NUMBER[t.mode])
    end
  elseif not shared:get("raw:" .. site) then
    -- Never had a state: closed rather than open. A file that cannot be read any more changes nothing.
    shared:set("mode:" .. site, DOWN)
  end
  shared:delete(lock)
  return true
end

local function follow(premature)
  if premature then return end
  for site in pairs(known) do M.sync(site) end
end

-- First contact of this worker with a site.
local function begin(site)
  if not next(known) then
    shared:set("worker:" .. ngx.worker.pid(), true)
    local ok, err = ngx.timer.every(FALLBACK_SECONDS, follow)
    if not ok then ngx.log(ngx.ERR, "fence: no timer: ", err) end
  end
  known[site] = true
  M.sync(site)
end

-- A function for each request: nothing while the site is up, else what becomes of the request.
function M.judge(site, decision)
  local get, key = shared.get, "mode:" .. site
  begin(site)
  return function()
    local mode = get(shared, key)
    if mode == UP then return end
    if mode == nil then
      -- Another worker is reading the first state just now.
      local _, t = read(site)
      if t and NUMBER[t.mode] == UP then return end
    end
    return ngx.var[decision]
  end
end

-- Seconds until the announced end, and what the spec says once that is past.
function M.retry_after(site)
  local t = parse(shared:get("raw:" .. site) or "")
  local left = (tonumber(t["until"]) or 0) - ngx.time()
  return left > 0 and left or t.retry_after
end

function M.report(site)
  local mode = NAME[shared:get("mode:" .. site) or DOWN]
  return mode, tonumber(parse(shared:get("raw:" .. site) or "").generation)
end

return M
