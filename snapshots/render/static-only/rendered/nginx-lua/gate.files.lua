-- fence: runs for each request of site files (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.files"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("files", "fence_files_decision")
  loaded["fence.nginx-lua.files"] = judge
end
return judge()
