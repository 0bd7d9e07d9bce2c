-- fence: runs for each request of site by-cookie (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.by-cookie"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("by-cookie", true, { decision = "fence_by_cookie_decision", path = "fence_by_cookie_path", told = "fence_by_cookie_told" })
  loaded["fence.nginx-lua.site.by-cookie"] = judge
end
return judge()
