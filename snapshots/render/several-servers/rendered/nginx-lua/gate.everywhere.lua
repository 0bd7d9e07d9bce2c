-- fence: runs for each request of site everywhere (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.everywhere"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("everywhere", "fence_everywhere_decision")
  loaded["fence.nginx-lua.everywhere"] = judge
end
return judge()
