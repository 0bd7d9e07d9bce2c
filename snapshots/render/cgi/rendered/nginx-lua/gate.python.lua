-- fence: runs for each request of site python (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.python"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("python", true, { decision = "fence_python_decision", path = "fence_python_path", told = "fence_python_told" })
  loaded["fence.nginx-lua.site.python"] = judge
end
return judge()
