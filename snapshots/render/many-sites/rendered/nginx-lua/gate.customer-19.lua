-- fence: runs for each request of site customer-19 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-19"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-19", true, { decision = "fence_customer_19_decision", path = "fence_customer_19_path", told = "fence_customer_19_told" })
  loaded["fence.nginx-lua.site.customer-19"] = judge
end
return judge()
