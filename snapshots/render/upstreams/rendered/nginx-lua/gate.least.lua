-- fence: runs for each request of site least (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.least"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("least", true, { decision = "fence_least_decision", path = "fence_least_path", told = "fence_least_told" })
  loaded["fence.nginx-lua.site.least"] = judge
end
return judge()
