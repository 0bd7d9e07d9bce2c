-- fence: runs for each request of site customer-04 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-04"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-04", true, { decision = "fence_customer_04_decision", path = "fence_customer_04_path", told = "fence_customer_04_told" })
  loaded["fence.nginx-lua.site.customer-04"] = judge
end
return judge()
