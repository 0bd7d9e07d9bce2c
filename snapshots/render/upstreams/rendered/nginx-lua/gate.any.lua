-- fence: runs for each request of site any (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.any"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("any", true, { decision = "fence_any_decision", path = "fence_any_path", told = "fence_any_told" })
  loaded["fence.nginx-lua.site.any"] = judge
end
return judge()
