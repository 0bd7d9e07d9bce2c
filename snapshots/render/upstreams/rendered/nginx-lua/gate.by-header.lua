-- fence: runs for each request of site by-header (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.by-header"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("by-header", true, { decision = "fence_by_header_decision", path = "fence_by_header_path", told = "fence_by_header_told" })
  loaded["fence.nginx-lua.site.by-header"] = judge
end
return judge()
