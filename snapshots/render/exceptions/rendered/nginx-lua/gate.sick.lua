-- fence: runs for each request of site sick (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.sick"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("sick", "fence_sick_decision")
  loaded["fence.nginx-lua.sick"] = judge
end
return judge()
