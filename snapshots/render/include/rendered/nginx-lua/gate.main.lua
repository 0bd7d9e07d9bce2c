-- fence: runs for each request of site main (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.main"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("main", "fence_main_decision")
  loaded["fence.nginx-lua.main"] = judge
end
return judge()
