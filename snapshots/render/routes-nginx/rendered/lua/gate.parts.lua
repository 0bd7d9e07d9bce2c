-- fence: runs for each request of site parts (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.lua.site.parts"]
if not judge then
  judge = (loaded["fence.lua"] or dofile("/etc/fence/rendered/lua/state.lua")).judge("parts", true, { decision = "fence_parts_decision", path = "fence_parts_path", told = "fence_parts_told" })
  loaded["fence.lua.site.parts"] = judge
end
return judge()
