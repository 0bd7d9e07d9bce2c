-- fence: runs for each request of site customer-15 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-15"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-15", true, { decision = "fence_customer_15_decision", path = "fence_customer_15_path", told = "fence_customer_15_told" })
  loaded["fence.nginx-lua.site.customer-15"] = judge
end
return judge()
