-- fence: runs for each request of site customer-13 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-13"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-13", true, { decision = "fence_customer_13_decision", path = "fence_customer_13_path", told = "fence_customer_13_told" })
  loaded["fence.nginx-lua.site.customer-13"] = judge
end
return judge()
