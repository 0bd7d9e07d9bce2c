-- fence: runs for each request of site files (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.files"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("files", false, { decision = "fence_files_decision", path = "fence_files_path", told = "fence_files_told" })
  loaded["fence.nginx-lua.site.files"] = judge
end
return judge()
