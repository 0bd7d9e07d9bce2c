-- fence: POST /sync?site=NAME on the control socket (generated, do not edit)
-- When it returns, every worker acts on the state that the file had when the request came in.
local state = package.loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")
local counts = package.loaded["fence.nginx-lua.counts"]
local COUNTED = { ["main"] = true,  }

ngx.header.content_type = "application/json"
if ngx.req.get_method() ~= "POST" then
  ngx.status = 405
  ngx.header["Allow"] = "POST"
  return ngx.say('{"error":"POST only"}')
end
local site = ngx.req.get_uri_args().site
if type(site) ~= "string" or not site:find("^[a-z][a-z0-9-]*$") then
  ngx.status = 400
  return ngx.say('{"error":"which site"}')
end

-- Another worker may be reading the file just now, perhaps since before it was replaced: read it again after that.
local done = false
for _ = 1, 200 do
  done = state.sync(site)
  if done then break end
  ngx.sleep(0.005)
end

-- Only now: what is read after a mode was set misses no request that did not see it.
counts.purge()
local function number(value)
  return value and string.format("%.0f", value) or "null"
end
local inflight, held, oldest
if COUNTED[site] then
  inflight, held = counts.sum("in", site), counts.sum("held", site)
  local since = counts.least("since", site)
  oldest = since and math.max(0, ngx.now() - since) * 1000
end
local mode, generation = state.report(site)
ngx.say('{"pid":', ngx.worker.pid(), ',"synced":', tostring(done), ',"site":"', site, '","mode":"', mode,
  '","generation":', number(generation), ',"workers":[', table.concat(counts.workers(), ","), '],"inflight":',
  number(inflight), ',"held":', number(held), ',"oldestHeldMs":', number(oldest), "}")
