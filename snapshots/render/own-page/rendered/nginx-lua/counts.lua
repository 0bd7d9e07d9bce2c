-- fence: what each worker of server nginx-lua counts, in memory that all of them read (generated, do not edit)
--
-- A worker writes to keys of its own alone, so that what one had counted when it was killed goes with it. `workers` is how
-- many have ever begun, `place:<n>` the process of each, `changes` grows with every one that comes or is seen to be gone.
local M = {}
package.loaded["fence.nginx-lua.counts"] = M

local shared = ngx.shared["fence_nginx_lua_state"]
local SITES = { "main",  }
-- Requests at the backends; those of them that have waited and keep others waiting; requests that wait; of those, the
-- number and the time of arrival of the first.
local KINDS = { "in", "paced", "held", "head", "since" }
local self = ngx.worker.pid()

-- nil: there is no such process, or nothing but its exit code.
local function parent_of(process)
  local f = io.open("/proc/" .. process .. "/stat", "r")
  if not f then return nil end
  local text = f:read(512) or ""
  f:close()
  -- The name of a process may hold anything, also ")".
  local state, parent = text:match("^.*%) (%a) (%d+)")
  if state == "Z" or state == "X" then return nil end
  return tonumber(parent)
end

local master = parent_of(self)

function M.key(kind, site)
  return kind .. ":" .. site .. ":" .. self
end

-- Before this worker counts anything.
function M.enlist()
  -- An earlier worker may have had this number.
  for _, site in ipairs(SITES) do
    for _, kind in ipairs(KINDS) do shared:delete(M.key(kind, site)) end
  end
  shared:set("place:" .. shared:incr("workers", 1, 0), self)
  shared:incr("changes", 1, 0)
end

-- Forgets workers that are gone; one that only finishes what it has begun is not.
function M.purge()
  if not master then return end
  local is_gone = false
  for place = 1, shared:get("workers") or 0 do
    local process = shared:get("place:" .. place)
    if process and process ~= self and parent_of(process) ~= master then
      shared:delete("place:" .. place)
      is_gone = true
    end
  end
  if is_gone then shared:incr("changes", 1, 0) end
end

local pids, changes_of_pids = {}, nil
function M.workers()
  local changes = shared:get("changes")
  if changes ~= changes_of_pids then
    local found, known = {}, {}
    for place = 1, shared:get("workers") or 0 do
      local process = shared:get("place:" .. place)
      if process and not known[process] then
        known[process] = true
        found[#found + 1] = process
      end
    end
    pids, changes_of_pids = found, changes
  end
  return pids
end

local lists = {}
local function keys_of(kind, site)
  local name = kind .. ":" .. site .. ":"
  local list, workers = lists[name], M.workers()
  if not list or list.workers ~= workers then
    list = { workers = workers }
    for at, process in ipairs(workers) do list[at] = name .. process end
    lists[name] = list
  end
  return list
end

-- Over all workers.
function M.sum(kind, site)
  local list, total = keys_of(kind, site), 0
  for at = 1, #list do total = total + (shared:get(list[at]) or 0) end
  return total
end

-- The least over all workers; nil when none has any.
function M.least(kind, site)
  local list, least = keys_of(kind, site), nil
  for at = 1, #list do
    local value = shared:get(list[at])
    if value and (not least or value < least) then least = value end
  end
  return least
end

return M
