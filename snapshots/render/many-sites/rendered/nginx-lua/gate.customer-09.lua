-- fence: runs for each request of site customer-09 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-09"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-09", true, { decision = "fence_customer_09_decision", path = "fence_customer_09_path", told = "fence_customer_09_told" })
  loaded["fence.nginx-lua.site.customer-09"] = judge
end
return judge()
