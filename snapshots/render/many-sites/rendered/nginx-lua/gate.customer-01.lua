-- fence: runs for each request of site customer-01 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-01"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-01", true, { decision = "fence_customer_01_decision", path = "fence_customer_01_path", told = "fence_customer_01_told" })
  loaded["fence.nginx-lua.site.customer-01"] = judge
end
return judge()
