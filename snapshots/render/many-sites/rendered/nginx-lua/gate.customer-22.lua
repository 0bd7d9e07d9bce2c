-- fence: runs for each request of site customer-22 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-22"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-22", "fence_customer_22_decision")
  loaded["fence.nginx-lua.customer-22"] = judge
end
return judge()
