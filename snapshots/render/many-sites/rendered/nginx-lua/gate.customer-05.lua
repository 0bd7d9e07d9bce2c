-- fence: runs for each request of site customer-05 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-05"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-05", true, { decision = "fence_customer_05_decision", path = "fence_customer_05_path", told = "fence_customer_05_told" })
  loaded["fence.nginx-lua.site.customer-05"] = judge
end
return judge()
