-- fence: runs for each request of site shop (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.shop"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("shop", true, { decision = "fence_shop_decision", path = "fence_shop_path", told = "fence_shop_told" })
  loaded["fence.nginx-lua.site.shop"] = judge
end
return judge()
