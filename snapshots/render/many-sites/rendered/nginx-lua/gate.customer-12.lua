-- fence: runs for each request of site customer-12 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-12"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-12", true, { decision = "fence_customer_12_decision", path = "fence_customer_12_path", told = "fence_customer_12_told" })
  loaded["fence.nginx-lua.site.customer-12"] = judge
end
return judge()
