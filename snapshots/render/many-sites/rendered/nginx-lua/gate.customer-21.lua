-- fence: runs for each request of site customer-21 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-21"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-21", "fence_customer_21_decision")
  loaded["fence.nginx-lua.customer-21"] = judge
end
return judge()
