-- fence: runs for each request of site both-nginx (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.both-nginx"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("both-nginx", true, { decision = "fence_both_nginx_decision", path = "fence_both_nginx_path", told = "fence_both_nginx_told" })
  loaded["fence.nginx-lua.site.both-nginx"] = judge
end
return judge()
