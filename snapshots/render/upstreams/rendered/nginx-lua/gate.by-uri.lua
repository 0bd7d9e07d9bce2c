-- fence: runs for each request of site by-uri (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.by-uri"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("by-uri", true, { decision = "fence_by_uri_decision", path = "fence_by_uri_path", told = "fence_by_uri_told" })
  loaded["fence.nginx-lua.site.by-uri"] = judge
end
return judge()
