-- fence: runs for each request of site ok (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.ok"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("ok", true, { decision = "fence_ok_decision", path = "fence_ok_path", told = "fence_ok_told" })
  loaded["fence.nginx-lua.site.ok"] = judge
end
return judge()
