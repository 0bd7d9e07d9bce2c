-- fence: runs for each request of site main (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.main"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("main", true, { decision = "fence_main_decision", path = "fence_main_path", told = "fence_main_told" })
  loaded["fence.nginx-lua.site.main"] = judge
end
return judge()
