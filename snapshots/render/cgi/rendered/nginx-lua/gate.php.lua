-- fence: runs for each request of site php (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.php"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("php", true, { decision = "fence_php_decision", path = "fence_php_path", told = "fence_php_told" })
  loaded["fence.nginx-lua.site.php"] = judge
end
return judge()
