-- fence: runs for each request of site customer-06 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-06"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-06", true, { decision = "fence_customer_06_decision", path = "fence_customer_06_path", told = "fence_customer_06_told" })
  loaded["fence.nginx-lua.site.customer-06"] = judge
end
return judge()
