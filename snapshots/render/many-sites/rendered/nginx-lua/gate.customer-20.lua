-- fence: runs for each request of site customer-20 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-20"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-20", true, { decision = "fence_customer_20_decision", path = "fence_customer_20_path", told = "fence_customer_20_told" })
  loaded["fence.nginx-lua.site.customer-20"] = judge
end
return judge()
