-- fence: runs for each request of site sticky (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.sticky"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("sticky", true, { decision = "fence_sticky_decision", path = "fence_sticky_path", told = "fence_sticky_told" })
  loaded["fence.nginx-lua.site.sticky"] = judge
end
return judge()
