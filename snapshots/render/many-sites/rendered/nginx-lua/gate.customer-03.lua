-- fence: runs for each request of site customer-03 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-03"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-03", true, { decision = "fence_customer_03_decision", path = "fence_customer_03_path", told = "fence_customer_03_told" })
  loaded["fence.nginx-lua.site.customer-03"] = judge
end
return judge()
