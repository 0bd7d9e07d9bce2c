-- fence: runs for each request of site customer-22 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-22"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-22", true, { decision = "fence_customer_22_decision", path = "fence_customer_22_path", told = "fence_customer_22_told" })
  loaded["fence.nginx-lua.site.customer-22"] = judge
end
return judge()
