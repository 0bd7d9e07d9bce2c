-- fence: runs for each request of site ok (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.ok"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("ok", "fence_ok_decision")
  loaded["fence.nginx-lua.ok"] = judge
end
return judge()
