-- fence: runs for each request of site customer-14 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-14"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-14", true, { decision = "fence_customer_14_decision", path = "fence_customer_14_path", told = "fence_customer_14_told" })
  loaded["fence.nginx-lua.site.customer-14"] = judge
end
return judge()
