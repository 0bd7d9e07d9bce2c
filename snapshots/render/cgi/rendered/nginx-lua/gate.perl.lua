-- fence: runs for each request of site perl (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.perl"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("perl", true, { decision = "fence_perl_decision", path = "fence_perl_path", told = "fence_perl_told" })
  loaded["fence.nginx-lua.site.perl"] = judge
end
return judge()
