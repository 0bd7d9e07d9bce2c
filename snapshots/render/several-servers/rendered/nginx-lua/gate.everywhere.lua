-- fence: runs for each request of site everywhere (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.everywhere"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("everywhere", true, { decision = "fence_everywhere_decision", path = "fence_everywhere_path", told = "fence_everywhere_told" })
  loaded["fence.nginx-lua.site.everywhere"] = judge
end
return judge()
