-- fence: runs for each request of site customer-07 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-07"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-07", true, { decision = "fence_customer_07_decision", path = "fence_customer_07_path", told = "fence_customer_07_told" })
  loaded["fence.nginx-lua.site.customer-07"] = judge
end
return judge()
