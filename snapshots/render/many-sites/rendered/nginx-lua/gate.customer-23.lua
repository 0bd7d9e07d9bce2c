-- fence: runs for each request of site customer-23 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-23"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-23", true, { decision = "fence_customer_23_decision", path = "fence_customer_23_path", told = "fence_customer_23_told" })
  loaded["fence.nginx-lua.site.customer-23"] = judge
end
return judge()
