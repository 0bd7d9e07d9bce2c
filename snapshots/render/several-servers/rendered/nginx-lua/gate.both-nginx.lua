-- fence: runs for each request of site both-nginx (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.both-nginx"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("both-nginx", "fence_both_nginx_decision")
  loaded["fence.nginx-lua.both-nginx"] = judge
end
return judge()
