-- fence: runs for each request of site customer-15 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-15"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-15", "fence_customer_15_decision")
  loaded["fence.nginx-lua.customer-15"] = judge
end
return judge()
