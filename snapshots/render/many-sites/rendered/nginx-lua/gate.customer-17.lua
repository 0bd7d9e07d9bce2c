-- fence: runs for each request of site customer-17 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-17"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-17", true, { decision = "fence_customer_17_decision", path = "fence_customer_17_path", told = "fence_customer_17_told" })
  loaded["fence.nginx-lua.site.customer-17"] = judge
end
return judge()
