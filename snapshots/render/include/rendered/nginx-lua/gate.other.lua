-- fence: runs for each request of site other (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.other"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("other", false, { decision = "fence_other_decision", path = "fence_other_path", told = "fence_other_told" })
  loaded["fence.nginx-lua.site.other"] = judge
end
return judge()
