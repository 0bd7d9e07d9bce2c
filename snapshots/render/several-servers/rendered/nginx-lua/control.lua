-- fence: POST /sync?site=NAME on the control socket (generated, do not edit)
-- When it returns, every worker acts on the state that the file had when the request came in.
local state = package.loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")

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

local workers = {}
for _, key in ipairs(ngx.shared["fence_nginx_lua_state"]:get_keys(0)) do
  local pid = key:match("^worker:(%d+)$")
  if pid then workers[#workers + 1] = pid end
end
local mode, generation = state.report(site)
ngx.say('{"pid":', ngx.worker.pid(), ',"synced":', tostring(done), ',"site":"', site, '","mode":"', mode,
  '","generation":', generation and string.format("%.0f", generation) or "null",
  ',"workers":[', table.concat(workers, ","), "]}")
