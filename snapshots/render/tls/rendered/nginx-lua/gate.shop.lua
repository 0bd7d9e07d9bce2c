-- fence: runs for each request of site shop (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.shop"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("shop", "fence_shop_decision")
  loaded["fence.nginx-lua.shop"] = judge
end
return judge()
