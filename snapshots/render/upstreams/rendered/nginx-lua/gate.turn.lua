-- fence: runs for each request of site turn (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.turn"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("turn", true, { decision = "fence_turn_decision", path = "fence_turn_path", told = "fence_turn_told" })
  loaded["fence.nginx-lua.site.turn"] = judge
end
return judge()
