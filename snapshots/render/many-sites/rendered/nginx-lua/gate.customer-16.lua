-- fence: runs for each request of site customer-16 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-16"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-16", true, { decision = "fence_customer_16_decision", path = "fence_customer_16_path", told = "fence_customer_16_told" })
  loaded["fence.nginx-lua.site.customer-16"] = judge
end
return judge()
