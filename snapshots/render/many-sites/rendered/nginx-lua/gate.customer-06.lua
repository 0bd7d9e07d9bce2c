-- fence: runs for each request of site customer-06 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-06"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-06", "fence_customer_06_decision")
  loaded["fence.nginx-lua.customer-06"] = judge
end
return judge()
