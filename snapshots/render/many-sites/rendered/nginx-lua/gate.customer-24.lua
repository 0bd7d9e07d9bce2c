-- fence: runs for each request of site customer-24 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-24"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-24", true, { decision = "fence_customer_24_decision", path = "fence_customer_24_path", told = "fence_customer_24_told" })
  loaded["fence.nginx-lua.site.customer-24"] = judge
end
return judge()
