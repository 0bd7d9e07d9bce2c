-- fence: runs for each request of site customer-21 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-21"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-21", true, { decision = "fence_customer_21_decision", path = "fence_customer_21_path", told = "fence_customer_21_told" })
  loaded["fence.nginx-lua.site.customer-21"] = judge
end
return judge()
