-- fence: runs for each request of site other (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.other"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("other", "fence_other_decision")
  loaded["fence.nginx-lua.other"] = judge
end
return judge()
