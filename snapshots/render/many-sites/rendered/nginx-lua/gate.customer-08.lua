-- fence: runs for each request of site customer-08 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-08"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-08", true, { decision = "fence_customer_08_decision", path = "fence_customer_08_path", told = "fence_customer_08_told" })
  loaded["fence.nginx-lua.site.customer-08"] = judge
end
return judge()
