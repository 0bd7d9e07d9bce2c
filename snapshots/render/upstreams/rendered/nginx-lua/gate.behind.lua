-- fence: runs for each request of site behind (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.behind"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("behind", true, { decision = "fence_behind_decision", path = "fence_behind_path", told = "fence_behind_told" })
  loaded["fence.nginx-lua.site.behind"] = judge
end
return judge()
