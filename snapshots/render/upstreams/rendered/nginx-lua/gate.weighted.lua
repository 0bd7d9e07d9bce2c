-- fence: runs for each request of site weighted (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.weighted"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("weighted", true, { decision = "fence_weighted_decision", path = "fence_weighted_path", told = "fence_weighted_told" })
  loaded["fence.nginx-lua.site.weighted"] = judge
end
return judge()
