-- fence: runs for each request of site customer-11 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-11"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-11", true, { decision = "fence_customer_11_decision", path = "fence_customer_11_path", told = "fence_customer_11_told" })
  loaded["fence.nginx-lua.site.customer-11"] = judge
end
return judge()
