-- fence: runs for each request of site customer-10 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-10"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-10", true, { decision = "fence_customer_10_decision", path = "fence_customer_10_path", told = "fence_customer_10_told" })
  loaded["fence.nginx-lua.site.customer-10"] = judge
end
return judge()
