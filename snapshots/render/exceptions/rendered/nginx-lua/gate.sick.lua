-- fence: runs for each request of site sick (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.sick"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("sick", true, { decision = "fence_sick_decision", path = "fence_sick_path", told = "fence_sick_told" })
  loaded["fence.nginx-lua.site.sick"] = judge
end
return judge()
